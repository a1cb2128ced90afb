// The table of the neuron view: a row a key, with the strips of k and of the products under the strip of q.
import { DECIMALS, numberElement, setNumber } from "./numbers.js";
import { createQueryChoice, showQueryChoice } from "./query_choice.js";
import { componentName, scoreColumns } from "./kernel_steps.js";
import { signedColor } from "./signed.js";
import { paintStrips, stripsLayout } from "./strips.js";
import { labelWidths, make, setToken, tokenElement } from "./text.js";

const UNNAMED = { text: "", full: "", style: "word" };
const SCORE_WIDTH = { wide: 66, narrow: 54 };
const WEIGHT_WIDTH = { wide: 140, narrow: 56 };
const NAME_LIMIT = { wide: 150, narrow: 66 };
const NAME_SPACE = 46; // the number and the arrow of the list of queries, and air
const SCROLLBAR = 16;

/** Build the empty table in `parent`; `chosen(query)` is called when the reader chooses a query. */
export function createNeuronTable(parent, chosen) {
  const frame = parent.appendChild(make("div", "neuron-frame"));
  const strips = frame.appendChild(make("canvas", "neuron-strips"));
  strips.setAttribute("role", "img");
  const element = frame.appendChild(make("table"));
  const caption = element.appendChild(make("caption", "unseen"));
  const columns = element.appendChild(make("colgroup"));
  const head = element.appendChild(make("thead"));
  const queryRow = head.appendChild(make("tr", "of-query"));
  const choice = createQueryChoice(queryRow.appendChild(headCell("row")), chosen);
  const queryArea = queryRow.appendChild(make("td", "strips"));
  const queryStrip = queryArea.appendChild(make("canvas"));
  queryStrip.setAttribute("role", "img");
  const queryTitle = queryArea.appendChild(make("span", "strip-title query"));
  const rest = queryRow.appendChild(make("td"));
  const titles = head.appendChild(make("tr", "titles"));
  const list = element.appendChild(make("tbody"));
  const marks = ["k", "product"].map((name) => frame.appendChild(make("div", `component-mark ${name}`)));
  const queryMark = queryArea.appendChild(make("div", "component-mark q"));
  return { frame, strips, caption, columns, choice, queryStrip, queryTitle, rest, titles, list, marks, queryMark, rows: [] };
}

function headCell(scope, className, ...content) {
  const element = make("th", className);
  element.scope = scope;
  element.append(...content);
  return element;
}

/**
 * Show all numbers of one query.
 *
 * `limits` are {vectors, products}: the sizes at which the colours of k and q, and of the products, end.
 */
export function fillNeuronTable(table, scene, reply, numbers, query, limits) {
  const columns = scoreColumns(reply.header, numbers, scene.words);
  const size = scene.narrow ? "narrow" : "wide";
  const named = Math.max(...labelWidths([...scene.queries, ...scene.keys], `14px ${scene.theme.font}`));
  const name = Math.ceil(Math.min(named + NAME_SPACE, NAME_LIMIT[size]));
  const fixed = name + columns.length * SCORE_WIDTH[size] + WEIGHT_WIDTH[size];
  const layout = stripsLayout(Math.max(48, scene.room.width - fixed - SCROLLBAR), reply.header.d_head, scene.room.ratio);
  table.layout = layout;
  const widths = [name, layout.width, ...columns.map(() => SCORE_WIDTH[size]), WEIGHT_WIDTH[size]];
  sizeNeuronTable(table, layout, widths);
  fillNeuronHead(table, scene, reply.header, columns, query);
  fillNeuronRows(table, scene, numbers, columns);
  paintNeuron(table, scene, reply, numbers, query, limits);
}

function sizeNeuronTable(table, layout, widths) {
  table.columns.replaceChildren(...widths.map((width) => {
    const column = make("col");
    column.style.width = `${width}px`;
    return column;
  }));
  const variables = {
    pitch: layout.pitch, strip: layout.strip, "strip-height": layout.height, component: layout.cell, "strips-left": widths[0],
    "product-left": layout.product.x, total: widths.reduce((sum, width) => sum + width, 0),
  };
  for (const [name, value] of Object.entries(variables)) table.frame.style.setProperty(`--${name}`, `${value}px`);
  table.frame.classList.toggle("stacked", layout.stacked);
}

function fillNeuronHead(table, scene, header, columns, query) {
  const { words } = scene;
  showQueryChoice(table.choice, scene, query);
  table.queryTitle.textContent = words("neuron_q");
  table.rest.colSpan = columns.length + 1;
  const strips = headCell("col", "strips", make("span", "strip-title key", words("neuron_k")),
    make("span", "strip-title product", componentName(header, words)));
  table.titles.replaceChildren(headCell("col", "key", words("key")), strips,
    ...columns.map(({ title }) => headCell("col", "number-cell", title)), headCell("col", "number-cell", words("neuron_weight")));
}

function fillNeuronRows(table, scene, numbers, columns) {
  const { keys, words } = scene;
  while (table.rows.length > keys.length) table.rows.pop().element.remove();
  while (table.rows.length < keys.length) table.rows.push(createKeyRow(table.list));
  table.rows.forEach((row, key) => {
    setToken(row.token, keys[key]);
    while (row.scores.length > columns.length) row.scores.pop().cell.remove();
    while (row.scores.length < columns.length) row.scores.push(createScore(row));
    row.scores.forEach((score, i) => setNumber(score.number, columns[i].values[key], true, DECIMALS.score));
    const seen = Boolean(numbers.visible[key]);
    row.element.classList.toggle("masked", !seen);
    setNumber(row.number, numbers.weights[key]);
    row.weight.style.setProperty("--share", seen ? Math.max(0, Math.min(1, numbers.weights[key])) : 0);
    row.hidden.textContent = seen ? "" : `${words("neuron_hidden")} `;
  });
}

function createKeyRow(list) {
  const element = list.appendChild(make("tr"));
  const token = tokenElement(UNNAMED);
  element.append(headCell("row", "", token));
  const strip = element.appendChild(make("td", "strips"));
  const weight = element.appendChild(make("td", "number-cell weight-cell"));
  const hidden = weight.appendChild(make("span", "masked-word"));
  const number = weight.appendChild(numberElement());
  weight.append(make("i"));
  return { element, token, strip, scores: [], weight, number, hidden };
}

function createScore(row) {
  const cell = make("td", "number-cell");
  row.element.insertBefore(cell, row.weight);
  return { cell, number: cell.appendChild(numberElement()) };
}

function paintNeuron(table, scene, reply, numbers, query, limits) {
  const { layout } = table;
  const { theme, room, words } = scene;
  const { q, k } = reply.arrays;
  const d = layout.components;
  const vectors = signedColor(theme, limits.vectors);
  const { pitch } = layout;
  const own = { width: layout.strip, height: layout.height, ratio: room.ratio };
  paintStrips(table.queryStrip, own, layout, [{ values: q.subarray(query * d, (query + 1) * d), x: 0, y: 0, pitch, colorOf: vectors }]);
  table.queryStrip.setAttribute("aria-label", words("neuron_strip_q", { query: scene.queries[query].text, count: d }));
  const size = { width: layout.width, height: scene.keys.length * pitch, ratio: room.ratio };
  paintStrips(table.strips, size, layout, [
    { values: k, ...layout.k, pitch, colorOf: vectors },
    { values: numbers.products, ...layout.product, pitch, colorOf: signedColor(theme, limits.products) },
  ]);
  table.strips.setAttribute("aria-label", words("neuron_strips", { count: d, product: componentName(reply.header, words) }));
}

/** Mark the chosen key's row and one component. */
export function markNeuronCell(table, key, component) {
  table.rows.forEach((row, i) => {
    row.element.classList.toggle("chosen", i === key);
    if (i === key) row.element.setAttribute("aria-current", "true");
    else row.element.removeAttribute("aria-current");
  });
  table.frame.style.setProperty("--component-at", `${component * table.layout.cell}px`);
}

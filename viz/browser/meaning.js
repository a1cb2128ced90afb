// What it means: several measures of how much each key matters to one query, side by side, and how far they agree.
import { askAgain, createNotice, createQuestion, showNotice, wantAnswer } from "./asking.js";
import { chosenCell } from "./chosen.js";
import { methodTexts, ranksAlike, readAgreement } from "./methods.js";
import { DECIMALS, decimalsFor, numberOf, phrase, rounded } from "./numbers.js";
import { createQueryChoice, showQueryChoice } from "./query_choice.js";
import { largestSize } from "./signed.js";
import { make, tokenElement, tokenLabels } from "./text.js";

const BAR_FIGURES = 4; // of the largest number of a method
const NOTHING_PINNED = { queries: new Set(), keys: new Set() };
const THINNEST = 0.005; // of the longest bar: a hair at zero would look like a number
const ASK_DELAY = 200; // ms: a pointer that runs over the queries asks only where it rests

/** Build the empty view in `parent`. */
export function createMeaning(parent, actions) {
  const element = parent.appendChild(make("section", "meaning"));
  const view = { element, actions, scene: null, drawn: null, rows: [] };
  view.question = createQuestion(() => showMeaning(view, view.scene));
  view.title = element.appendChild(make("p", "meaning-title"));
  view.choice = createQueryChoice(view.title, (query) => {
    actions.pinCell(chosenCell({ ...view.scene, cell: { query, key: null }, pinned: NOTHING_PINNED }));
  });
  view.notice = createNotice(element, () => askAgain(view.question));
  view.body = element.appendChild(make("div", "meaning-body"));
  view.tables = view.body.appendChild(make("div", "meaning-tables"));
  view.explains = view.body.appendChild(make("p", "caption"));
  view.reading = view.body.appendChild(make("p", "meaning-reading"));
  view.agreement = view.body.appendChild(make("table", "agreement"));
  view.honest = view.body.appendChild(make("p", "meaning-honest"));
  const details = view.body.appendChild(make("details"));
  view.summary = details.appendChild(make("summary"));
  view.definitions = details.appendChild(make("dl", "definitions"));
  listenToMeaning(view);
  return view;
}

function listenToMeaning(view) {
  view.tables.addEventListener("pointerover", (event) => {
    const key = view.rows.findIndex((row) => row.contains(event.target));
    if (key >= 0 && event.pointerType !== "touch") view.actions.point({ query: view.drawn.request.query, key });
  });
  view.tables.addEventListener("pointerleave", () => view.actions.point(null));
}

/** Show a scene: ask what the query's weights mean, and draw the answer when it is there. */
export function showMeaning(view, scene) {
  const { words, selection, header } = scene;
  view.scene = scene;
  const { query } = chosenCell(scene);
  const offered = view.actions.offers("meaning");
  if (offered) wantAnswer(view.question, { what: "meaning", ...selection, query }, header, view.actions.ask, ASK_DELAY);
  const { state, reply } = view.question;
  const answered = offered && state === "answered";
  showNotice(view.notice, view.question, words, offered ? "" : words("not_offered"));
  view.title.replaceChildren(...phrase(words("meaning_title"), { query: view.choice.element }));
  showQueryChoice(view.choice, scene, query);
  if (answered) drawMeaning(view, groupMethods(reply, scene));
  view.title.hidden = !offered;
  view.body.hidden = !offered || view.drawn === null;
  view.body.classList.toggle("stale", !answered);
  view.body.setAttribute("aria-busy", String(state === "waiting"));
  markMeaning(view);
}

/** The methods over the keys, and those over other tokens, each with its tokens: [{own, labels, visible, methods}]. */
function groupMethods({ header, arrays }, scene) {
  const { kinds = [], axes = {} } = scene.header;
  const keyAxis = kinds.find(({ id }) => id === scene.kind.id)?.key_axis;
  const groups = new Map();
  for (const { id, axis } of header.methods) {
    const own = axis === "key" || axis === keyAxis || !axes[axis];
    if (!groups.has(own ? "key" : axis)) {
      const labels = own ? scene.keys : tokenLabels(axes[axis].tokens, axes[axis].lang);
      groups.set(own ? "key" : axis, { own, labels, visible: own ? arrays.visible : null, methods: [] });
    }
    groups.get(own ? "key" : axis).methods.push({ id, values: arrays[id] });
  }
  return [...groups.values()];
}

function drawMeaning(view, groups) {
  const { scene } = view;
  const { reply, request } = view.question;
  const drawn = { reply, header: scene.header, keys: scene.keys };
  if (view.drawn && Object.keys(drawn).every((name) => drawn[name] === view.drawn[name])) return;
  view.drawn = { ...drawn, request };
  const { words } = scene;
  const tables = groups.map((group) => methodTable(group, scene, request.query));
  view.rows = tables[groups.findIndex(({ own }) => own)]?.rows ?? [];
  view.tables.replaceChildren(...tables.map(({ element }) => element));
  view.explains.textContent = words("meaning_explains", { what: reply.header.explains });
  view.honest.textContent = words("meaning_honest");
  const texts = reply.header.methods.map(({ id }) => methodTexts(id, words));
  const ranked = reply.arrays.visible ? reply.arrays.visible.filter(Boolean).length : scene.columns;
  view.reading.textContent = readAgreement(reply.header.agreement, ranked, texts.map(({ name }) => name), words);
  fillAgreement(view.agreement, reply.header.agreement, texts, words);
  view.summary.textContent = words("meaning_definitions");
  view.definitions.replaceChildren(...texts.flatMap(({ name, means }) => [make("dt", "", name), make("dd", "", means)]));
}

/** One column a method, one row a token; the bars of each method fill the column at its largest size. */
function methodTable({ own, labels, visible, methods }, scene, query) {
  const { words } = scene;
  const element = make("table", "method-bars");
  element.style.setProperty("--columns", methods.length);
  const title = own ? words("meaning_table", { query: scene.queries[query].text }) : words("meaning_source_table");
  element.appendChild(make("caption", own ? "unseen" : "caption", title));
  const columns = methods.map(({ id, values }) => {
    const { name, signed } = methodTexts(id, words);
    const largest = largestSize(values);
    return { name, values, largest, signed: signed || values.some((value) => value < 0), digits: decimalsFor(largest, BAR_FIGURES) };
  });
  const head = element.appendChild(make("thead")).appendChild(make("tr"));
  head.append(cellOf("th", own ? "key" : "", own ? words("key") : words("meaning_source_token")), ...columns.map((column) => {
    const cell = cellOf("th", "method", make("span", "", column.name));
    const scale = `${column.signed ? "±" : ""}${rounded(column.largest, column.digits)}`;
    cell.append(make("span", "caption", words("meaning_largest", { size: scale })));
    return cell;
  }));
  const rows = labels.map((label, at) => {
    const row = make("tr", !visible || visible[at] ? "" : "masked");
    const name = cellOf("th", "", tokenElement(label));
    name.scope = "row";
    row.append(name, ...columns.map((column) => barCell(column, at)));
    return row;
  });
  element.appendChild(make("tbody")).append(...rows);
  return { element, rows };
}

function cellOf(tag, className, content) {
  const cell = make(tag, className);
  cell.append(content);
  if (tag === "th") cell.scope = "col";
  return cell;
}

function barCell({ values, largest, signed, digits }, at) {
  const cell = cellOf("td", signed ? "bar-cell signed" : "bar-cell", numberOf(values[at], digits));
  const full = largest ? values[at] / largest : 0;
  const share = Math.abs(full) < THINNEST ? 0 : full;
  const [from, to] = signed ? [50 + 50 * Math.min(share, 0), 50 + 50 * Math.max(share, 0)] : [0, 100 * share];
  cell.style.setProperty("--from", `${from}%`);
  cell.style.setProperty("--to", `${to}%`);
  cell.classList.toggle("negative", share < 0);
  const track = cell.appendChild(make("i", "bar-track"));
  if (signed) track.append(make("i", "zero"));
  track.append(make("i", "share"));
  return cell;
}

/** The lower triangle of the rank correlations; "–" where ranks cannot be compared. */
function fillAgreement(table, agreement, texts, words) {
  const head = make("tr");
  head.append(make("td"), ...texts.slice(0, -1).map(({ name }) => cellOf("th", "", name)));
  const rows = texts.slice(1).map(({ name }, i) => {
    const row = make("tr");
    const title = cellOf("th", "", name);
    title.scope = "row";
    row.append(title, ...agreement[i + 1].slice(0, i + 1).map((rho) =>
      cellOf("td", ranksAlike(rho) ? "alike" : "", rho === null ? "–" : numberOf(rho, DECIMALS.correlation))));
    return row;
  });
  table.replaceChildren(make("caption", "caption", words("meaning_agreement_table")), head, ...rows);
}

/** Mark the row of the key that is pointed at. */
function markMeaning(view) {
  const cell = view.scene.cell;
  const key = cell && cell.query === view.drawn?.request.query ? cell.key : null;
  view.rows.forEach((row, i) => row.classList.toggle("chosen", i === key));
}

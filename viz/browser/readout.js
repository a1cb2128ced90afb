// What the numbers are: the cell in focus, the strongest keys of its query, and the scale.
import { formatNumber, NO_NUMBER, numberElement, setNumber } from "./numbers.js";
import { topKeys } from "./weights.js";
import { differenceGradient, scaleGradient } from "./theme.js";
import { make, setToken, tokenElement } from "./text.js";

const STRONGEST = 5;
const BLANK = { text: "", full: "", style: "word" };

/** Build the readout; every part is there from the start, so that nothing jumps. */
export function createReadout(parent) {
  const element = parent.appendChild(make("div", "side"));
  const readout = element.appendChild(make("div", "readout"));
  const view = { element, readout };
  view.caption = readout.appendChild(make("p", "caption"));
  const cell = readout.appendChild(make("p", "cell"));
  view.query = tokenElement(BLANK, "query");
  view.key = tokenElement(BLANK, "key");
  cell.append(view.query, make("span", "arrow", "→"), view.key);
  view.number = readout.appendChild(make("p", "large-number")).appendChild(numberElement());
  view.writes = readout.appendChild(make("p", "caption writes"));
  view.listTitle = element.appendChild(make("h4", "caption"));
  const list = element.appendChild(make("ol", "strongest"));
  view.rows = Array.from({ length: STRONGEST }, () => createEntry(list));
  view.legend = createLegend(element);
  view.hint = element.appendChild(make("p", "caption hint"));
  return view;
}

function createEntry(list) {
  const element = list.appendChild(make("li"));
  const token = element.appendChild(tokenElement(BLANK));
  const bar = element.appendChild(make("span", "bar")).appendChild(make("span"));
  const number = element.appendChild(numberElement("value"));
  return { element, token, bar, number };
}

function createLegend(parent) {
  const element = parent.appendChild(make("figure", "legend"));
  const bar = element.appendChild(make("div", "gradient"));
  const ticks = element.appendChild(make("div", "ticks"));
  ticks.append(make("span"), make("span"), make("span"));
  return { caption: element.appendChild(make("figcaption", "caption")), bar, ticks: [...ticks.children] };
}

/** Texts and colours that do not depend on the cell. */
export function dressReadout(view, scene, words, theme) {
  const { signed, scale, matrix, exact } = scene;
  const limit = signed ? matrix.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) : 1;
  const ends = signed ? [-limit, 0, limit] : [0, scale === "linear" ? 0.5 : 0.25, 1];
  view.legend.ticks.forEach((tick, i) => { tick.textContent = signed ? (exact ? formatNumber(ends[i]) : NO_NUMBER) : String(ends[i]); });
  view.legend.caption.textContent = signed ? words("scale_difference", { other: scene.minusName }) : words(`scale_${scale}`);
  view.legend.bar.style.backgroundImage = signed ? differenceGradient(theme) : scaleGradient(theme);
  view.listTitle.textContent = words(signed ? "largest_differences" : "strongest_keys");
  view.hint.textContent = words("hint");
}

/** Show one cell {query, key} of a scene; `chosen` says that the reader chose it, `spoken` that it is read aloud. */
export function showCell(view, scene, cell, chosen, spoken) {
  const { kind, matrix, words, exact, signed } = scene;
  const strongest = kind.square ? "cell_strongest_off_diagonal" : "cell_strongest";
  view.readout.setAttribute("aria-live", spoken ? "polite" : "off");
  view.caption.textContent = words(chosen || !cell ? (signed ? "cell_difference" : "cell_read") : signed ? "cell_largest" : strongest);
  setToken(view.query, cell ? scene.queries[cell.query] : BLANK);
  setToken(view.key, cell ? scene.keys[cell.key] : BLANK);
  setNumber(view.number, cell ? matrix.values[cell.query * matrix.columns + cell.key] : NaN, exact && Boolean(cell));
  const writes = scene.writes?.[cell?.query];
  view.writes.replaceChildren(...(writes ? around(words("writes"), tokenElement(writes)) : []));
  const best = cell ? topKeys(matrix, cell.query, STRONGEST) : [];
  view.rows.forEach((row, i) => fillEntry(row, scene, best[i], cell));
}

/** A text with an element in the place of its {token}. */
function around(template, element) {
  const [before, after = ""] = template.split("{token}");
  return [before, element, after];
}

function fillEntry(row, scene, entry, cell) {
  row.element.classList.toggle("blank", !entry);
  if (!entry) return;
  const [key, value] = entry;
  setToken(row.token, scene.keys[key]);
  row.element.classList.toggle("current", key === cell.key);
  row.bar.className = scene.signed ? (value < 0 ? "negative" : "positive") : "";
  row.bar.style.width = `${100 * Math.min(1, Math.abs(value))}%`;
  setNumber(row.number, value, scene.exact);
}

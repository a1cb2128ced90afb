// What the numbers are: the cell in focus, the strongest keys of its query, and the scale.
import { strongestKeys, weightAt } from "./payload.js";
import { scaleGradient } from "./theme.js";
import { make, setToken, tokenElement } from "./text.js";

const STRONGEST = 5;
const NO_NUMBER = "…"; // eight bits are enough to look, not to print
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
  view.number = readout.appendChild(make("p", "number"));
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
  const number = element.appendChild(make("span", "value"));
  return { element, token, bar, number };
}

function createLegend(parent) {
  const element = parent.appendChild(make("figure", "legend"));
  const bar = element.appendChild(make("div", "gradient"));
  const ticks = element.appendChild(make("div", "ticks"));
  ticks.append(...["0", "0.25", "1"].map((text) => make("span", "", text)));
  return { caption: element.appendChild(make("figcaption", "caption")), bar };
}

/** Texts and colours that do not depend on the cell. */
export function dressReadout(view, words, theme) {
  view.listTitle.textContent = words("strongest_keys");
  view.legend.caption.textContent = words("scale");
  view.legend.bar.style.backgroundImage = scaleGradient(theme);
  view.hint.textContent = words("hint");
}

/**
 * Show one cell {query, key} of `shown` = {kind, matrix, queries, keys}; `chosen` says that the reader chose it,
 * `spoken` that it should be read aloud.
 */
export function showCell(view, shown, cell, chosen, spoken, words) {
  const { kind, matrix } = shown;
  const strongest = kind.square ? "cell_strongest_off_diagonal" : "cell_strongest";
  view.readout.setAttribute("aria-live", spoken ? "polite" : "off");
  view.caption.textContent = words(chosen || !cell ? "cell_read" : strongest);
  setToken(view.query, cell ? shown.queries[cell.query] : BLANK);
  setToken(view.key, cell ? shown.keys[cell.key] : BLANK);
  view.number.textContent = cell ? format(kind, weightAt(kind, matrix, cell.query, cell.key)) : "";
  const writes = shown.writes?.[cell?.query];
  view.writes.replaceChildren(...(writes ? around(words("writes"), tokenElement(writes)) : []));
  const best = cell ? strongestKeys(kind, matrix, cell.query, STRONGEST) : [];
  view.rows.forEach((row, i) => fillEntry(row, shown, best[i], cell));
}

/** A text with an element in the place of its {token}. */
function around(template, element) {
  const [before, after = ""] = template.split("{token}");
  return [before, element, after];
}

function fillEntry(row, shown, entry, cell) {
  row.element.classList.toggle("blank", !entry);
  if (!entry) return;
  const [key, weight] = entry;
  setToken(row.token, shown.keys[key]);
  row.element.classList.toggle("current", key === cell.key);
  row.bar.style.width = `${100 * weight}%`;
  row.number.textContent = format(shown.kind, weight);
}

function format(kind, weight) {
  return kind.exact ? weight.toFixed(4) : NO_NUMBER;
}

// Attention of one word in six steps, as a table with a line for each word that it looks at.
import { scrollingTable } from "./bars.js";
import { drawMatrix } from "./matrix.js";
import { largestSize, numberAt, rowOf } from "./message.js";
import { make, tokenElement, tokenLabels } from "./text.js";
import { numberElement, shortNumber, signedColor } from "./numerals.js";
import { within } from "./choices.js";
import { readNumbers } from "./tip.js";

const STRIP = 108;
const FEW = 4; // numbers that are written out

/** Draw the steps; the words and how many steps are open are the reader's choice. */
export function drawSteps(parent, figure, stage) {
  const state = stage.remember(figure.name, () => ({ query: figure.query, pair: [...figure.pair], open: 6 }), formOf(figure));
  const box = parent.appendChild(make("figure", "six"));
  const view = { figure, stage, state, box };
  showSteps(view);
}

function formOf({ queries, keys }) {
  return {
    write: ({ query, pair, open }) => [query, ...pair, open - 1],
    read: ([query, first, second, last]) => within(query, queries.pieces.length) && [first, second].every((key) => within(key, keys.pieces.length)) && within(last, 6)
      ? { query, pair: [first, second], open: last + 1 } : null,
  };
}

function showSteps(view) {
  view.stage.keep();
  const { figure, stage, state, box } = view;
  box.replaceChildren();
  const labels = tokenLabels(figure.keys.pieces, figure.keys.lang);
  box.append(stepButtons(view));
  if (figure.queries.pieces.length > 1) box.append(wordChoice(view, labels));
  box.append(queryLine(view));
  box.dataset.open = state.open;
  const table = scrollingTable(box, stage.words("six_steps"));
  const head = table.appendChild(make("thead")).appendChild(make("tr"));
  const numbers = stage.words;
  const columns = [
    ["", 0], [numbers("step_key"), 1, "key"], [numbers("step_product"), 2],
    [numbers("step_score", { root: shortNumber(figure.root, Number.isInteger(figure.root) ? 0 : 2) }), 3],
    [numbers("step_softmax"), 4], [numbers("step_value"), 1, "value"], [numbers("step_weighted"), 5, "value"],
  ];
  for (const [text, step, role] of columns) head.append(make(text ? "th" : "td", `step${step} ${role ?? ""}`, text));
  const body = table.appendChild(make("tbody"));
  labels.forEach((label, key) => body.append(keyRow(view, label, key)));
  box.append(sumLine(view));
}

function stepButtons(view) {
  const bar = make("div", "step-buttons");
  for (let step = 1; step <= 6; step++) {
    const button = bar.appendChild(make("button", "", `${step} ${view.stage.words(`step_name_${step}`)}`));
    button.type = "button";
    button.setAttribute("aria-pressed", String(step <= view.state.open));
    button.addEventListener("click", () => { view.state.open = step; showSteps(view); });
  }
  return bar;
}

function wordChoice(view, labels) {
  const { state, stage } = view;
  const line = make("p", "word-choice");
  const choose = (name, value, set, role) => {
    const wrap = line.appendChild(make("label", role, stage.words(name)));
    const select = wrap.appendChild(make("select"));
    labels.forEach((label, i) => {
      const option = select.appendChild(make("option", "", label.text));
      option.value = String(i);
    });
    select.value = String(value);
    select.addEventListener("change", () => { set(Number(select.value)); showSteps(view); });
  };
  choose("the_query", state.query, (query) => { state.query = query; }, "query");
  choose("first_key", state.pair[0], (key) => { state.pair[0] = key; }, "key");
  choose("second_key", state.pair[1], (key) => { state.pair[1] = key; }, "key");
  return line;
}

function queryLine(view) {
  const { figure, stage, state } = view;
  const line = make("div", "vector-line step1");
  const label = tokenLabels(figure.queries.pieces, figure.queries.lang)[state.query];
  line.append(make("span", "query", "q"), tokenElement(label), vectorElement(view, rowOf(figure.q, state.query), "query", { width: 2 * STRIP }));
  return line;
}

function keyRow(view, label, key) {
  const { figure, stage, state } = view;
  const row = make("tr", state.pair.includes(key) ? "chosen" : "");
  const cell = (step, content) => row.appendChild(make("td", `step${step}`)).append(content);
  const at = (array) => numberAt(array, state.query, key);
  row.appendChild(make("th")).append(tokenElement(label));
  cell(1, vectorElement(view, rowOf(figure.k, key), "key"));
  cell(2, numberElement(at(figure.dots), shortNumber(at(figure.dots), Number.isInteger(at(figure.dots)) ? 0 : 2)));
  cell(3, numberElement(at(figure.scaled), shortNumber(at(figure.scaled), Number.isInteger(at(figure.scaled)) ? 0 : 2)));
  cell(4, weightBar(at(figure.weights)));
  const value = rowOf(figure.v, key);
  const weighted = { values: value.values.map((each) => each * at(figure.weights)), shape: value.shape };
  cell(1, vectorElement(view, value, "value"));
  cell(5, vectorElement(view, weighted, "value", { limit: largestSize(figure.v), name: stage.words("weight_times_v") }));
  return row;
}

function weightBar(weight) {
  const bar = make("span", "weight-bar");
  bar.append(numberElement(weight, weight.toFixed(4)));
  bar.style.setProperty("--share", String(weight));
  return bar;
}

function sumLine(view) {
  const { figure, state } = view;
  const line = make("div", "vector-line step6");
  const label = tokenLabels(figure.queries.pieces, figure.queries.lang)[state.query];
  line.append(make("span", "value", "z"), tokenElement(label), vectorElement(view, rowOf(figure.z, state.query), "value", { width: 2 * STRIP, name: "z" }));
  return line;
}

/** A vector: written out if it has few numbers, else a strip. */
function vectorElement(view, array, role, options) {
  return array.shape[1] <= FEW ? writtenOut(array, role) : strip(view, array, role, options);
}

function writtenOut(array, role) {
  const element = make("span", `written-out ${role}`);
  for (const value of array.values) element.append(numberElement(value, shortNumber(value, Number.isInteger(value) ? 0 : 3)));
  return element;
}

/** A vector as a strip of colours; its numbers are read out when pointed at. */
function strip(view, array, role, { width = STRIP, limit = largestSize(array), name = role[0] } = {}) {
  const canvas = make("canvas", "vector");
  canvas.setAttribute("aria-hidden", "true"); // the numbers beside it say what counts
  drawMatrix(canvas, { width, height: 14 }, { values: array.values, rows: 1, columns: array.shape[1] }, signedColor(view.stage.theme, role, limit));
  readNumbers(canvas, array, view.stage, name);
  return canvas;
}

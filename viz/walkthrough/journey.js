// One token's way through the model: its state grows stage by stage, and each stage shows what it added and why.
import { stepForm } from "./choices.js";
import { createPlayer } from "./player.js";
import { drawMatrix } from "./matrix.js";
import { largestSize, rowOf } from "./message.js";
import { make, tokenElement } from "./text.js";
import { pieceLabel } from "./matrix_figure.js";
import { numberElement, percentText, shortNumber, signedColor } from "./numerals.js";
import { readNumbers } from "./tip.js";

const LINE_HEIGHT = 15;

/** Draw the residual stream as a growing stack of lines, with what happens at the stage that is open. */
export function drawJourney(parent, figure, stage) {
  const state = stage.remember(figure.name, () => ({ step: 0 }), stepForm(figure.stages.length));
  const box = parent.appendChild(make("figure", "journey"));
  const player = box.appendChild(make("div"));
  const body = box.appendChild(make("div", "journey-body"));
  const stream = body.appendChild(make("div", "stream"));
  const detail = body.appendChild(make("div", "stage-detail"));
  const width = Math.max(200, stream.clientWidth - 140);
  const { limit } = figure;
  const lines = figure.stages.map((each, i) => {
    const line = stream.appendChild(make("button", `stream-line ${each.role}`));
    line.type = "button";
    line.append(make("span", "stream-name", each.name));
    const canvas = line.appendChild(make("canvas"));
    canvas.setAttribute("aria-hidden", "true");
    const array = rowOf(figure.states, i);
    drawMatrix(canvas, { width, height: LINE_HEIGHT }, { values: array.values, rows: 1, columns: array.shape[1] }, signedColor(stage.theme, each.role, limit));
    line.addEventListener("click", () => control.go(i));
    readNumbers(canvas, array, stage, each.name);
    return line;
  });
  const control = createPlayer(player, stage, state, figure.stages.length, (step) => {
    lines.forEach((line, i) => {
      line.classList.toggle("ahead", i > step);
      line.setAttribute("aria-pressed", String(i === step));
    });
    showStage(detail, figure, stage, step);
  });
}

function showStage(detail, figure, stage, step) {
  const each = figure.stages[step];
  detail.replaceChildren(make("h4", each.role, each.name), make("p", "", each.says));
  if (each.added) {
    const added = vector(detail, each.added, each.role, stage, stage.words("what_it_adds"));
    const size = Math.sqrt(each.added.values.reduce((sum, value) => sum + value * value, 0));
    added.append(numberElement(size, stage.words("length_of", { length: shortNumber(size, 2) })));
  }
  if (each.hidden) vector(detail, each.hidden, "text", stage, stage.words("its_units", { count: each.hidden.values.length.toLocaleString("en") }));
  if (each.before) vector(detail, each.before, each.role, stage, stage.words("before_normalising"));
  vector(detail, rowOf(figure.states, step), each.role, stage, stage.words("state_after"));
  for (const [title, list, role] of [[stage.words("looks_at"), each.looks_at, "query"], [stage.words("strongest_units"), each.units, "text"], [stage.words("read_off_here"), each.lens, "decoder"]]) {
    if (list?.length) detail.append(shares(title, list, role));
  }
}

function vector(detail, array, role, stage, title) {
  const figure = detail.appendChild(make("div", "vector-block"));
  figure.append(make("span", "quiet", title));
  const canvas = figure.appendChild(make("canvas"));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  const count = array.values.length;
  const width = Math.max(200, detail.clientWidth - 8);
  drawMatrix(canvas, { width, height: 22 }, { values: array.values, rows: 1, columns: count }, signedColor(stage.theme, role, largestSize(array)));
  readNumbers(canvas, array, stage, title);
  return figure;
}

/** Named shares, largest first: [name or {piece, lang}, number, "percent" or "number"]. */
function shares(title, list, role) {
  const box = make("div", "bars small");
  box.append(make("p", "quiet", title));
  const items = box.appendChild(make("ol"));
  const limit = Math.max(...list.map(([, value]) => value));
  for (const [name, value, form] of list) {
    const item = items.appendChild(make("li"));
    const label = typeof name === "object" ? tokenElement(pieceLabel(name.piece, name.lang), "bar-name") : make("span", "bar-name", name);
    const bar = make("span", `bar ${role}`);
    bar.appendChild(make("span")).style.width = `${(100 * value) / (form === "percent" ? 1 : limit)}%`;
    item.append(label, bar, numberElement(value, form === "percent" ? percentText(value) : shortNumber(value, 2)));
  }
  return box;
}

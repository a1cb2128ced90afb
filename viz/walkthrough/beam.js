// A beam: the beginnings that live after each step, where each comes from, and those that have ended.
import { make, tokenElement } from "./text.js";
import { pieceLabel } from "./matrix_figure.js";
import { sizeCanvas } from "./matrix.js";
import { numberElement } from "./numerals.js";
import { scrollsSideways } from "./sideways.js";

/** Draw a column a step, and a line from each hypothesis to what it goes on; pointing at one lights the way it came. */
export function drawBeam(parent, figure, stage) {
  const box = parent.appendChild(make("figure", "beam"));
  box.append(make("figcaption", "grid-title", figure.title));
  const scroll = box.appendChild(make("div", "beam-scroll"));
  const area = scroll.appendChild(make("div", "beam-columns"));
  const canvas = area.appendChild(make("canvas"));
  canvas.setAttribute("aria-hidden", "true");
  const cells = figure.steps.map((step, number) => {
    const column = area.appendChild(make("div", "beam-step"));
    column.append(make("p", "axis-name", number ? String(number + 1) : stage.words("beam_first")));
    const list = column.appendChild(make("ol"));
    return step.map((hypothesis, place) => {
      const item = list.appendChild(make("li", hypothesis.ended ? "ended" : ""));
      if (figure.best.step === number && figure.best.place === place) item.classList.add("best");
      item.append(tokenElement(pieceLabel(hypothesis.piece, figure.lang)), numberElement(hypothesis.score, hypothesis.score.toFixed(2).replace("-", "−")));
      return item;
    });
  });
  const light = (end) => {
    const way = wayTo(figure, end);
    cells.forEach((column, step) => column.forEach((item, place) => item.classList.toggle("lit", way[step] === place)));
    paintWays(canvas, area, figure, cells, way, stage.theme.style);
  };
  cells.forEach((column, step) => column.forEach((item, place) => item.addEventListener("pointerenter", () => light({ step, place }))));
  scroll.addEventListener("pointerleave", () => light(figure.best));
  light(figure.best);
  scrollsSideways(scroll, figure.title);
  scroll.addEventListener("scroll", () => {
    for (const other of scroll.closest(".walk").querySelectorAll(".beam-scroll")) other.scrollLeft = scroll.scrollLeft; // the same steps
  });
  if (figure.note) box.append(make("p", "note", figure.note));
}

/** The places of a hypothesis and of all that it goes on from, by step. */
function wayTo({ steps }, { step, place }) {
  const way = [];
  for (let at = step, from = place; at >= 0; at--) {
    way[at] = from;
    from = steps[at][from].parent;
  }
  return way;
}

function paintWays(canvas, area, figure, cells, way, style) {
  const around = area.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const { context } = sizeCanvas(canvas, area.offsetWidth, area.offsetHeight, ratio);
  context.scale(ratio, ratio);
  const place = (item) => { const at = item.getBoundingClientRect(); return { left: at.left - around.left, right: at.right - around.left, y: at.top + at.height / 2 - around.top }; };
  const line = (step, number) => {
    const lit = way[step] === number;
    const [from, to] = [place(cells[step - 1][figure.steps[step][number].parent]), place(cells[step][number])];
    context.strokeStyle = style.getPropertyValue(lit ? "--atlas-decoder" : "--atlas-quiet");
    context.lineWidth = lit ? 2.5 : 1;
    const middle = (from.right + to.left) / 2;
    context.beginPath();
    context.moveTo(from.right, from.y);
    context.bezierCurveTo(middle, from.y, middle, to.y, to.left, to.y);
    context.stroke();
  };
  for (let step = 1; step < cells.length; step++) {
    const last = way[step]; // over the others
    cells[step].forEach((_, number) => { if (number !== last) line(step, number); });
    if (last !== undefined) line(step, last);
  }
}

// A beam: the beginnings that live after each step, where each comes from, and those that have ended.
import { make, tokenElement, tokenLabels } from "./text.js";
import { numberElement } from "./numerals.js";

/** Draw a column a step; pointing at a hypothesis lights the way it came. */
export function drawBeam(parent, figure) {
  const box = parent.appendChild(make("figure", "beam"));
  box.append(make("figcaption", "grid-title", figure.title));
  const scroll = box.appendChild(make("div", "beam-columns"));
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", figure.title);
  const cells = figure.steps.map((step) => {
    const list = scroll.appendChild(make("ol", "beam-step"));
    return step.map((hypothesis) => {
      const item = list.appendChild(make("li", hypothesis.ended ? "ended" : ""));
      item.append(tokenElement(tokenLabels([hypothesis.piece], figure.lang)[0]), numberElement(hypothesis.score, hypothesis.score.toFixed(2).replace("-", "−")));
      return item;
    });
  });
  const light = (step, place) => {
    for (const item of cells.flat()) item.classList.remove("lit");
    for (let at = step, from = place; at >= 0 && from !== null; at--) {
      cells[at][from]?.classList.add("lit");
      from = figure.steps[at][from]?.parent ?? null;
    }
  };
  cells.forEach((column, step) => column.forEach((item, place) => item.addEventListener("pointerenter", () => light(step, place))));
  const best = figure.best;
  if (best) light(best.step, best.place);
  scroll.addEventListener("pointerleave", () => { if (best) light(best.step, best.place); });
}

// Token labels along the two axes of the large matrix: thinned where they would touch, hovered ones always there.
import { labelStep } from "./layout.js";
import { setToken, tokenElement } from "./text.js";

/** Build the label layer of one axis: "query" (left, rows) or "key" (top, columns). */
export function createAxis(parent, role) {
  const element = parent.appendChild(document.createElement("div"));
  element.className = `labels ${role}`;
  element.setAttribute("aria-hidden", "true");
  const float = tokenElement({ text: "", full: "", style: "word" }, "float");
  float.hidden = true;
  return { element, role, float, labels: [], cell: 0 };
}

/** Show as many labels as fit at this cell size. */
export function fillAxis(axis, labels, cell) {
  const step = labelStep(cell);
  axis.labels = labels;
  axis.cell = cell;
  const shown = labels.map((label, i) => [label, i]).filter(([, i]) => i % step === 0);
  axis.element.replaceChildren(...shown.map(([label, i]) => placed(axis, tokenElement(label), i)), axis.float);
  axis.element.classList.toggle("thinned", step > 1);
  pointAxis(axis, null);
}

/** Show the label of one position over the others, or none (null). */
export function pointAxis(axis, position) {
  axis.float.hidden = position === null;
  axis.element.classList.toggle("pointed", position !== null);
  if (position === null) return;
  setToken(axis.float, axis.labels[position]);
  placed(axis, axis.float, position);
}

function placed(axis, element, position) {
  element.style.setProperty("--at", `${(position + 0.5) * axis.cell}px`);
  return element;
}

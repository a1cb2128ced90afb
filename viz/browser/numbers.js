// Numbers as people read them, with their full value in the element for machines, and for whoever copies it.

const DECIMALS = 4;
export const NO_NUMBER = "…"; // eight bits are enough to look, not to print

/** A weight or a difference in four decimals; what is not nothing is not said to be nothing. */
export function formatNumber(value) {
  if (value === 0 || Number.isNaN(value)) return value === 0 ? "0" : "–";
  const least = 10 ** -DECIMALS;
  if (Math.abs(value) < least / 2) return value > 0 ? `<${least}` : `>−${least}`;
  return value.toFixed(DECIMALS).replace("-", "−");
}

/** An element that shows a number; see `setNumber`. */
export function numberElement(className) {
  const element = document.createElement("data");
  element.className = `number ${className ?? ""}`.trim();
  return element;
}

/** Show a number, or that it is not known exactly. */
export function setNumber(element, value, exact = true) {
  element.textContent = exact ? formatNumber(value) : NO_NUMBER;
  element.value = exact ? String(value) : "";
  element.title = exact ? String(value) : "";
}

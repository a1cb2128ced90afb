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

/** A number rounded to so many decimals, with a real minus sign and no negative zero. */
export function rounded(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** Decimals that show so many figures of the largest of some numbers, the same for all of a column. */
export function decimalsFor(largest, figures) {
  return largest > 0 ? Math.max(0, Math.min(6, figures - Math.ceil(Math.log10(largest)))) : 2;
}

/** Show a number with so many decimals in an element made by `numberElement`. */
export function setRounded(element, value, decimals) {
  element.textContent = rounded(value, decimals);
  element.value = element.title = String(value);
}

/** A new element that shows a number, with so many decimals if they are given. */
export function numberOf(value, decimals) {
  const element = numberElement();
  if (decimals === undefined) setNumber(element, value);
  else setRounded(element, value, decimals);
  return element;
}

/** The pieces of a text with elements in the places of its {name}s. */
export function phrase(template, parts) {
  return template.split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? parts[piece] ?? `{${piece}}` : piece));
}

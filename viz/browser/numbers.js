// Numbers as people read them, the same in every view and language, with their full value in the element for machines.
// A point before the decimals, a true minus, 0 for nothing alone: what is too small for its decimals is "<0.01".

/** Decimals of what is shown; a weight has fewer where many stand side by side. */
export const DECIMALS = { weight: 4, cell: 2, score: 2, component: 3, fact: 2, correlation: 2, log: 3, setting: 1 };
export const NO_NUMBER = "…"; // eight bits are enough to look, not to print

/** A number in so many decimals; what is not nothing is not said to be nothing, and what is none is a dash. */
export function formatNumber(value, decimals = DECIMALS.weight) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const text = Math.abs(value).toFixed(decimals);
  if (Number(text) !== 0) return value < 0 ? `−${text}` : text;
  const least = (10 ** -decimals).toFixed(decimals);
  return value > 0 ? `<${least}` : `>−${least}`;
}

/** A share or a probability in per cent, with one digit after the point. */
export function percent(share) {
  return `${share > 0 && share < 0.0005 ? "<0.1" : (100 * share).toFixed(1)} %`;
}

/** How many there are: thousands apart by commas, as English and Japanese have them; Intl takes 15 ms to start. */
export function formatCount(count) {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** An element that shows a number; see `setNumber`. */
export function numberElement(className) {
  const element = document.createElement("data");
  element.className = `number ${className ?? ""}`.trim();
  return element;
}

/** Show a number, or that it is not known exactly. */
export function setNumber(element, value, exact = true, decimals = DECIMALS.weight) {
  element.textContent = exact ? formatNumber(value, decimals) : NO_NUMBER;
  element.value = exact ? String(value) : "";
  element.title = exact ? String(value) : "";
}

/** A mark of a scale: rounded to so many decimals, with a true minus and no negative zero. */
export function rounded(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** Decimals that show so many figures of the largest of some numbers, the same for all of a column. */
export function decimalsFor(largest, figures) {
  return largest > 0 ? Math.max(0, Math.min(6, figures - Math.ceil(Math.log10(largest)))) : 2;
}

/** A new element that shows a number. */
export function numberOf(value, decimals) {
  const element = numberElement();
  setNumber(element, value, true, decimals);
  return element;
}

/** The pieces of a text with elements in the places of its {name}s. */
export function phrase(template, parts) {
  return template.split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? parts[piece] ?? `{${piece}}` : piece));
}

// Differences that ought to be nothing: shown by their size, however small.
import { formatNumber, numberOf } from "./numbers.js";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number as an element, in powers of ten where four decimals would hide it. */
export function smallNumber(value) {
  const element = numberOf(value);
  element.textContent = smallText(value);
  return element;
}

/** The same as a text. */
export function smallText(value) {
  if (value === 0 || Math.abs(value) >= 1e-3) return formatNumber(value);
  const [digits, power] = value.toExponential(1).split("e");
  const raised = [...power.replace("+", "")].map((sign) => (sign === "-" ? "⁻" : SUPERSCRIPTS[Number(sign)])).join("");
  return `${digits.replace("-", "−")} · 10${raised}`;
}

// Numbers as people read them, with the full number kept in the page, and as colours.
import { colorScale, packPixel, parseColor } from "./color.js";
import { make } from "./text.js";

const SIGNED_STEPS = 128;
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number in few digits. */
export function shortNumber(value, digits = 4) {
  const size = Math.abs(value);
  if (size !== 0 && size < 10 ** -digits) return powerOfTen(value);
  const text = size >= 1000 ? Math.round(value).toLocaleString("en") : value.toFixed(size >= 100 ? Math.min(1, digits) : digits);
  return text.replace("-", "−");
}

/** A number in two digits and a power of ten: 1.2 × 10⁻⁶. */
export function powerOfTen(value) {
  const [digits, power] = value.toExponential(1).split("e");
  const raised = [...power.replace("+", "")].map((sign) => (sign === "-" ? "⁻" : RAISED[Number(sign)])).join("");
  return `${digits.replace("-", "−")} × 10${raised}`;
}

/** A number with so many digits behind the point, however small. */
export function fixedNumber(value, digits) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** A share of 1 as a percentage. */
export function percentText(value) {
  return value > 0 && value < 0.0005 ? "<0.1 %" : `${(100 * value).toFixed(1)} %`;
}

/** An element that shows a number and holds it in full: <data value="0.123456">0.1235</data>. */
export function numberElement(value, text = shortNumber(value), className = "") {
  const element = make("data", className, text);
  element.setAttribute("value", String(value));
  return element;
}

/** The colour of a role, as CSS gives it. */
export function roleColor(theme, role) {
  const name = { text: "--text", weight: "--atlas-weight-middle" }[role] ?? `--atlas-${role}`;
  return parseColor(theme.style.getPropertyValue(name).trim() || theme.style.color);
}

/** A colour function for numbers from -limit to limit: grey below zero, the page at zero, the role's colour above. */
export function signedColor(theme, role, limit, even = false) {
  const background = parseColor(theme.style.backgroundColor);
  const side = (color) => Uint32Array.from(colorScale([background, color], SIGNED_STEPS), packPixel);
  const above = side(roleColor(theme, role));
  const below = side(parseColor(theme.style.getPropertyValue("--atlas-quiet").trim()));
  const last = SIGNED_STEPS - 1;
  const share = (value) => (even ? Math.abs(value) / limit : Math.sqrt(Math.abs(value) / limit));
  const place = (value) => Math.min(last, Math.round(share(value) * last));
  return (value) => (value < 0 ? below : above)[place(value)];
}

/** The same colours as a CSS gradient, from below zero to above. */
export function signedGradient(theme, role) {
  const below = theme.style.getPropertyValue("--atlas-quiet").trim();
  return `linear-gradient(to right, ${below}, ${theme.style.backgroundColor}, rgb(${roleColor(theme, role).join(" ")}))`;
}

/** A colour function for weights from 0 to `limit`, by their square roots as in the attention browser. */
export function shareColor(theme, limit = 1) {
  const last = theme.pixels.length - 1;
  return (value) => theme.pixels[Math.min(last, Math.round(Math.sqrt(Math.max(0, value) / limit) * last))];
}

// The scale of signed numbers: two hues that meet in the page's background at an exact zero, with symmetric limits.
// As with weights, the colour follows the square root of the size, so that small numbers still show.
import { colorScale, packPixel, parseColor } from "./color.js";
import { decimalsFor, rounded } from "./numbers.js";
import { make } from "./text.js";

const SIDE_STEPS = 256; // colours from zero to a limit, both counted
const SIGNED_TICKS = [-1, -0.25, 0, 0.25, 1]; // shares of the limit, evenly spaced by their square roots
const signedScales = new WeakMap(); // theme -> {colors, pixels}, as themes are read at every change of size

function signedScale(theme) {
  if (!signedScales.has(theme)) {
    const zero = theme.scale[0];
    const side = (name) => colorScale([zero, parseColor(theme.color(name))], SIDE_STEPS);
    const colors = [...side("negative").reverse(), ...side("positive").slice(1)];
    signedScales.set(theme, { colors, pixels: Uint32Array.from(colors, packPixel) });
  }
  return signedScales.get(theme);
}

/** A colour function for numbers from -limit to limit; zero, and all where the limit is zero, is the background. */
export function signedColor(theme, limit) {
  const { pixels } = signedScale(theme);
  const last = SIDE_STEPS - 1;
  const share = (value) => (limit > 0 ? Math.min(1, Math.abs(value) / limit) : 0);
  return (value) => pixels[last + Math.sign(value) * Math.round(last * Math.sqrt(share(value)))];
}

/** The scale as a CSS gradient, from the negative limit at the left to the positive one. */
export function signedGradient(theme) {
  const { colors } = signedScale(theme);
  const stops = Array.from({ length: 17 }, (_, i) => colors[Math.round((i / 16) * (colors.length - 1))]);
  return `linear-gradient(to right, ${stops.map((rgb) => `rgb(${rgb.join(" ")})`).join(", ")})`;
}

/** The largest absolute value, 0 of nothing. */
export function largestSize(values) {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

/** A legend of the scale in `parent`, to be filled by `showSignedLegend`. */
export function createSignedLegend(parent) {
  const element = parent.appendChild(make("figure", "signed-legend"));
  const caption = element.appendChild(make("figcaption", "caption"));
  const bar = element.appendChild(make("div", "gradient"));
  const ticks = element.appendChild(make("div", "ticks"));
  return { element, caption, bar, ticks: SIGNED_TICKS.map(() => ticks.appendChild(make("span"))) };
}

/** Say what is coloured, and where the colours end. */
export function showSignedLegend(legend, text, theme, limit) {
  const digits = decimalsFor(limit, 3);
  legend.caption.textContent = text;
  legend.bar.style.backgroundImage = signedGradient(theme);
  SIGNED_TICKS.forEach((share, i) => { legend.ticks[i].textContent = share ? rounded(share * limit, digits) : "0"; });
}

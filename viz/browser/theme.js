// The page's theme, read from CSS: Streamlit gives --st-*, other hosts follow prefers-color-scheme.
import { colorScale, luminance, packPixel, parseColor } from "./color.js";

const HEAD_COLORS = 16;
const DIFFERENCE_STEPS = 255; // odd, so that zero has a colour of its own

/** Set the root's data-scheme from the page's background and return what canvas drawing needs. */
export function readTheme(root) {
  root.removeAttribute("data-scheme");
  const background = parseColor(getComputedStyle(root).backgroundColor);
  root.dataset.scheme = luminance(background) < 0.18 ? "dark" : "light";
  const style = getComputedStyle(root);
  const stop = (name) => parseColor(style.getPropertyValue(name).trim());
  const scale = colorScale([background, stop("--atlas-weight-middle"), stop("--atlas-weight-ink")]);
  return {
    scheme: root.dataset.scheme,
    scale,
    pixels: Uint32Array.from(scale, packPixel),
    font: style.fontFamily,
    heads: Array.from({ length: HEAD_COLORS }, (_, head) => style.getPropertyValue(`--atlas-head-${head}`).trim()),
    color: (name) => style.getPropertyValue(name === "background" ? "background-color" : `--atlas-${name}`).trim(),
  };
}

/** A colour function for weights 0..1: square root, or linear. */
export function weightColorOf(theme, scale = "sqrt") {
  const { pixels } = theme;
  const last = pixels.length - 1;
  if (scale === "linear") return (weight) => pixels[Math.round(weight * last)];
  return (weight) => pixels[Math.round(Math.sqrt(weight) * last)];
}

/** A colour function for codes 0..limit of square roots of weights. */
export function weightColor(theme, limit) {
  const { pixels } = theme;
  const step = (pixels.length - 1) / limit;
  return (code) => pixels[Math.round(code * step)];
}

/** The scale as a CSS gradient, left to right. */
export function scaleGradient(theme) {
  const last = theme.scale.length - 1;
  const stops = Array.from({ length: 17 }, (_, i) => theme.scale[Math.round((i / 16) * last)]);
  return `linear-gradient(to right, ${stops.map((rgb) => `rgb(${rgb.join(" ")})`).join(", ")})`;
}

/** Colours of differences: one hue below zero, another above, the page's background at exactly zero. */
function differenceStops(theme) {
  const stop = (name) => parseColor(theme.color(name));
  return [stop("negative"), parseColor(theme.color("background")), stop("positive")];
}

/** A colour function for signed values between -limit and limit. */
export function differenceColor(theme, limit) {
  const scale = Uint32Array.from(colorScale(differenceStops(theme), DIFFERENCE_STEPS), packPixel);
  const middle = (DIFFERENCE_STEPS - 1) / 2;
  return (value) => scale[Math.round(middle + middle * Math.max(-1, Math.min(1, limit > 0 ? value / limit : 0)))];
}

/** The colours of differences as a CSS gradient, left to right. */
export function differenceGradient(theme) {
  const stops = colorScale(differenceStops(theme), 17);
  return `linear-gradient(to right, ${stops.map((rgb) => `rgb(${rgb.join(" ")})`).join(", ")})`;
}

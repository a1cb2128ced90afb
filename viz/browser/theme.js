// The page's theme, read from CSS: Streamlit gives --st-*, other hosts follow prefers-color-scheme.
import { colorScale, luminance, packPixel, parseColor } from "./color.js";

/** Set the root's data-scheme from the page's background and return what canvas drawing needs. */
export function readTheme(root) {
  root.removeAttribute("data-scheme");
  const background = parseColor(getComputedStyle(root).backgroundColor);
  root.dataset.scheme = luminance(background) < 0.18 ? "dark" : "light";
  const style = getComputedStyle(root);
  const stop = (name) => parseColor(style.getPropertyValue(name).trim());
  const scale = colorScale([background, stop("--atlas-weight-middle"), stop("--atlas-weight-ink")]);
  return { scale, pixels: Uint32Array.from(scale, packPixel), font: style.fontFamily };
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

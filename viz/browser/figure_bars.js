// Tokens and their values as a figure: one column of bars a measure.
import { drawToken, framed, typeOf } from "./frame.js";
import { formatNumber } from "./numbers.js";
import { labelWidths } from "./text.js";

const PITCH = 20; // px a token
const LABEL_WIDEST = 160;
const BAR = 90;
const NUMBER = 56;
const GAP = 24; // between columns

/**
 * A list of bars as a figure.
 *
 * `labels` are tokens; `series` are [{name, color, values, limit}], one value a token; `limit` is the size of a full
 * bar, the largest of the series if it is not given. Bars of a series with negative values grow from its middle.
 */
export function barsFigure({ labels, series }, about, theme) {
  const gutter = Math.min(LABEL_WIDEST, Math.max(...labelWidths(labels, typeOf(theme)))) + 12;
  const column = Math.max(BAR + NUMBER, ...labelWidths(series.map(({ name }) => ({ text: name })), typeOf(theme, 600)));
  const draw = (pen) => {
    labels.forEach((label, i) => {
      drawToken(pen, gutter - 12, (i + 1.5) * PITCH, label, { theme, anchor: "end", width: LABEL_WIDEST });
    });
    series.forEach((each, i) => pen.at(gutter + i * (column + GAP), 0, () => drawSeries(pen, each, theme)));
  };
  const size = { width: gutter + series.length * (column + GAP) - GAP, height: (labels.length + 1) * PITCH };
  return framed({ ...size, draw }, about, theme);
}

function drawSeries(pen, { name, color, values, limit }, theme) {
  const full = limit ?? (values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1);
  const signed = values.some((value) => value < 0);
  const zero = signed ? BAR / 2 : 0;
  pen.text(0, PITCH / 2, name, { color: theme.color("text"), weight: 600 });
  values.forEach((value, i) => {
    const y = (i + 1.5) * PITCH;
    const length = (Math.min(full, Math.abs(value)) / full) * (signed ? BAR / 2 : BAR);
    pen.rects([0, y - 4, BAR, 8], { color: theme.color("surface") });
    pen.rects([value < 0 ? zero - length : zero, y - 4, length, 8], { color });
    pen.text(BAR + NUMBER, y, formatNumber(value), { color: theme.color("text"), anchor: "end" });
  });
}

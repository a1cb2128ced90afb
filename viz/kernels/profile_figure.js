// The line: keys along the kernel's own axis, the kernel falling off over it, and each key's weight on a stem.
import { drawToken, typeOf } from "./frame.js";
import { rounded } from "./numbers.js";
import { labelWidths } from "./text.js";
import { niceStep } from "./contours.js";

const EDGE = { left: 50, right: 14, top: 16, bottom: 44 };
const CURVE_POINTS = 240;
const NAMED = 7; // keys with their token beside them
const LABEL_WIDEST = 110;
const LINE = 14;

/**
 * The line as a drawing {width, height, marks, draw(pen)}.
 *
 * `shown` is {along, weights, curve, visible, distance}, `labels` the keys' tokens, `pointed` a key or null, `axis`
 * the words of the axis; `marks` are the keys' places [{x, y, key}].
 */
export function profileDrawing({ shown, labels, pointed, theme, words, axis }, width, height) {
  const { along, weights, curve, visible } = shown;
  const [left, right] = [EDGE.left, width - EDGE.right];
  const [low, high] = axisRange(along, shown.distance);
  const bottom = Math.min(0, ...weights);
  const top = Math.max(0.05, ...weights) * 1.12;
  const x = (value) => left + ((value - low) / (high - low)) * (right - left);
  const y = (value) => height - EDGE.bottom - ((value - bottom) / (top - bottom)) * (height - EDGE.top - EDGE.bottom);
  const marks = along.map((value, key) => ({ x: x(value), y: y(visible[key] ? weights[key] : 0), key }));
  const frame = { left, right, low, high, bottom, top, x, y, width, height };
  return {
    width, height, marks,
    draw(pen) {
      drawAxes(pen, frame, theme, words, axis);
      pen.lines(curveSegments(curve, frame), { color: theme.color("query"), width: 2 });
      marks.forEach((mark) => {
        const color = visible[mark.key] ? theme.color("key") : theme.color("quiet");
        const strong = mark.key === pointed;
        pen.lines([mark.x, y(0), mark.x, mark.y], { color, width: strong ? 3 : 1.5, opacity: visible[mark.key] ? 1 : 0.5 });
        if (visible[mark.key]) pen.discs([mark.x, mark.y, strong ? 6 : 4], { color });
        else pen.rings([mark.x, mark.y, 3.5], { color });
      });
      nameMarks(pen, { marks, labels, weights, visible, pointed, theme, left, right, top: EDGE.top });
    },
  };
}

function axisRange(along, distance) {
  const [low, high] = [Math.min(...along), Math.max(...along)];
  const margin = 0.08 * (high - low || 1);
  return [distance ? 0 : low - margin, high + margin];
}

function curveSegments(curve, { low, high, bottom, top, x, y }) {
  const segments = [];
  let last = null;
  for (let i = 0; i <= CURVE_POINTS; i++) {
    const at = low + (i / CURVE_POINTS) * (high - low);
    const value = curve(at);
    const inside = value >= bottom && value <= top;
    const place = [x(at), y(Math.max(bottom, Math.min(top, value)))];
    if (last && (inside || last.inside)) segments.push(...last.place, ...place);
    last = { place, inside };
  }
  return segments;
}

function drawAxes(pen, { left, right, low, high, bottom, top, x, y, height }, theme, words, axis) {
  const quiet = theme.color("quiet");
  const step = niceStep(top - bottom, 5);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  for (let at = Math.ceil(bottom / step) * step; at <= top; at += step) {
    pen.lines([left, y(at), right, y(at)], { color: theme.color("hairline"), width: Math.abs(at) < step / 2 ? 1.5 : 1 });
    pen.text(left - 6, y(at), rounded(at, decimals), { color: quiet, anchor: "end" });
  }
  const along = niceStep(high - low, 6);
  const places = Math.max(0, -Math.floor(Math.log10(along)));
  for (let at = Math.ceil(low / along) * along; at <= high; at += along) {
    pen.lines([x(at), height - EDGE.bottom, x(at), height - EDGE.bottom + 4], { color: quiet });
    pen.text(x(at), height - EDGE.bottom + 13, rounded(at, places), { color: quiet, anchor: "middle" });
  }
  pen.text((left + right) / 2, height - 9, axis, { color: theme.color("text"), anchor: "middle" });
  pen.text(left - 6, 6, words("axis_weight"), { color: theme.color("text") });
}

/** Name the pointed key and the heaviest ones, each where no other name stands. */
function nameMarks(pen, { marks, labels, weights, visible, pointed, theme, left, right, top }) {
  const seen = marks.map(({ key }) => key).filter((key) => visible[key]);
  const order = seen.sort((a, b) => Math.abs(weights[b]) - Math.abs(weights[a])).slice(0, NAMED);
  const keys = pointed === null ? order : [pointed, ...order.filter((key) => key !== pointed)];
  const widths = labelWidths(labels, typeOf(theme));
  const taken = [];
  for (const key of keys) {
    const { x, y } = marks[key];
    const width = Math.min(LABEL_WIDEST, widths[key] + 6);
    const toLeft = x + 10 + width > right;
    const box = { x0: toLeft ? x - 9 - width : x + 9, y: Math.max(top, y - 2), width };
    if (box.x0 < left - 40 || taken.some((other) => overlaps(box, other))) continue;
    taken.push(box);
    const strong = key === pointed;
    drawToken(pen, toLeft ? x - 9 : x + 9, box.y, labels[key], {
      theme, width: LABEL_WIDEST, anchor: toLeft ? "end" : "start", weight: strong ? 600 : 400, color: strong ? theme.color("key") : undefined,
    });
  }
}

function overlaps(a, b) {
  return Math.abs(a.y - b.y) < LINE && a.x0 < b.x0 + b.width && b.x0 < a.x0 + a.width;
}

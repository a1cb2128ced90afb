// The plane: a head's points in their common basis, with what is drawn under them.
import { drawOutline, drawToken, typeOf } from "./frame.js";
import { paintMatrix } from "./matrix.js";
import { decimalsFor, rounded } from "./numbers.js";
import { labelWidths } from "./text.js";
import { contour, levelsBetween, niceStep } from "./contours.js";

const GRID = 96; // places along each side at which the kernel is computed
const MARGIN = 0.16; // of the points' range
const MOST_CONTOURS = 11;
const LOWEST = 60; // halvings below the highest place, from where on all is one shade
const DEEPEST = -1e6; // halvings below it that are told apart: past them all is nothing
const DARKEST = 0.42; // of the scale of the weights, so that points and names stay readable
const LARGEST_DISC = 15;
const SMALLEST_DISC = 2.5;
const NAMED = 8;
const LABEL_WIDEST = 96;
const LINE = 14;

/** The box of all places with a margin: the same scale along both axes, filling width and height. */
export function planeFrame(places, width, height) {
  const range = (i) => {
    const values = places.map((place) => place[i]);
    return [Math.min(...values), Math.max(...values)];
  };
  const [[left, right], [low, high]] = [range(0), range(1)];
  const scale = Math.min(width / ((right - left || 1) * (1 + 2 * MARGIN)), height / ((high - low || 1) * (1 + 2 * MARGIN)));
  const [middleX, middleY] = [(left + right) / 2, (low + high) / 2];
  return {
    width, height,
    x: (value) => width / 2 + (value - middleX) * scale,
    y: (value) => height / 2 - (value - middleY) * scale,
    place: (column, row) => [(column - width / 2) / scale + middleX, (height / 2 - row) / scale + middleY],
  };
}

/** A kernel over the plane: GRID x GRID values of `height(place)`, from the upper left. */
export function planeField(frame, height) {
  const values = new Float64Array(GRID * GRID);
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      values[row * GRID + column] = height(frame.place((column / (GRID - 1)) * frame.width, (row / (GRID - 1)) * frame.height));
    }
  }
  return values;
}

/** The contours of a signed field, evenly spaced: {heights, low, high, levels, signed}. */
export function evenContours(heights) {
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  return { heights, low, high, levels: levelsBetween(low, high, niceStep(high - low || 1, MOST_CONTOURS), MOST_CONTOURS), signed: true };
}

/**
 * The contours of a kernel, each `factor` times the one before: {heights, low, high, levels, factor}.
 *
 * `alongs` are places on the kernel's axis, `profile` its logarithm there. Heights are logarithms to the base 2, below
 * the highest place's, so that no bandwidth makes them overflow.
 */
export function powerContours(alongs, profile, bandwidth) {
  const logs = alongs.map(profile);
  const highest = Math.max(...logs);
  const heights = logs.map((log) => (log === highest ? 0 : Math.max(DEEPEST, (log - highest) / bandwidth / Math.LN2)));
  const low = Math.max(Math.min(...heights), -LOWEST, profile(-1) === profile(1) ? valley(heights, alongs) : DEEPEST);
  const levels = levelsBetween(low, 0, 1, MOST_CONTOURS);
  return { heights, low, high: 0, levels, factor: levels.length > 1 ? 2 ** (levels[1] - levels[0]) : 2 };
}

/** The highest corner of all cells through which an axis has its zero: lines below would run between the grid's places. */
function valley(heights, alongs) {
  let highest = DEEPEST;
  for (let at = 0; at + GRID + 1 < alongs.length; at++) {
    if (at % GRID === GRID - 1) continue;
    const corners = [at, at + 1, at + GRID, at + GRID + 1];
    if (corners.some((each) => alongs[each] > 0) && corners.some((each) => alongs[each] <= 0)) {
      highest = Math.max(highest, ...corners.map((each) => heights[each]));
    }
  }
  return highest;
}

/** Shade a field by its height, and draw its contours. */
export function drawField(pen, frame, { heights, low, high, levels, signed }, theme) {
  const last = theme.pixels.length - 1;
  const color = (share) => theme.pixels[Math.round(last * DARKEST * Math.max(0, Math.min(1, share)))];
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = GRID;
  const context = canvas.getContext("2d");
  const image = context.createImageData(GRID, GRID);
  const shares = heights.map((height) => (Number.isFinite(height) && high > low ? (height - low) / (high - low) : 0));
  const place = { x: 0, y: 0, width: GRID, height: GRID, stride: GRID };
  paintMatrix(new Uint32Array(image.data.buffer), place, { values: shares, rows: GRID, columns: GRID }, color);
  context.putImageData(image, 0, 0);
  pen.image(0, 0, frame.width, frame.height, canvas);
  const [across, down] = [frame.width / (GRID - 1), frame.height / (GRID - 1)];
  for (const level of levels) {
    const segments = contour(heights, GRID, level).map((value, i) => value * (i % 2 ? down : across));
    const none = signed && Math.abs(level) < (high - low) / 1e6;
    pen.lines(segments, { color: theme.color("query"), width: none ? 2 : 1, opacity: 0.75 });
    if (signed) nameContour(pen, segments, level, frame, theme);
  }
}

/** The value of a contour, once, where it is farthest right. */
function nameContour(pen, segments, value, { width, height }, theme) {
  let best = -1;
  for (let i = 0; i < segments.length; i += 2) {
    const inside = segments[i] < width - 18 && segments[i + 1] > 10 && segments[i + 1] < height - 10;
    if (inside && (best < 0 || segments[i] > segments[best])) best = i;
  }
  if (best < 0) return;
  const text = rounded(value, decimalsFor(Math.abs(value), 2));
  pen.text(Math.min(segments[best], width - 4), segments[best + 1], text, { color: theme.color("query"), anchor: "end", size: 12 });
}

/** Discs whose areas are weights, hollow where nobody looks; returns their marks. */
export function discMarks(frame, places, weights, visible) {
  const largest = Math.max(1e-9, ...weights.map(Math.abs));
  return places.map(([x, y], key) => ({
    x: frame.x(x), y: frame.y(y), key, hidden: !visible[key],
    radius: SMALLEST_DISC + (LARGEST_DISC - SMALLEST_DISC) * Math.sqrt(Math.abs(weights[key]) / largest),
  }));
}

/** Draw discs; a negative weight is a ring of the negative colour. */
export function drawDiscs(pen, marks, weights, { color, pointed, theme }) {
  for (const { x, y, radius, key, hidden } of marks) {
    if (hidden) pen.rings([x, y, 3], { color: theme.color("quiet") });
    else if (weights[key] < 0) pen.rings([x, y, radius], { color: theme.color("negative"), width: 2 });
    else pen.discs([x, y, radius], { color, opacity: 0.85 });
    if (key === pointed) pen.rings([x, y, radius + 3], { color: theme.color("text"), width: 2 });
  }
}

/** A square on its corner: the query, or what comes out. */
export function drawDiamond(pen, x, y, size, color) {
  pen.lines([x, y - size, x + size, y, x + size, y, x, y + size, x, y + size, x - size, y, x - size, y, x, y - size], { color, width: 3 });
}

/** Name the pointed point and the heaviest ones, on a ground that keeps them readable. */
export function nameDiscs(pen, frame, marks, labels, weights, { pointed, theme, more = [] }) {
  const seen = marks.filter(({ hidden }) => !hidden).map(({ key }) => key);
  const order = seen.sort((a, b) => Math.abs(weights[b]) - Math.abs(weights[a])).slice(0, NAMED);
  const keys = pointed === null ? order : [pointed, ...order.filter((key) => key !== pointed)];
  const own = keys.map((key) => ({ ...marks[key], label: labels[key], color: key === pointed ? theme.color("key") : undefined }));
  const taken = [];
  const discs = [...more, ...marks.filter(({ hidden }) => !hidden)];
  for (const { x, y, radius, label, color } of [...more, ...own]) {
    const width = Math.min(LABEL_WIDEST, labelWidths([label], typeOf(theme, color ? 600 : 400))[0] + 4);
    const aside = [x + radius + 4, x - radius - 4 - width].map((x0) => ({ x0, y, width }));
    const over = [y - radius - 11, y + radius + 11].map((middle) => ({ x0: x - width / 2, y: middle, width }));
    const free = (each) => !taken.some((other) => overlapping(each, other)) && !discs.some((disc) => covers(each, disc));
    const box = [...aside, ...over].find((each) => fits(each, frame) && free(each));
    if (!box) continue;
    taken.push(box);
    pen.rects([box.x0 - 2, y - 8, width + 4, 16], { color: theme.color("background"), opacity: 0.72 });
    drawToken(pen, box.x0, y, label, { theme, width: LABEL_WIDEST, color, weight: color ? 600 : 400 });
  }
}

function fits({ x0, y, width }, frame) {
  return x0 >= 2 && x0 + width <= frame.width - 2 && y >= 8 && y <= frame.height - 8;
}

function overlapping(a, b) {
  return Math.abs(a.y - b.y) < LINE && a.x0 < b.x0 + b.width && b.x0 < a.x0 + a.width;
}

/** Whether a name would lie on a disc. */
function covers({ x0, y, width }, disc) {
  const [across, down] = [disc.x - Math.max(x0, Math.min(x0 + width, disc.x)), disc.y - Math.max(y - 7, Math.min(y + 7, disc.y))];
  return Math.hypot(across, down) < disc.radius + 1;
}

/** The plane's own outline. */
export function drawPlaneEdge(pen, { width, height }, theme) {
  drawOutline(pen, 0.5, 0.5, width - 1, height - 1, theme.color("hairline"));
}

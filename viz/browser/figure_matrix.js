// The matrix of a scene as a figure: cells in the colours of the weights, tokens, the scale, and numbers if asked for.
import { luminance } from "./color.js";
import { aboutScene, drawOutline, drawToken, framed, typeOf } from "./frame.js";
import { labelStep, matrixLayout } from "./layout.js";
import { fullSize, mapOpacity } from "./links.js";
import { shortNumber } from "./linktext.js";
import { formatNumber, NO_NUMBER } from "./numbers.js";
import { labelWidths } from "./text.js";
import { differenceColor, weightColorOf } from "./theme.js";

const ROOM = { width: 720, height: 720, ratio: 2 };
const NUMBER_CELL = 36; // px, room for a sign and two decimals
const EQUAL_CONTRAST = 0.179; // luminance on which black and white read alike; the page's own ink falls short of AA
const SCALE_WIDTH = 160;
const SCALE_STEPS = 80;
const SCALE_HEIGHT = 46; // with its numbers and its caption

/** The matrix of a scene's first map as a figure; `numbers` writes each cell's value into it. */
export function matrixFigure(scene, { numbers = false, about = aboutScene(scene) } = {}) {
  const { queries, keys, rows, columns, theme } = scene;
  const wide = NUMBER_CELL * Math.max(rows, columns) + 400;
  const room = numbers ? { width: wide, height: wide, ratio: 1 } : ROOM;
  const layout = matrixLayout(labelWidths(queries, typeOf(theme)), labelWidths(keys, typeOf(theme)), room);
  const scale = scaleOf(scene);
  const draw = (pen) => {
    drawAxes(pen, scene, layout);
    pen.at(layout.gutter, layout.above, () => {
      drawCells(pen, scene, layout.cell, scale.color);
      if (numbers) drawNumbers(pen, scene, layout.cell, scale.color);
      drawOutline(pen, 0, 0, columns * layout.cell, rows * layout.cell, theme.color("hairline"));
    });
    pen.at(layout.gutter, layout.height + 16, () => drawScale(pen, scale, theme));
    const veil = 1 - mapOpacity(scene.maps[0]);
    if (veil) pen.rects([0, 0, width, height], { color: theme.color("background"), opacity: veil });
  };
  const width = Math.max(layout.width, layout.gutter + SCALE_WIDTH + 40);
  const height = layout.height + 16 + SCALE_HEIGHT;
  return framed({ width, height, draw }, about, theme);
}

/** How a scene's values become colours: {color(value) -> packed pixel, at(share) -> value, ends, caption}. */
function scaleOf({ signed, scale, maps, theme, words, exact }) {
  if (!signed) {
    const linear = scale === "linear";
    const caption = linear ? words("scale_linear") : words("scale_sqrt");
    const at = (share) => (linear ? share : share ** 2);
    return { color: weightColorOf(theme, scale), at, ends: ["0", linear ? "0.5" : "0.25", "1"], caption };
  }
  const limit = fullSize({ maps: [maps[0]], signed });
  const text = (value) => (exact ? formatNumber(value) : NO_NUMBER);
  return {
    color: differenceColor(theme, limit),
    at: (share) => limit * (2 * share - 1),
    ends: [text(-limit), "0", text(limit)],
    caption: "", // the figure says it below
  };
}

const channels = (pixel) => [pixel & 255, (pixel >>> 8) & 255, (pixel >>> 16) & 255];
const css = (pixel) => `#${channels(pixel).map((value) => value.toString(16).padStart(2, "0")).join("")}`;
const half = (length) => Math.round(2 * length) / 2; // edges on pixels of a PNG at twice the size

/** Draw cells, one path a colour. */
function drawCells(pen, { maps, columns }, cell, colorOf) {
  const boxes = new Map();
  maps[0].values.forEach((value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const [x, y] = [half(column * cell), half(row * cell)];
    const color = colorOf(value);
    if (!boxes.has(color)) boxes.set(color, []);
    boxes.get(color).push(x, y, half((column + 1) * cell) - x, half((row + 1) * cell) - y);
  });
  for (const [color, list] of boxes) pen.rects(list, { color: css(color) });
}

function drawNumbers(pen, scene, cell, colorOf) {
  const { maps, columns } = scene;
  maps[0].values.forEach((value, i) => {
    const [x, y] = [(i % columns + 0.5) * cell, (Math.floor(i / columns) + 0.5) * cell];
    const color = luminance(channels(colorOf(value))) > EQUAL_CONTRAST ? "#000000" : "#ffffff";
    pen.text(x, y, shortNumber(scene, value).replace("0.", "."), { color, anchor: "middle" });
  });
}

function drawAxes(pen, { queries, keys, theme, words, rows }, { cell, gutter, above, angle, labels, widest }) {
  const upright = { weight: 600, anchor: "middle", angle: -90 };
  pen.text(gutter, 8, words("key"), { color: theme.color("key"), weight: 600 });
  pen.text(8, above + (rows * cell) / 2, words("query"), { color: theme.color("query"), ...upright });
  const step = labelStep(cell);
  const each = (tokens, draw) => tokens.forEach((label, i) => { if (i % step === 0) draw(label, (i + 0.5) * cell); });
  each(queries, (label, at) => drawToken(pen, gutter - 8, above + at, label, { theme, anchor: "end", width: labels }));
  each(keys, (label, at) => drawToken(pen, gutter + at, above - 8, label, { theme, width: widest + 2, angle: -angle }));
}

function drawScale(pen, { color, at, ends, caption }, theme) {
  const step = SCALE_WIDTH / SCALE_STEPS;
  for (let i = 0; i < SCALE_STEPS; i++) {
    pen.rects([i * step, 0, step, 10], { color: css(color(at(i / (SCALE_STEPS - 1)))) });
  }
  drawOutline(pen, 0, 0, SCALE_WIDTH, 10, theme.color("hairline"));
  ends.forEach((text, i) => {
    pen.text((i / 2) * SCALE_WIDTH, 20, text, { color: theme.color("text"), anchor: ["start", "middle", "end"][i] });
  });
  pen.text(0, 38, caption, { color: theme.color("quiet") });
}

// A matrix with its tokens, as a drawing: which keys are seen, weights, or differences.
import { drawOutline, drawToken, typeOf } from "./frame.js";
import { labelStep } from "./layout.js";
import { paintMatrix } from "./matrix.js";
import { labelWidths } from "./text.js";

const LABEL_WIDEST = 92;
const SLANT = 50; // degrees
const LARGEST_CELL = 26;
const SMALLEST_CELL = 3;

/**
 * A matrix {values, rows, columns} as a drawing at most `width` wide.
 *
 * `tallest` limits its height, labels not counted. `labels` is {queries, keys}, or null for none; `color(value)` is a packed pixel; `cell` marks one {query, key}.
 * `cellAt(x, y)` is the cell at a place, or null.
 */
export function mapDrawing({ matrix, labels, color, cell, theme, width, tallest = Infinity }) {
  const { rows, columns } = matrix;
  const widths = labels ? [labels.queries, labels.keys].map((each) => labelWidths(each, typeOf(theme))) : [[0], [0]];
  const [gutter, slant] = widths.map((each) => (labels ? Math.min(LABEL_WIDEST, Math.max(...each)) + 8 : 0));
  const radians = (SLANT * Math.PI) / 180;
  const above = labels ? Math.ceil(slant * Math.sin(radians)) + 8 : 0;
  const overhang = labels ? Math.ceil(Math.min(LABEL_WIDEST, widths[1].at(-1)) * Math.cos(radians)) : 0;
  const free = (width - gutter - overhang) / columns;
  const size = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, tallest / rows, free > 4 ? Math.floor(free) : free));
  const [mapWidth, mapHeight] = [columns * size, rows * size];
  return {
    width: Math.ceil(gutter + mapWidth + overhang), height: Math.ceil(above + mapHeight) + 1, marks: [],
    cellAt(x, y) {
      const [key, query] = [Math.floor((x - gutter) / size), Math.floor((y - above) / size)];
      return key >= 0 && key < columns && query >= 0 && query < rows ? { query, key } : null;
    },
    draw(pen) {
      pen.image(gutter, above, mapWidth, mapHeight, cellCanvas(matrix, color));
      drawOutline(pen, gutter, above, mapWidth, mapHeight, theme.color("hairline"));
      if (labels) drawLabels(pen, { labels, gutter, above, size, theme, cell });
      if (cell) drawCell(pen, cell, { gutter, above, size, mapWidth, mapHeight, theme });
    },
  };
}

/** A matrix without names that fills a square of `size` px, however many cells it has. */
export function thumbnailDrawing(matrix, color, theme, size) {
  return {
    width: size, height: size, marks: [],
    draw(pen) {
      pen.image(0, 0, size, size, cellCanvas(matrix, color));
      drawOutline(pen, 0.5, 0.5, size - 1, size - 1, theme.color("hairline"));
    },
  };
}

/** One pixel a cell: pens draw it large with hard edges. */
function cellCanvas(matrix, color) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [matrix.columns, matrix.rows];
  const context = canvas.getContext("2d");
  const image = context.createImageData(matrix.columns, matrix.rows);
  const place = { x: 0, y: 0, width: matrix.columns, height: matrix.rows, stride: matrix.columns };
  paintMatrix(new Uint32Array(image.data.buffer), place, matrix, color);
  context.putImageData(image, 0, 0);
  return canvas;
}

function drawLabels(pen, { labels, gutter, above, size, theme, cell }) {
  const step = labelStep(size);
  const each = (tokens, chosen, draw) => tokens.forEach((label, i) => {
    if (i === chosen || (i % step === 0 && (chosen === undefined || Math.abs(i - chosen) >= step))) draw(label, (i + 0.5) * size, i === chosen);
  });
  each(labels.queries, cell?.query, (label, at, strong) => drawToken(pen, gutter - 6, above + at, label, {
    theme, anchor: "end", width: LABEL_WIDEST, weight: strong ? 600 : 400, color: strong ? theme.color("query") : undefined,
  }));
  each(labels.keys, cell?.key, (label, at, strong) => drawToken(pen, gutter + at, above - 6, label, {
    theme, width: LABEL_WIDEST, angle: -SLANT, weight: strong ? 600 : 400, color: strong ? theme.color("key") : undefined,
  }));
}

function drawCell(pen, { query, key }, { gutter, above, size, mapWidth, mapHeight, theme }) {
  drawOutline(pen, gutter, above + query * size, mapWidth, size, theme.color("query"));
  drawOutline(pen, gutter + key * size, above, size, mapHeight, theme.color("key"));
  drawOutline(pen, gutter + key * size, above + query * size, size, size, theme.color("text"));
}

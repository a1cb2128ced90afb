// Vectors as rows of coloured cells: where they stand (pure arithmetic in CSS pixels) and their painting.
import { paintMatrix, sizeCanvas } from "./matrix.js";

const STRIP_GAP = 14; // between the strips of k and of the products
const LARGEST_COMPONENT = 5;
const SMALLEST_BESIDE = 2; // below this the products go under k
const STRIP_HEIGHT = 12;

/**
 * Where the strips of `components` numbers stand in a column `width` wide.
 *
 * Returns {stacked, cell, height, pitch, width, k: {x, y}, product: {x, y}}: the width of a component, the height
 * of a strip and of a row, and the corner of each strip in its row.
 */
export function stripsLayout(width, components, ratio) {
  const beside = Math.min((width - STRIP_GAP) / 2 / components, LARGEST_COMPONENT);
  const stacked = beside < SMALLEST_BESIDE;
  const cell = wholePixels(stacked ? Math.min(width / components, LARGEST_COMPONENT) : beside, ratio);
  const strip = components * cell;
  const height = stacked ? STRIP_HEIGHT - 2 : STRIP_HEIGHT;
  const pitch = stacked ? 2 * height + 8 : height + 8;
  const k = { x: 0, y: stacked ? 3 : 4 };
  const product = stacked ? { x: 0, y: k.y + height + 1 } : { x: strip + STRIP_GAP, y: k.y };
  return { stacked, cell, strip, height, pitch, width: product.x + strip, k, product, components };
}

/** Cells as whole device pixels where that loses little. */
function wholePixels(cell, ratio) {
  const pixels = cell * ratio;
  return pixels >= 3 ? Math.floor(pixels) / ratio : cell;
}

/** The component under a place `x` of the strips' column, or null between the strips. */
export function componentAt(layout, x) {
  const inProduct = !layout.stacked && x >= layout.product.x;
  const component = Math.floor((x - (inProduct ? layout.product.x : 0)) / layout.cell);
  return component >= 0 && component < layout.components ? component : null;
}

/**
 * Paint strips over a canvas of `size` {width, height, ratio}.
 *
 * A part is {values, x, y, pitch, colorOf}: rows of `layout.components` values, the first at (x, y), each `pitch`
 * below the one before.
 */
export function paintStrips(canvas, size, layout, parts) {
  const { context, width, height } = sizeCanvas(canvas, size.width, size.height, size.ratio);
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const toPixels = (length) => Math.round(length * size.ratio);
  for (const { values, x, y, pitch, colorOf } of parts) {
    const columns = layout.components;
    for (let row = 0; row * columns < values.length; row++) {
      const place = {
        x: toPixels(x), y: toPixels(y + row * pitch), stride: width,
        width: Math.min(toPixels(layout.strip), width - toPixels(x)), height: toPixels(layout.height),
      };
      paintMatrix(pixels, place, { values: values.subarray(row * columns, (row + 1) * columns), rows: 1, columns }, colorOf);
    }
  }
  context.putImageData(image, 0, 0);
}

// Lines of equal height over a grid: marching squares. Pure arithmetic.

/**
 * Segments x0, y0, x1, y1 in grid units along which `values` (rows x columns, row by row) is `level`.
 *
 * A cell whose corners alternate is cut by its middle's side.
 */
export function contour(values, columns, level) {
  const segments = [];
  const rows = values.length / columns;
  for (let y = 0; y + 1 < rows; y++) {
    for (let x = 0; x + 1 < columns; x++) addCell(segments, values, columns, level, x, y);
  }
  return segments;
}

function addCell(segments, values, columns, level, x, y) {
  const at = y * columns + x;
  const [a, b, c, d] = [values[at], values[at + 1], values[at + columns + 1], values[at + columns]];
  if (![a, b, c, d].every(Number.isFinite)) return;
  const cut = (from, to) => (level - from) / (to - from);
  const crossings = [];
  if (a < level !== b < level) crossings.push([x + cut(a, b), y]);
  if (b < level !== c < level) crossings.push([x + 1, y + cut(b, c)]);
  if (d < level !== c < level) crossings.push([x + cut(d, c), y + 1]);
  if (a < level !== d < level) crossings.push([x, y + cut(a, d)]);
  if (crossings.length === 2) segments.push(...crossings[0], ...crossings[1]);
  if (crossings.length === 4) {
    const joined = (a + b + c + d) / 4 < level === a < level ? [0, 1, 2, 3] : [0, 3, 1, 2];
    segments.push(...crossings[joined[0]], ...crossings[joined[1]], ...crossings[joined[2]], ...crossings[joined[3]]);
  }
}

/** Some levels between two heights, at most `most`, a whole number of `unit`s apart. */
export function levelsBetween(low, high, unit, most) {
  const step = unit * Math.max(1, Math.ceil((high - low) / unit / most));
  const levels = [];
  for (let level = Math.ceil(low / step) * step; level <= high; level += step) levels.push(level);
  return levels;
}

/** A step of 1, 2 or 5 times a power of ten that divides a range into about `count` parts. */
export function niceStep(range, count) {
  const rough = range / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10);
}

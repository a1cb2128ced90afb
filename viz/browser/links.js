// Which lines are drawn between queries and keys, and how strong: pure functions, any pen.

const LEVELS = 16; // strokes a head: sizes are bucketed, since one stroke a line would cost a frame
const THIN = 0.7; // CSS pixels; lines up to 1 pixel cost a browser without a graphics card a fiftieth of wider ones,
const THICK = 3.4; // so weak lines, of which there are many, stay thin and widths grow with the square
const FAINTEST = 0.05;
const LEGIBLE = 600; // lines in one picture
const OFF_OPACITY = 0.45; // as of `.silent` in tools.css

/**
 * The links of one map that are shown: of each query its `count` largest (0: all; of equals the earlier key), as long
 * as they are not zero and at least `threshold` in size.
 *
 * `values` are weights, or differences of weights, row by row, `columns` a row. Returns {queries, keys, values},
 * arrays of equal length.
 */
export function shownLinks(values, columns, { count, threshold }) {
  const links = { queries: [], keys: [], values: [] };
  const rows = columns ? values.length / columns : 0;
  for (let query = 0; query < rows; query++) {
    const row = values.subarray(query * columns, (query + 1) * columns);
    for (const key of count ? largestOfRow(row, count, threshold) : passing(row, threshold)) {
      links.queries.push(query);
      links.keys.push(key);
      links.values.push(row[key]);
    }
  }
  return links;
}

/** How many lines a query may have for all to be told apart, as `count` of `shownLinks`: at least 1; 0, where all may. */
export function legibleCount({ rows, columns, maps }) {
  const count = Math.max(1, Math.floor(LEGIBLE / Math.max(1, rows * maps.length)));
  return count < columns ? count : 0;
}

function passing(row, threshold) {
  const keys = [];
  for (let key = 0; key < row.length; key++) if (row[key] !== 0 && Math.abs(row[key]) >= threshold) keys.push(key);
  return keys;
}

function largestOfRow(row, count, threshold) {
  const best = [];
  for (const key of passing(row, threshold)) {
    const size = Math.abs(row[key]);
    if (best.length < count || size > best[count - 1].size) insertRanked(best, { key, size }, count);
  }
  return best.map(({ key }) => key);
}

/** Put an item {size} into a list of at most `count`, largest first; of equals the earlier stays first. */
export function insertRanked(best, item, count) {
  let place = best.length;
  while (place > 0 && best[place - 1].size < item.size) place--;
  best.splice(place, 0, item);
  if (best.length > count) best.pop();
}

/** The size that is drawn with full strength: 1, or the largest difference. */
export function fullSize({ maps, signed }) {
  if (!signed) return 1;
  const largestOf = (most, { values }) => values.reduce((size, value) => Math.max(size, Math.abs(value)), most);
  return maps.reduce(largestOf, 0) || 1;
}

/**
 * The lines of a scene by colour: one strand a head, or two where values have signs, {map, lane, color, links}.
 *
 * Strands of a head share its lane; the lanes run side by side.
 */
export function strandsOf({ maps, columns, strongest, signed, theme }) {
  return maps.flatMap((map, lane) => {
    const links = shownLinks(map.values, columns, strongest);
    if (!signed) return [{ map, lane, color: map.color, links }];
    return [["negative", -1], ["positive", 1]].map(([name, sign]) => {
      const mine = links.values.map((value) => Math.sign(value) === sign);
      const kept = (list) => list.filter((_, i) => mine[i]);
      const signedLinks = { queries: kept(links.queries), keys: kept(links.keys), values: kept(links.values) };
      return { map, lane, color: theme.color(name), links: signedLinks };
    });
  });
}

/** How opaque the marks of a map are: those of a head that is switched off step back. */
export function mapOpacity({ off }) {
  return off ? OFF_OPACITY : 1;
}

/** How opaque a mark of this share of the full size is. */
export function shareOpacity(share) {
  return FAINTEST + (1 - FAINTEST) * Math.min(1, share) ** 0.8;
}

/**
 * Draw strands, the weak lines first so that the strong lie on top.
 *
 * `place` is {left, right, pitch}, the x of both ends and the height of a row; `full` is the size of full strength.
 * `keep(query, key)` chooses among the links, `boldness` scales the widest, `fade` their opacity.
 */
export function drawLinks(pen, strands, place, full, { keep = null, boldness = 1, fade = 1 } = {}) {
  const lanes = 1 + Math.max(0, ...strands.map(({ lane }) => lane));
  const apart = Math.min(2.6, (place.pitch - 5) / lanes);
  const levels = strands.map(({ links, lane }) => byLevel(links, place, full, keep, (lane - (lanes - 1) / 2) * apart));
  for (let level = 0; level < LEVELS; level++) {
    const share = (level + 0.5) / LEVELS;
    const look = { width: THIN + (boldness * THICK - THIN) * share ** 2, opacity: fade * shareOpacity(share) };
    strands.forEach(({ color, map }, i) => {
      if (levels[i][level].length) pen.curves(levels[i][level], { color, ...look, opacity: look.opacity * mapOpacity(map) });
    });
  }
}

function byLevel({ queries, keys, values }, { left, right, pitch }, full, keep, shift) {
  const levels = Array.from({ length: LEVELS }, () => []);
  for (let i = 0; i < values.length; i++) {
    if (keep && !keep(queries[i], keys[i])) continue;
    const level = Math.min(LEVELS - 1, Math.floor((Math.abs(values[i]) / full) * LEVELS));
    levels[level].push(left, (queries[i] + 0.5) * pitch + shift, right, (keys[i] + 0.5) * pitch + shift);
  }
  return levels;
}

/** The largest link of several maps, {map, query, key, value}, where `cell` fixes its query, its key, or neither. */
export function largestLink({ maps, rows, columns }, cell) {
  const range = (place, count) => (isPlace(place) ? [place, place + 1] : [0, count]);
  const [fromQuery, toQuery] = range(cell?.query, rows);
  const [fromKey, toKey] = range(cell?.key, columns);
  let best = null;
  for (const map of maps) {
    for (let query = fromQuery; query < toQuery; query++) {
      for (let key = fromKey; key < toKey; key++) {
        const value = map.values[query * columns + key];
        if (!best || Math.abs(value) > Math.abs(best.value)) best = { map, query, key, value };
      }
    }
  }
  return best;
}

/** Whether a place of a cell is one that is shown: neither left open nor hidden by a reading aid. */
export function isPlace(place) {
  return place !== null && place !== undefined && place >= 0;
}

/** The `count` largest links of all strands together, largest first, as {map, query, key, value}. */
export function largestLinks(strands, count) {
  const best = [];
  for (const { map, links } of strands) {
    links.values.forEach((value, i) => {
      const size = Math.abs(value);
      if (best.length < count || size > best[count - 1].size) {
        insertRanked(best, { map, query: links.queries[i], key: links.keys[i], value, size }, count);
      }
    });
  }
  return best;
}

// The one cell that a view is about when it can only be about one.

/**
 * The query and key of a scene: what is pointed at, else what is pinned, else the strongest.
 *
 * What is pointed at may be a query or a key alone; the other is then the strongest for it. On a square map the
 * strongest of all is looked for off the diagonal, as the readout does.
 */
export function chosenCell(scene) {
  const { cell, pinned, rows, columns, maps } = scene;
  const query = within(cell?.query, rows) ?? within([...pinned.queries][0], rows);
  const key = within(cell?.key, columns) ?? within([...pinned.keys][0], columns);
  if (query !== null && key !== null) return { query, key };
  const skipsDiagonal = scene.kind.square && query === null && key === null;
  return strongestWhere(maps[0].values, rows, columns, (row, column) =>
    (query ?? row) === row && (key ?? column) === column && !(skipsDiagonal && row === column))
    ?? { query: query ?? 0, key: key ?? 0 };
}

function within(index, count) {
  return Number.isInteger(index) && index >= 0 && index < count ? index : null;
}

function strongestWhere(values, rows, columns, allowed) {
  let best = null;
  for (let query = 0; query < rows; query++) {
    for (let key = 0; key < columns; key++) {
      const weight = values[query * columns + key];
      if (allowed(query, key) && (best === null || weight > best.weight)) best = { query, key, weight };
    }
  }
  return best && { query: best.query, key: best.key };
}

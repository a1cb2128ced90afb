// Weights of heads as numbers: from the codes of the message, or the exact ones that the host supplied.
import { fullMatrix, spreadMatrix } from "./payload.js";

/** Make the store of one message's numbers; `supply` puts exact ones in. */
export function createWeights() {
  return { supplied: new Map(), made: new Map() };
}

const nameOf = (kind, layer, head) => `${kind.id}.${layer}.${head}`;

/** Put exact weights (Float32Array, queries x keys) of a head in. */
export function supplyWeights(store, kind, layer, head, values) {
  store.supplied.set(nameOf(kind, layer, head), values);
  store.made.delete(nameOf(kind, layer, head));
}

/** One head as {values, rows, columns, exact}: rows are queries, columns are keys. */
export function weightsOf(store, kind, layer, head) {
  const name = nameOf(kind, layer, head);
  if (!store.made.has(name)) store.made.set(name, makeWeights(store, name, kind, layer, head));
  return store.made.get(name);
}

function makeWeights(store, name, kind, layer, head) {
  const supplied = store.supplied.get(name);
  const exact = supplied?.length === kind.queries * kind.keys;
  const matrix = fullMatrix(kind, layer, head, exact ? supplied : null) ?? spreadMatrix(kind, layer, head);
  return { ...matrix, exact: exact || kind.exact };
}

/** Up to `count` keys that a query gives most to, as [key, value], largest first, without zeros. */
export function topKeys(matrix, query, count) {
  const row = Array.from(matrix.values.subarray(query * matrix.columns, (query + 1) * matrix.columns), (value, key) => [key, value]);
  const size = ([, value]) => Math.abs(value);
  return row.filter(([, value]) => value !== 0).sort((a, b) => size(b) - size(a) || a[0] - b[0]).slice(0, count);
}

/** The largest cell {query, key}, off the diagonal where both axes are the same; null if there is none. */
export function peakCell(matrix, square) {
  const { values, columns } = matrix;
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (square && i % (columns + 1) === 0) continue;
    if (best < 0 || Math.abs(values[i]) > Math.abs(values[best])) best = i;
  }
  return best < 0 ? null : { query: Math.floor(best / columns), key: best % columns };
}

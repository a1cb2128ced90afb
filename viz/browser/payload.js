// The message of viz/browser/payload.py, read without copying more than each kind once.

const PAYLOAD_VERSION = 1;

/** Decode bytes (Uint8Array) to {header, kinds, reference}; throws an Error that says what is wrong. */
export function decodePayload(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (header.version !== PAYLOAD_VERSION) throw new Error(`version ${header.version}`);
  const reference = header.reference ? decodePayload(bytes.subarray(bytes.length - header.reference)) : null;
  return { header, kinds: header.kinds.map((kind) => readKind(kind, header.axes, bytes, 4 + length)), reference };
}

function readKind(kind, axes, bytes, start) {
  const queryAxis = axes[kind.query_axis];
  const keyAxis = axes[kind.key_axis];
  const count = kind.layers * kind.heads * queryAxis.tokens.length * keyAxis.tokens.length;
  const from = bytes.byteOffset + start + kind.offset;
  const data = bytes.buffer.slice(from, from + (count * kind.bits) / 8); // a copy is aligned
  return {
    id: kind.id,
    layers: kind.layers,
    heads: kind.heads,
    queryAxis,
    keyAxis,
    codes: kind.bits === 16 ? new Uint16Array(data) : new Uint8Array(data),
    limit: 2 ** kind.bits - 1,
    exact: kind.bits === 16,
    square: kind.query_axis === kind.key_axis,
  };
}

/** One head's codes as a matrix {values, rows, columns}: rows are queries, columns are keys. */
export function headMatrix(kind, layer, head) {
  const rows = kind.queryAxis.tokens.length;
  const columns = kind.keyAxis.tokens.length;
  const start = (layer * kind.heads + head) * rows * columns;
  return { values: kind.codes.subarray(start, start + rows * columns), rows, columns };
}

/** The weight of one cell, 0..1. */
export function weightAt(kind, matrix, query, key) {
  return (matrix.values[query * matrix.columns + key] / kind.limit) ** 2;
}

/** Up to `count` strongest keys of a query that are not zero, strongest first, as [key, weight]. */
export function strongestKeys(kind, matrix, query, count) {
  const row = Array.from({ length: matrix.columns }, (_, key) => [key, weightAt(kind, matrix, query, key)]);
  return row.filter(([, weight]) => weight > 0).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, count);
}

/** The strongest cell {query, key}, off the diagonal where both axes are the same; null if there is none. */
export function strongestCell(kind, matrix) {
  let best = -1;
  for (let i = 0; i < matrix.values.length; i++) {
    if (kind.square && i % (matrix.columns + 1) === 0) continue;
    if (best < 0 || matrix.values[i] > matrix.values[best]) best = i;
  }
  return best < 0 ? null : { query: Math.floor(best / matrix.columns), key: best % matrix.columns };
}

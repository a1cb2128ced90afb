// The message of viz/browser/payload.py, read without copying more than each kind once.

const PAYLOAD_VERSION = 2;

/**
 * Decode bytes (Uint8Array) to {header, kinds, reference}; throws an Error that says what is wrong.
 *
 * `reference` is the message to compare with, where the header says how many bytes at the end are one, else null.
 * A kind is {id, layers, heads, queryAxis, keyAxis, queries, keys, square, codes, limit, rows, columns, pool, pooled,
 * exact}: `queries` and `keys` count its tokens, `rows` and `columns` the codes of a head. Where the text is long it is
 * `pooled`: a code is that of the largest of pool[0] queries by pool[1] keys. `exact` says that numbers may be printed.
 */
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
  const queries = queryAxis.tokens.length;
  const keys = keyAxis.tokens.length;
  const rows = Math.ceil(queries / kind.pool[0]);
  const columns = Math.ceil(keys / kind.pool[1]);
  const pooled = kind.pool.some((factor) => factor > 1);
  const from = bytes.byteOffset + start + kind.offset;
  const size = (kind.layers * kind.heads * rows * columns * kind.bits) / 8;
  if (from + size > bytes.byteOffset + bytes.byteLength) throw new Error(`${bytes.byteLength} bytes`);
  const data = bytes.buffer.slice(from, from + size); // a copy is aligned
  return {
    id: kind.id,
    layers: kind.layers,
    heads: kind.heads,
    queryAxis,
    keyAxis,
    queries,
    keys,
    square: kind.query_axis === kind.key_axis,
    codes: kind.bits === 16 ? new Uint16Array(data) : new Uint8Array(data),
    limit: 2 ** kind.bits - 1,
    rows,
    columns,
    pool: kind.pool,
    pooled,
    exact: kind.bits === 16 && !pooled,
  };
}

/** One head's codes as a matrix {values, rows, columns}: rows are (tiles of) queries, columns (tiles of) keys. */
export function headMatrix(kind, layer, head) {
  const { rows, columns } = kind;
  const start = (layer * kind.heads + head) * rows * columns;
  return { values: kind.codes.subarray(start, start + rows * columns), rows, columns };
}

/**
 * One head's weights as a matrix {values, rows, columns} of Float32Array, a row a query, a column a key.
 *
 * `supplied` are the exact weights, as a host answers {what: "weights"}, or null; null where only they could tell.
 */
export function fullMatrix(kind, layer, head, supplied = null) {
  const size = { rows: kind.queries, columns: kind.keys };
  if (supplied) return { values: supplied, ...size };
  if (kind.pooled) return null;
  const { values } = headMatrix(kind, layer, head);
  return { values: Float32Array.from(values, (code) => (code / kind.limit) ** 2), ...size };
}

/** One head of a pooled kind at full size: each weight as large as the largest of its tile, to look at until the host answers. */
export function spreadMatrix(kind, layer, head) {
  const tiles = headMatrix(kind, layer, head);
  const size = { rows: kind.queries, columns: kind.keys };
  const values = new Float32Array(size.rows * size.columns);
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(Math.floor(i / size.columns) / kind.pool[0]);
    const column = Math.floor((i % size.columns) / kind.pool[1]);
    values[i] = (tiles.values[row * tiles.columns + column] / kind.limit) ** 2;
  }
  return { values, ...size };
}

/** What a page says of a kind whose codes are tiles; "" of any other. */
export function pooledNote(kind, words) {
  return kind.pooled ? words("pooled", { queries: kind.pool[0], keys: kind.pool[1] }) : "";
}

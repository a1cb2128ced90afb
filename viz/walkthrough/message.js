// The message of viz/walkthrough/scene.py: a header of figures, with arrays as {values, shape}.

const SCENE_VERSION = 1;

/** Decode bytes (Uint8Array) to a scene; throws an Error that says what is wrong. */
export function decodeScene(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (header.version !== SCENE_VERSION) throw new Error(`version ${header.version}`);
  return revive(header, bytes, bytes.byteOffset + 4 + length);
}

function revive(value, bytes, start) {
  if (Array.isArray(value)) return value.map((each) => revive(each, bytes, start));
  if (value === null || typeof value !== "object") return value;
  if ("array" in value && "shape" in value) {
    const count = value.shape.reduce((product, size) => product * size, 1);
    const from = start + value.array;
    return { values: new Float32Array(bytes.buffer.slice(from, from + 4 * count)), shape: value.shape };
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revive(each, bytes, start)]));
}

/** One number of a two-dimensional array. */
export function numberAt(array, row, column) {
  return array.values[row * array.shape[1] + column];
}

/** One row of a two-dimensional array, as an array of one row. */
export function rowOf(array, row) {
  const width = array.shape[1];
  return { values: array.values.subarray(row * width, (row + 1) * width), shape: [1, width] };
}

/** One column of a two-dimensional array, as an array of one row. */
export function columnOf(array, column) {
  const [rows, width] = array.shape;
  return { values: Float32Array.from({ length: rows }, (_, row) => array.values[row * width + column]), shape: [1, rows] };
}

/** The largest size of any number of an array, never 0. */
export function largestSize(array) {
  let largest = 0;
  for (const value of array.values) largest = Math.max(largest, Math.abs(value));
  return largest || 1;
}

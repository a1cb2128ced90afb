// The message of viz/browser/reply.py: what a host answered when a view asked for more than the payload holds.

const ARRAY_TYPES = { float32: Float32Array, uint8: Uint8Array };

/** Decode bytes (Uint8Array) to {header, arrays}; header.arrays has their shapes. A refusal throws its sentence. */
export function decodeReply(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (header.error) throw new Error(header.error);
  const start = bytes.byteOffset + 4 + length;
  const places = Object.entries(header.arrays ?? {});
  return { header, arrays: Object.fromEntries(places.map(([name, place]) => [name, readArray(bytes.buffer, start, place)])) };
}

function readArray(buffer, start, { shape, type, offset }) {
  const Type = ARRAY_TYPES[type];
  const size = shape.reduce((product, length) => product * length, 1) * Type.BYTES_PER_ELEMENT;
  return new Type(buffer.slice(start + offset, start + offset + size)); // a copy is aligned
}

/** One spelling of a request: JSON with its keys in order, so that equal requests are equal texts. */
export function requestKey(request) {
  return JSON.stringify(request, (name, value) => (isRecord(value) ? inOrder(value) : value));
}

function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inOrder(record) {
  return Object.fromEntries(Object.keys(record).sort().map((name) => [name, record[name]]));
}

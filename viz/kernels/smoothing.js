// Kernels as formulas, one query at a time: where a key lies along the kernel's own axis, and what the kernel is there.

const EPSILON = 1e-6; // keeps the signed sum away from zero, as transformer/kernels.py does

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const feature = (x) => (x > 0 ? x + 1 : Math.exp(x)); // elu(x) + 1

/**
 * Kernels by name. `along(q, k, options)` places a key on the axis; `profile(x, options)` is the logarithm of the kernel
 * there, so that no root or power of it overflows; of a `signed` kernel, which has none, the kernel itself.
 */
export const SMOOTHERS = {
  exponential: { along: (q, k, { scale }) => dot(q, k) / scale, profile: (x) => x },
  rbf: {
    distance: true,
    along: (q, k) => Math.hypot(...q.map((value, i) => value - k[i])),
    profile: (x, { width }) => -(x ** 2) / width,
  },
  polynomial: { along: (q, k) => dot(q, k), profile: (x, { degree }) => degree * Math.log(Math.abs(x)) },
  linear: { signed: true, along: (q, k) => dot(q, k), profile: (x) => x },
  linear_nonnegative: { along: (q, k) => dot(q.map(feature), k.map(feature)), profile: (x) => Math.log(Math.max(0, x)) },
};

/** Rows of a flat array as arrays of numbers. */
export function rowsOf(values, size) {
  return Array.from({ length: values.length / size }, (_, i) => Array.from(values.subarray(i * size, (i + 1) * size)));
}

/**
 * Smooth with one query over the keys that it sees.
 *
 * `kernel` is {name, options, bandwidth}; `factor` the logarithm of what multiplies the kernel at each key, or null.
 * Returns {along, weights, curve}: `curve(x)` is the kernel at x over its sum, whatever multiplies it.
 */
export function smoothQuery(kernel, q, keys, visible, factor) {
  const { along, profile, signed } = SMOOTHERS[kernel.name];
  const { options, bandwidth } = kernel;
  const places = keys.map((k) => along(q, k, options));
  if (signed) {
    const values = places.map((x, key) => (visible[key] ? profile(x, options) : 0));
    const sum = values.reduce((all, value) => all + value, 0);
    const total = sum + (sum < 0 ? -EPSILON : EPSILON);
    return { along: places, weights: values.map((value) => value / total), curve: (x) => profile(x, options) / total };
  }
  const logs = places.map((x, key) => (visible[key] ? profile(x, options) + (factor ? factor[key] : 0) : -Infinity));
  const highest = Math.max(...logs);
  const relative = (log) => (log === highest ? 0 : (log - highest) / bandwidth); // no 0 / 0 at the smallest bandwidths
  const sizes = logs.map((log, key) => (visible[key] ? Math.exp(relative(log)) : 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const curve = (x) => Math.exp(relative(profile(x, options))) / total;
  return { along: places, weights: sizes.map((size) => size / total), curve };
}

/** The weighted mean of rows. */
export function weightedMean(weights, rows) {
  return rows[0].map((_, i) => rows.reduce((sum, row, key) => sum + weights[key] * row[i], 0));
}

/** Where a point of the head's space lies in a plane {origin, axes}. */
export function projected(point, { origin, axes }) {
  return axes.map((axis) => axis.reduce((sum, value, i) => sum + value * (point[i] - origin[i]), 0));
}

/** The point of the head's space at a place of a plane. */
export function lifted([x, y], { origin, axes }) {
  return origin.map((value, i) => value + x * axes[0][i] + y * axes[1][i]);
}

/** What is wrong with a kernel's numbers: a key of STRINGS, or null. */
export function badNumbers({ name, bandwidth, degree }) {
  if (!(bandwidth > 0 && bandwidth < Infinity)) return "bad_bandwidth";
  if (name === "polynomial" && Number.isNaN(degree)) return "no_degree";
  if (name === "polynomial" && !(Number.isInteger(degree) && degree >= 2 && degree % 2 === 0)) return "bad_degree";
  return null;
}

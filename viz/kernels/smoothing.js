// Kernels as formulas, one query at a time: where a key lies along the kernel's own axis, and what the kernel is there.

const EPSILON = 1e-6; // keeps the signed sum away from zero, as transformer/kernels.py does

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const feature = (x) => (x > 0 ? x + 1 : Math.exp(x)); // elu(x) + 1

/**
 * Kernels by name. `along(q, k, options)` places a key on the axis; `profile(x, options)` is the kernel there, or its
 * logarithm where it is `logarithmic`.
 */
export const SMOOTHERS = {
  exponential: { logarithmic: true, along: (q, k, { scale }) => dot(q, k) / scale, profile: (x) => x },
  rbf: {
    logarithmic: true, distance: true,
    along: (q, k) => Math.hypot(...q.map((value, i) => value - k[i])),
    profile: (x, { width }) => -(x ** 2) / width,
  },
  polynomial: { along: (q, k) => dot(q, k), profile: (x, { degree }) => x ** degree },
  linear: { signed: true, along: (q, k) => dot(q, k), profile: (x) => x },
  linear_nonnegative: { along: (q, k) => dot(q.map(feature), k.map(feature)), profile: (x) => x },
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
  const { along, profile, logarithmic, signed } = SMOOTHERS[kernel.name];
  const { options, bandwidth } = kernel;
  const places = keys.map((k) => along(q, k, options));
  const more = (key) => (factor ? factor[key] : 0);
  if (logarithmic) {
    const logs = places.map((x, key) => (visible[key] ? (profile(x, options) + more(key)) / bandwidth : -Infinity));
    const highest = Math.max(...logs);
    const sizes = logs.map((value) => Math.exp(value - highest));
    const total = sizes.reduce((sum, value) => sum + value, 0);
    const curve = (x) => Math.exp(profile(x, options) / bandwidth - highest) / total;
    return { along: places, weights: sizes.map((value) => value / total), curve };
  }
  const value = (x, extra) => (signed ? profile(x, options) : (profile(x, options) * Math.exp(extra)) ** (1 / bandwidth));
  const values = places.map((x, key) => (visible[key] ? value(x, more(key)) : 0));
  const sum = values.reduce((all, each) => all + each, 0);
  const total = signed ? sum + (sum < 0 ? -EPSILON : EPSILON) : sum;
  return { along: places, weights: values.map((each) => each / total), curve: (x) => value(x, 0) / total };
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
  if (!(bandwidth > 0)) return "bad_bandwidth";
  if (name === "polynomial" && !(Number.isInteger(degree) && degree >= 2 && degree % 2 === 0)) return "bad_degree";
  return null;
}

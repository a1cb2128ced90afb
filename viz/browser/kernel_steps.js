// How each kernel comes from q and k, component by component: its strips, its columns and its steps, by the kernel's name.
// Tsai et al. 2019, table 2; "linear_nonnegative" after Katharopoulos et al. 2020.
import { DECIMALS, numberOf, phrase } from "./numbers.js";

const feature = (x) => (x > 0 ? x + 1 : Math.exp(x)); // elu(x) + 1

/** What people read as a factor: √d where it is that, else the number itself; {d_head, scale}. */
function scaleText({ d_head, scale }) {
  const root = Math.abs(scale ** 2 - d_head) < 1e-6 * d_head;
  return root ? `√${d_head}` : String(Number(scale.toPrecision(6)));
}

const superscript = (power) => String(power).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);

/** (q · k)² and the like. */
function powerText(header) {
  const divided = header.scale === 1 ? "q · k" : `q · k ÷ ${scaleText(header)}`;
  const moved = header.coef0 ? `${divided} + ${header.coef0}` : divided;
  return `(${moved})${superscript(header.degree)}`;
}

const dotStep = ({ dot }, words) => phrase(words("neuron_sum"), { dot });

/**
 * By name: `component` of one pair of numbers, the keys of its name and of its sentence; `columns` of numbers on the way
 * to the score, [title, "dots" or "scores"]; `steps` from the sum of the components to the score.
 */
const KERNELS = {
  exponential: {
    component: (q, k) => q * k, product: "neuron_products", reading: "neuron_reading",
    columns: (header, words) => [[words("neuron_dot_product"), "dots"], [words("neuron_divided", { scale: scaleText(header) }), "scores"]],
    steps: (header, parts, words) => [dotStep(parts, words), phrase(words("neuron_scaled"), { ...parts, scale: scaleText(header) })],
  },
  rbf: {
    component: (q, k) => (q - k) ** 2, product: "neuron_squares", reading: "neuron_reading_squares",
    columns: (header, words) => [[words("neuron_distance"), "dots"], [words("neuron_divided", { scale: `−${scaleText(header)}` }), "scores"]],
    steps: (header, parts, words) => [
      phrase(words("neuron_sum_squares"), parts),
      phrase(words("neuron_scaled_log"), { ...parts, scale: `−${scaleText(header)}` }),
    ],
  },
  polynomial: {
    component: (q, k) => q * k, product: "neuron_products", reading: "neuron_reading",
    columns: (header, words) => [[words("neuron_dot_product"), "dots"], [powerText(header), "scores"]],
    steps: (header, parts, words) => [dotStep(parts, words), phrase(words("neuron_powered"), { ...parts, power: powerText(header) })],
  },
  linear: {
    component: (q, k) => q * k, product: "neuron_products", reading: "neuron_reading",
    columns: (header, words) => [[words("neuron_dot_product"), "scores"]],
    steps: (header, parts, words) => [dotStep(parts, words)],
  },
  linear_nonnegative: {
    component: (q, k) => feature(q) * feature(k), product: "neuron_features", reading: "neuron_reading_features",
    columns: (header, words) => [[words("neuron_feature_product"), "scores"]],
    steps: (header, parts, words) => [phrase(words("neuron_sum_features"), parts)],
  },
};

/** The kernel of a reply's header; one that we do not know is shown by the products of q and k alone. */
function kernelOf({ kernel }) {
  return KERNELS[kernel] ?? KERNELS.exponential;
}

/** Whether the score comes from the kernel alone, in ways that we know: no positions, no other kernel. */
function isPlain(header) {
  return Object.hasOwn(KERNELS, header.kernel) && header.scale !== null && (header.position ?? "none") === "none";
}

/** One component of what a kernel sums up. */
export function componentOf(header, q, k) {
  return kernelOf(header).component(q, k);
}

/** What such a component is called. */
export function componentName(header, words) {
  return words(kernelOf(header).product);
}

/** A component in words, with elements {q, k, product} in their places. */
export function readComponent(header, parts, words) {
  return phrase(words(kernelOf(header).reading), parts);
}

/** The columns of numbers between the strips and the weight: [{title, values}]. */
export function scoreColumns(header, numbers, words) {
  const columns = isPlain(header) ? kernelOf(header).columns(header, words) : [[words("neuron_score"), "scores"]];
  return columns.map(([title, name]) => ({ title, values: numbers[name] }));
}

/** From the components to the score of one key. */
export function scoreSteps(header, { dots, scores }, key, words) {
  const score = () => numberOf(scores[key], DECIMALS.score);
  const name = Object.hasOwn(KERNELS, header.kernel) ? words(`kernel_${header.kernel}`) : header.kernel;
  if (isPlain(header)) {
    const kernel = header.kernel === "exponential" ? [] : [phrase(words("neuron_kernel_name"), { kernel: name })];
    const parts = { dot: numberOf(dots[key], DECIMALS.score), score: score() };
    return [...kernel, ...kernelOf(header).steps(header, parts, words)];
  }
  const parts = { score: score(), kernel: name, position: header.position };
  const positioned = header.position && header.position !== "none";
  return [phrase(words(positioned ? "neuron_kernel_position" : "neuron_kernel"), parts)];
}

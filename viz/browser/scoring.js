// From q and k to a weight: the numbers of one query, and the steps of one cell as sentences of a head's kernel.
import { DECIMALS, numberOf, phrase } from "./numbers.js";

const LOGARITHMIC = new Set(["exponential", "rbf"]); // kernels whose scores are logarithms; of the others, values
const OVERRULED = 1e-4; // a weight this far from what its scores give was set by a change
const RATIO = new Set(["polynomial", "linear", "linear_nonnegative"]);

/**
 * What a reply says of one query: {products (K x d), dots, scores, weights, visible} with one entry a key.
 *
 * `products` are q_i k_i and `dots` their sums; `visible` is all ones where nothing is hidden.
 */
export function queryNumbers({ header, arrays }, query) {
  const d = header.d_head;
  const keys = arrays.k.length / d;
  const products = new Float32Array(keys * d);
  const dots = new Float64Array(keys);
  for (let key = 0; key < keys; key++) {
    for (let i = 0; i < d; i++) {
      const product = arrays.q[query * d + i] * arrays.k[key * d + i];
      products[key * d + i] = product;
      dots[key] += product;
    }
  }
  const row = (values) => values.subarray(query * keys, (query + 1) * keys);
  const visible = arrays.visible ? row(arrays.visible) : new Float32Array(keys).fill(1);
  return { products, dots, scores: row(arrays.scores), weights: row(arrays.weights), visible };
}

/** √d where the scale is that, else the scale itself. */
function scaleText(header) {
  const root = Math.abs(header.scale ** 2 - header.d_head) < 1e-6 * header.d_head;
  return root ? `√${header.d_head}` : String(Number(header.scale.toPrecision(6)));
}

/** The columns of numbers between the strips and the weight: [{title, values}], for the numbers of a query. */
export function scoreColumns(header, numbers, words) {
  const { dots, scores } = numbers;
  if (header.scale === null) return [{ title: words("neuron_score"), values: scores }];
  const scaled = words("neuron_divided", { scale: scaleText(header) });
  return [{ title: words("neuron_dot_product"), values: dots }, { title: scaled, values: scores }];
}

/** The name of a head's kernel, its own where we have none for it. */
function kernelName(kernel, words) {
  return LOGARITHMIC.has(kernel) || RATIO.has(kernel) ? words(`kernel_${kernel}`) : kernel;
}

/** The steps from q and k of one key to its weight: a list of lists of text and number elements. */
export function weightSteps(header, numbers, key, words) {
  return [...scored(header, numbers, key, words), ...weighed(header, numbers, key, words)];
}

function scored(header, { dots, scores }, key, words) {
  const score = numberOf(scores[key], DECIMALS.score);
  if (header.scale !== null) {
    return [
      phrase(words("neuron_sum"), { dot: numberOf(dots[key], DECIMALS.score) }),
      phrase(words("neuron_scaled"), { scale: scaleText(header), score }),
    ];
  }
  const parts = { score, kernel: kernelName(header.kernel, words), position: header.position };
  if (header.position && header.position !== "none") return [phrase(words("neuron_kernel_position"), parts)];
  return [phrase(LOGARITHMIC.has(header.kernel) ? words("neuron_log_kernel") : words("neuron_kernel"), parts)];
}

/** From the score to the weight; where a change of the reader's has overruled the kernel, that is a step of its own. */
function weighed({ kernel }, { scores, weights, visible }, key, words) {
  const weight = numberOf(weights[key]);
  if (!visible[key]) return [phrase(words("neuron_hidden_step"), { weight })];
  const normalise = LOGARITHMIC.has(kernel) ? softmaxOf : RATIO.has(kernel) ? ratioOf : null;
  if (!normalise) return [phrase(words("neuron_normalised"), { weight })];
  const { share, template, parts } = normalise(scores, visible, key, words);
  if (Math.abs(share - weights[key]) <= OVERRULED) return [phrase(template, { ...parts, weight })];
  return [phrase(template, { ...parts, weight: numberOf(share) }), phrase(words("neuron_overruled"), { weight })];
}

function softmaxOf(scores, visible, key, words) {
  const seen = [...scores].filter((_, i) => visible[i]);
  const highest = Math.max(...seen);
  const exponential = Math.exp(scores[key] - highest);
  const total = seen.reduce((sum, score) => sum + Math.exp(score - highest), 0);
  const parts = {
    score: numberOf(scores[key], DECIMALS.score), highest: numberOf(highest, DECIMALS.score),
    exponential: numberOf(exponential), total: numberOf(total),
  };
  return { share: exponential / total, template: words("neuron_softmax"), parts };
}

function ratioOf(scores, visible, key, words) {
  const total = scores.reduce((sum, score, i) => (visible[i] ? sum + score : sum), 0);
  const parts = { score: numberOf(scores[key], DECIMALS.score), total: numberOf(total, DECIMALS.score) };
  return { share: scores[key] / total, template: words("neuron_ratio"), parts };
}

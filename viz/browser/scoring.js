// From q and k to a weight: the numbers of one query, and the steps of one cell as sentences of a head's kernel.
import { componentOf, scoreSteps } from "./kernel_steps.js";
import { DECIMALS, numberOf, phrase } from "./numbers.js";

const OVERRULED = 1e-4; // a weight this far from what its scores give was set by a change
/** From the scores of a query's keys to their weights: softmax of logarithms, or the share in the sum of values. */
const NORMALISERS = {
  exponential: (...given) => softmaxOf("neuron_softmax", ...given),
  rbf: (...given) => softmaxOf("neuron_log_ratio", ...given),
  polynomial: ratioOf, linear: ratioOf, linear_nonnegative: ratioOf,
};

/**
 * What a reply says of one query: {products (K x d), dots, scores, weights, visible} with one entry a key.
 *
 * `products` are what the head's kernel sums up, q_i k_i say, and `dots` their sums; `visible` is all ones where nothing
 * is hidden.
 */
export function queryNumbers({ header, arrays }, query) {
  const d = header.d_head;
  const keys = arrays.k.length / d;
  const products = new Float32Array(keys * d);
  const dots = new Float64Array(keys);
  for (let key = 0; key < keys; key++) {
    for (let i = 0; i < d; i++) {
      const product = componentOf(header, arrays.q[query * d + i], arrays.k[key * d + i]);
      products[key * d + i] = product;
      dots[key] += product;
    }
  }
  const row = (values) => values.subarray(query * keys, (query + 1) * keys);
  const visible = arrays.visible ? row(arrays.visible) : new Float32Array(keys).fill(1);
  return { products, dots, scores: row(arrays.scores), weights: row(arrays.weights), visible };
}

/** The steps from q and k of one key to its weight: a list of lists of text and number elements. */
export function weightSteps(header, numbers, key, words) {
  return [...scoreSteps(header, numbers, key, words), ...weighed(header, numbers, key, words)];
}

/** From the score to the weight; where a change of the reader's has overruled the kernel, that is a step of its own. */
function weighed({ kernel }, { scores, weights, visible }, key, words) {
  const weight = numberOf(weights[key]);
  if (!visible[key]) return [phrase(words("neuron_hidden_step"), { weight })];
  if (!Object.hasOwn(NORMALISERS, kernel)) return [phrase(words("neuron_normalised"), { weight })];
  const { share, template, parts } = NORMALISERS[kernel](scores, visible, key, words);
  if (Math.abs(share - weights[key]) <= OVERRULED) return [phrase(template, { ...parts, weight })];
  return [phrase(template, { ...parts, weight: numberOf(share) }), phrase(words("neuron_overruled"), { weight })];
}

function softmaxOf(template, scores, visible, key, words) {
  const seen = [...scores].filter((_, i) => visible[i]);
  const highest = Math.max(...seen);
  const exponential = Math.exp(scores[key] - highest);
  const total = seen.reduce((sum, score) => sum + Math.exp(score - highest), 0);
  const parts = {
    score: numberOf(scores[key], DECIMALS.score), highest: numberOf(highest, DECIMALS.score),
    exponential: numberOf(exponential), total: numberOf(total),
  };
  return { share: exponential / total, template: words(template), parts };
}

function ratioOf(scores, visible, key, words) {
  const total = scores.reduce((sum, score, i) => (visible[i] ? sum + score : sum), 0);
  const parts = { score: numberOf(scores[key], DECIMALS.score), total: numberOf(total, DECIMALS.score) };
  return { share: total ? scores[key] / total : 0, template: words("neuron_ratio"), parts };
}

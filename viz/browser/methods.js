// The methods that ask what a key means for a query: their names, what they say, and how far their ranks agree.
import { DECIMALS, formatNumber } from "./numbers.js";

const ALIKE = 0.7; // Spearman's rank correlation from which two methods are said to rank the keys alike
const FEW_KEYS = 4; // below this any two orders agree or disagree by chance
const METHODS = new Set(["raw", "norm", "rollout", "gradient", "occlusion"]);
const SIGNED_METHODS = new Set(["gradient", "occlusion"]);

/** {name, means, signed} of a method; one that we do not know keeps its own name. */
export function methodTexts(id, words) {
  if (!METHODS.has(id)) return { name: id, means: "", signed: false };
  return { name: words(`method_${id}`), means: words(`method_${id}_means`), signed: SIGNED_METHODS.has(id) };
}

/** Whether two methods rank the keys alike. */
export function ranksAlike(correlation) {
  return correlation !== null && correlation >= ALIKE;
}

/**
 * One line on an agreement matrix: how many pairs rank the keys alike, and which agree most and least.
 *
 * `keys` is how many keys are ranked; `names` are the methods' in the matrix's order; null entries, where ranks cannot
 * be compared, are left out.
 */
export function readAgreement(agreement, keys, names, words) {
  const pairs = agreement.flatMap((row, i) =>
    row.slice(0, i).map((rho, j) => ({ rho, a: names[j], b: names[i] })).filter(({ rho }) => rho !== null));
  if (!pairs.length || keys < FEW_KEYS) return words("meaning_few_keys", { count: keys });
  pairs.sort((a, b) => b.rho - a.rho);
  const [best, worst] = [pairs[0], pairs.at(-1)];
  const count = pairs.filter(({ rho }) => ranksAlike(rho)).length;
  return words("meaning_agreement", {
    count, all: pairs.length, threshold: ALIKE,
    best: words("meaning_pair", { a: best.a, b: best.b, rho: formatNumber(best.rho, DECIMALS.correlation) }),
    worst: words("meaning_pair", { a: worst.a, b: worst.b, rho: formatNumber(worst.rho, DECIMALS.correlation) }),
  });
}

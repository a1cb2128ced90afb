// What stands over the heads on a page of its own: what the model wrote, which one it was, and what was changed, in words.
import { changeSentences } from "./changes.js";
import { DECIMALS, formatNumber } from "./numbers.js";
import { make } from "./text.js";

/** Fill an element with what a message says of its translation; with nothing, where it is of none. */
export function showForeword(element, atlas) {
  const { header, words } = atlas;
  if (header?.translation === undefined) return;
  const line = (name, text) => element.appendChild(make("p", name, text));
  const written = line("translation", header.translation || words("wrote_nothing"));
  written.lang = header.translation ? targetOf(header) : header.lang ?? "en";
  line("quiet", [saidOf(header, words), ...changeOf(atlas)].join(" "));
  const changed = changeSentences(atlas);
  if (changed.length) line("quiet changed", `${words("what_if")}: ${changed.join(" · ")}`);
}

function targetOf({ direction }) {
  return direction?.split("-").at(-1) ?? "";
}

function saidOf({ model, steps, log_probability: score }, words) {
  const number = formatNumber(score ?? NaN, DECIMALS.fact);
  return words("wrote_this", { model: model?.name ?? "", steps: steps?.length ?? 0, score: number });
}

/** What the changes did to the translation. */
function changeOf({ header, reference, changes, words }) {
  if (!reference || !changes.length) return [];
  const before = reference.header;
  const change = words("wrote_change", { change: formatNumber(header.log_probability - before.log_probability, DECIMALS.fact) });
  if (before.translation === header.translation) return [change, words("wrote_same")];
  return [change, words("wrote_before"), before.translation || words("wrote_nothing")];
}

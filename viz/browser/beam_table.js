// A beam to take away: every hypothesis of its search as CSV and JSON. Steps and hypotheses count from 1, as on the page.
import { outputText } from "./pieces.js";
import { csvLines, jsonRows } from "./takeaway.js";

const BEAM_COLUMNS = ["step", "hypothesis", "parent", "piece", "log_probability", "score", "ended", "best", "given_up", "text"];

/**
 * Rows of a beam's record, one a hypothesis and step.
 *
 * `parent` is the hypothesis of the step before that it goes on from, nothing at the first step; `score` is that of
 * hypotheses that are done; `given_up` ones go nowhere.
 */
function beamRows({ steps }, lang) {
  const texts = [];
  return steps.flatMap((nodes, step) => {
    const parents = new Set((steps[step + 1] ?? []).map(({ parent }) => parent));
    texts.push(nodes.map(({ piece, parent }) => [...(step ? texts[step - 1][parent] : []), piece]));
    return nodes.map((node, place) => [
      step + 1, place + 1, step ? node.parent + 1 : null, node.piece, node.log_probability, node.score, node.ended, node.best,
      node.score === null && !parents.has(place), outputText(texts[step][place], lang),
    ]);
  });
}

/** A beam's record as CSV. */
export function beamCsv(record, lang) {
  return csvLines(BEAM_COLUMNS, beamRows(record, lang));
}

/** The same as JSON: what was searched, what the best and greedy search wrote, and one object a hypothesis. */
export function beamJson(record, { model, text, direction, changes }, lang) {
  const { beam_size, length_penalty, best, greedy } = record;
  const about = { model, text, direction, changes, beam_size, length_penalty, best, greedy };
  return `{"about":${JSON.stringify(about)},"counts_from":1,"hypotheses":[\n${jsonRows(BEAM_COLUMNS, beamRows(record, lang))}\n]}\n`;
}

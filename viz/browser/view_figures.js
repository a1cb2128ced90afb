// The figures of the views that are tables of numbers: each as tokens with bars.
import { atTemperature } from "./candidates.js";
import { barsFigure } from "./figure_bars.js";
import { linesFigure } from "./figure_lines.js";
import { matrixFigure } from "./figure_matrix.js";
import { methodTexts } from "./methods.js";
import { pieceLabel } from "./pieces.js";
import { queryNumbers, scoreColumns } from "./scoring.js";

const SHARES_ONLY = new Set(["entropy", "distance"]); // in bits and positions, so not among the bars from 0 to 1

/** One query against all keys: its scores and its weights. */
function neuronFigure(view, about) {
  const { scene, cell, question } = view;
  const { header } = answerOf(question, scene);
  const numbers = queryNumbers(question.reply, cell.query);
  const color = scene.theme.color("key");
  const columns = [...scoreColumns(header, numbers, scene.words), { title: scene.words("neuron_weight"), values: numbers.weights }];
  const series = columns.map(({ title, values }) => ({ name: title, color, values: Array.from(values) }));
  return barsFigure({ labels: scene.keys, series }, ofQuery(about, scene, cell.query, "neuron_figure"), scene.theme);
}

/** What the methods say of one query; those over other tokens than the head's keys stay away. */
function meaningFigure(view, about) {
  const { scene, question } = view;
  const { header, arrays } = answerOf(question, scene);
  const methods = header.methods.filter(({ id }) => arrays[id].length === scene.columns);
  const series = methods.map(({ id }) => {
    const { name } = methodTexts(id, scene.words);
    return { name, color: scene.theme.color("key"), values: Array.from(arrays[id]) };
  });
  return barsFigure({ labels: scene.keys, series }, ofQuery(about, scene, question.request.query, "meaning_table"), scene.theme);
}

function answerOf(question, { words }) {
  if (!question.reply) throw new Error(words("answer_waiting"));
  return question.reply;
}

function ofQuery(about, { words, queries }, query, text) {
  return { ...about, caption: [words(text, { query: queries[query].text }), ...about.caption] };
}

/** The shares among the facts of the chosen head. */
function factsFigure(view, about, scene) {
  const { words, header, kind, selection, theme } = scene;
  const place = selection.layer * kind.heads + selection.head;
  const sets = [[words("this_sentence"), header.facts?.[kind.id], "values"], [words("corpus_mean"), header.corpus?.kinds[kind.id], "mean"]];
  const known = sets.filter(([, facts]) => facts);
  const names = [...new Set(known.flatMap(([, facts]) => facts.names))].filter((name) => !SHARES_ONLY.has(name));
  const series = known.map(([name, facts, rows]) => ({
    name,
    color: theme.color("key"),
    values: names.map((each) => facts[rows][place][facts.names.indexOf(each)] ?? 0),
    limit: 1,
  }));
  return barsFigure({ labels: names.map((name) => ({ text: words(`fact_${name}`), style: "word" })), series }, about, theme);
}

/** What might have been written at the open step. */
function decodingFigure(view, about, { theme, words }) {
  const { shown, temperature } = view.candidates;
  const { step, temperatures, lang } = shown;
  const normaliser = step.log_normalisers[temperatures.indexOf(temperature)];
  const values = step.log_probabilities.map((log) => atTemperature(log, temperature, normaliser));
  const series = [{ name: words("decoding_probability", { temperature }), color: theme.color("decoder"), values, limit: 1 }];
  const caption = [words("decoding_candidates", { step: shown.number }), ...about.caption];
  const labels = step.pieces.map((piece) => pieceLabel(piece, lang));
  return barsFigure({ labels, series }, { ...about, title: words("view_decoding"), caption }, theme);
}

/** By the name of a view: (view, about, scene) -> its figure. */
export const FIGURES = {
  lines: (view, about, scene) => linesFigure(scene, about),
  matrix: (view, about, scene) => matrixFigure(scene, { about }),
  neuron: neuronFigure,
  meaning: meaningFigure,
  facts: factsFigure,
  decoding: decodingFigure,
};

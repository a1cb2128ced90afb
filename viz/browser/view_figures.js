// The figure of each view: what it draws itself, or what it shows on the screen.
import { linesFigure } from "./figure_lines.js";
import { matrixFigure } from "./figure_matrix.js";
import { framed } from "./frame.js";
import { screenDrawing } from "./screen.js";

/** What a view shows, once its answer is there. */
function screenFigure(view, about, { theme, words }) {
  if (view.question && view.question.state !== "answered") throw new Error(view.question.problem || words("answer_waiting"));
  return framed(screenDrawing([view.element]), about, theme);
}

/** The tree of a beam, whole, with what its best hypothesis comes to. */
export function beamFigure({ tree, scene, size, penalty, wanted }, about) {
  const said = [[size, wanted.beam_size], [penalty, wanted.length_penalty]].map(([{ label }, value]) => `${label.textContent}: ${value}`);
  const caption = [said.join(" · "), ...about.caption];
  return framed(screenDrawing([tree.element]), { ...about, title: scene.words("beam_title"), caption }, scene.theme);
}

/** A scene with the heads that a view shows of it: the matrix has one, the first. */
export function sceneIn(open, scene) {
  return open === "matrix" ? { ...scene, maps: scene.maps.slice(0, 1) } : scene;
}

/** By the name of a view: (view, about, scene) -> its figure. */
export const FIGURES = {
  lines: (view, about, scene) => linesFigure(scene, about),
  matrix: (view, about, scene) => matrixFigure(scene, { about }),
  neuron: screenFigure,
  meaning: screenFigure,
  facts: screenFigure,
  decoding: (view, about, scene) => screenFigure(view, { ...about, title: scene.words("view_decoding") }, scene),
};

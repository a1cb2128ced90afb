// Matrices beside and under each other: pointing at one shows the same place in those it is linked with.
import { drawMatrixFigure, readCell } from "./matrix_figure.js";

/** Draw one matrix of a scene, and link it with the others of its group. */
export function drawMatrices(parent, figure, stage) {
  const own = drawMatrixFigure(parent, figure, stage, { point: (cell) => pointAt(stage, own, cell) });
  const group = figure.link || `alone ${stage.links.size}`;
  own.group = group;
  stage.links.set(group, [...(stage.links.get(group) ?? []), own]);
  if (!stage.first) {
    stage.first = own;
    queueMicrotask(() => readCell(stage.readout, strongestPlace(own), linkedTo(stage, own)));
  }
}

function linkedTo(stage, own) {
  const sameShape = (other) => String(other.figure.values.shape) === String(own.figure.values.shape);
  return stage.links.get(own.group).filter(sameShape);
}

function pointAt(stage, own, cell) {
  for (const other of stage.links.get(own.group)) {
    const same = String(other.figure.values.shape) === String(own.figure.values.shape);
    const sameRows = other.figure.values.shape[0] === own.figure.values.shape[0];
    other.mark(cell && (same ? cell : sameRows ? { row: cell.row, column: null } : null));
  }
  readCell(stage.readout, cell ?? strongestPlace(own), linkedTo(stage, own));
}

function strongestPlace({ figure }) {
  const { values, shape } = figure.values;
  let best = 0;
  values.forEach((value, i) => { if (Math.abs(value) > Math.abs(values[best])) best = i; });
  return { row: Math.floor(best / shape[1]), column: best % shape[1] };
}

// The detail: one head large, with its tokens, the cell under the pointer, and the readout.
import { headMatrix, strongestCell } from "./payload.js";
import { drawMatrix } from "./matrix.js";
import { createAxis, fillAxis, pointAxis } from "./labels.js";
import { createReadout, dressReadout, showCell } from "./readout.js";
import { kindChip, kindName } from "./overview.js";
import { weightColor } from "./theme.js";
import { make } from "./text.js";

/** Build an empty detail in `parent`. */
export function createDetail(parent) {
  const element = parent.appendChild(make("section", "detail"));
  const view = { element, hover: null, pinned: null, shown: null };
  view.title = element.appendChild(make("h3", "title"));
  const body = element.appendChild(make("div", "detail-body"));
  view.area = body.appendChild(make("div", "matrix-area"));
  view.figure = view.area.appendChild(make("div", "figure"));
  view.queryTitle = view.figure.appendChild(make("span", "axis-title query"));
  view.keyTitle = view.figure.appendChild(make("span", "axis-title key"));
  view.queries = createAxis(view.figure, "query");
  view.keys = createAxis(view.figure, "key");
  view.matrix = view.figure.appendChild(make("div", "matrix"));
  view.canvas = view.matrix.appendChild(make("canvas"));
  view.marks = ["band query", "band key", "mark"].map((name) => view.matrix.appendChild(make("div", name)));
  view.readout = createReadout(body);
  listen(view);
  return view;
}

function listen(view) {
  const { matrix } = view;
  matrix.tabIndex = 0;
  matrix.setAttribute("role", "application");
  matrix.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") point(view, { hover: cellAt(view, event) });
  });
  matrix.addEventListener("pointerleave", () => point(view, { hover: null }));
  matrix.addEventListener("click", (event) => {
    const cell = cellAt(view, event);
    point(view, { hover: null, pinned: sameCell(cell, view.pinned) ? null : cell });
  });
  matrix.addEventListener("keydown", (event) => {
    const cell = cellByKey(view, event);
    if (cell === undefined) return;
    event.preventDefault();
    point(view, { hover: null, pinned: cell }, true);
  });
}

function sameCell(a, b) {
  return a?.query === b?.query && a?.key === b?.key;
}

function cellAt(view, event) {
  const box = view.canvas.getBoundingClientRect();
  const { rows, columns } = view.shown.matrix;
  const inside = (place, size, count) => Math.max(0, Math.min(count - 1, Math.floor((place / size) * count)));
  return {
    query: inside(event.clientY - box.top, box.height, rows),
    key: inside(event.clientX - box.left, box.width, columns),
  };
}

/** The cell a key leads to, null to let go, undefined where the key means nothing here. */
function cellByKey(view, event) {
  if (event.altKey || event.metaKey) return undefined;
  const { rows, columns } = view.shown.matrix;
  const { query, key } = currentCell(view) ?? { query: 0, key: 0 };
  const at = (row, column) => ({
    query: Math.max(0, Math.min(rows - 1, row)),
    key: Math.max(0, Math.min(columns - 1, column)),
  });
  const moves = {
    ArrowLeft: () => at(query, key - 1), ArrowRight: () => at(query, key + 1),
    ArrowUp: () => at(query - 1, key), ArrowDown: () => at(query + 1, key),
    Home: () => at(query, 0), End: () => at(query, columns), PageUp: () => at(0, key), PageDown: () => at(rows, key),
    Escape: () => null,
  };
  return Object.hasOwn(moves, event.key) ? moves[event.key]() : undefined;
}

function currentCell(view) {
  return view.hover ?? view.pinned ?? view.shown.strongest;
}

/** Move the pointer of the picture: marks, floating labels and readout; never redraws the matrix. */
function point(view, change, spoken = false) {
  Object.assign(view, change);
  const { shown } = view;
  const chosen = Boolean(view.hover ?? view.pinned);
  const cell = currentCell(view);
  view.matrix.classList.toggle("pointed", chosen);
  view.matrix.classList.toggle("marked", Boolean(cell));
  if (cell) {
    view.matrix.style.setProperty("--row", `${cell.query * shown.layout.cell}px`);
    view.matrix.style.setProperty("--column", `${cell.key * shown.layout.cell}px`);
  }
  pointAxis(view.queries, chosen ? cell.query : null);
  pointAxis(view.keys, chosen ? cell.key : null);
  showCell(view.readout, shown, cell, chosen, spoken, shown.words);
}

/**
 * Show the selected head.
 *
 * `scene` is {kind, queries, keys, writes, layout, theme, words, frame}: labels of the axes, sizes from
 * `matrixLayout`, and the frame {width, height} that holds the matrix of every kind.
 */
export function showHead(view, scene, selection) {
  const { kind, layout, theme, words } = scene;
  const matrix = headMatrix(kind, selection.layer, selection.head);
  const sameAxes = view.shown?.queries === scene.queries && view.shown?.keys === scene.keys;
  if (!sameAxes) keepPinned(view, scene);
  const sameLayout = sameAxes && view.shown.layout === layout;
  view.shown = { ...scene, matrix, strongest: strongestCell(kind, matrix) };
  showTitle(view, kind, selection, words);
  if (!sameLayout) {
    placeFigure(view, scene);
    dressReadout(view.readout, words, theme);
  }
  const size = { width: matrix.columns * layout.cell, height: matrix.rows * layout.cell };
  drawMatrix(view.canvas, size, matrix, weightColor(theme, kind.limit));
  point(view, {});
}

/** A kept cell survives a change of theme or data as long as its tokens are the same. */
function keepPinned(view, scene) {
  const texts = (labels) => JSON.stringify(labels?.map((label) => label.full));
  const same = texts(view.shown?.queries) === texts(scene.queries) && texts(view.shown?.keys) === texts(scene.keys);
  view.hover = null;
  if (!same) view.pinned = null;
}

function showTitle(view, kind, selection, words) {
  const name = kindName(kind.id, words, "title");
  const title = words("head_title", { kind: name, layer: selection.layer + 1, head: selection.head + 1 });
  view.title.replaceChildren(kindChip(kind.id), make("span", "", title));
  view.matrix.setAttribute("aria-label", words("matrix", { title }));
  view.queryTitle.textContent = words("query");
  view.keyTitle.textContent = words("key");
}

function placeFigure(view, { layout, queries, keys, frame }) {
  for (const name of ["cell", "gutter", "above", "labels", "widest"]) {
    view.figure.style.setProperty(`--${name}`, `${layout[name]}px`);
  }
  view.figure.style.setProperty("--angle", `${-layout.angle}deg`);
  view.figure.style.width = `${layout.width}px`;
  view.figure.style.height = `${layout.height}px`;
  view.area.style.minWidth = `${frame.width}px`;
  view.area.style.minHeight = `${frame.height}px`;
  view.matrix.classList.toggle("ruled", layout.cell >= 12);
  fillAxis(view.queries, queries, layout.cell);
  fillAxis(view.keys, keys, layout.cell);
}

// The matrix view: one head as a heat map with its tokens, the cell under the pointer, and the numbers.
import { peakCell } from "./weights.js";
import { drawMatrix } from "./matrix.js";
import { createAxis, fillAxis, pointAxis } from "./labels.js";
import { labelWidths, make } from "./text.js";
import { createReadout, dressReadout, showCell } from "./readout.js";
import { matrixLayout, matrixRoom } from "./layout.js";
import { formatNumber, NO_NUMBER } from "./numbers.js";
import { differenceColor, weightColorOf } from "./theme.js";

const LABEL_SIZE = 12;

/** Build an empty matrix view in `parent`. */
export function createHeatmap(parent, actions) {
  const element = parent.appendChild(make("section", "heatmap"));
  const view = { element, actions, shown: null, spoken: false };
  view.area = element.appendChild(make("div", "matrix-area"));
  view.figure = view.area.appendChild(make("div", "figure"));
  view.queryTitle = view.figure.appendChild(make("span", "axis-title query"));
  view.keyTitle = view.figure.appendChild(make("span", "axis-title key"));
  view.queries = createAxis(view.figure, "query");
  view.keys = createAxis(view.figure, "key");
  view.matrix = view.figure.appendChild(make("div", "matrix"));
  view.canvas = view.matrix.appendChild(make("canvas"));
  view.canvas.setAttribute("aria-hidden", "true");
  view.marks = ["band query", "band key", "mark"].map((name) => view.matrix.appendChild(make("div", name)));
  view.which = view.area.appendChild(make("p", "caption which")); // of several heads
  view.readout = createReadout(element);
  listen(view);
  return view;
}

function listen(view) {
  const { matrix, actions } = view;
  matrix.tabIndex = 0;
  matrix.setAttribute("role", "application");
  matrix.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") point(view, cellAt(view, event));
  });
  matrix.addEventListener("pointerleave", () => point(view, null));
  matrix.addEventListener("click", (event) => {
    const cell = cellAt(view, event);
    actions.pinCell(sameCell(cell, pinnedCell(view.shown)) ? null : cell);
  });
  matrix.addEventListener("keydown", (event) => {
    const cell = cellByKey(view, event);
    if (cell === undefined) return;
    event.preventDefault();
    view.spoken = true;
    actions.pinCell(cell);
  });
}

function point(view, cell) {
  if (!sameCell(cell, view.shown?.cell)) view.actions.point(cell);
}

function sameCell(a, b) {
  return a?.query === b?.query && a?.key === b?.key;
}

function pinnedCell(scene) {
  const [query] = scene.pinned.queries;
  const [key] = scene.pinned.keys;
  return query === undefined || key === undefined ? null : { query, key };
}

function whole(cell) {
  return cell && cell.query >= 0 && cell.key >= 0 && cell.query !== null && cell.key !== null ? cell : null;
}

function cellAt(view, event) {
  const box = view.canvas.getBoundingClientRect();
  const { rows, columns } = view.shown;
  const inside = (place, size, count) => Math.max(0, Math.min(count - 1, Math.floor((place / size) * count)));
  return {
    query: inside(event.clientY - box.top, box.height, rows),
    key: inside(event.clientX - box.left, box.width, columns),
  };
}

/** The cell a key leads to, null to let go, undefined where the key means nothing here. */
function cellByKey(view, event) {
  if (event.altKey || event.metaKey || event.ctrlKey) return undefined;
  const { rows, columns } = view.shown;
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
  return whole(view.shown.cell) ?? pinnedCell(view.shown) ?? view.shown.peak;
}

/** Show a scene: redraws the matrix only where its numbers, its size or its colours changed. */
export function showHeatmap(view, scene) {
  const last = view.shown;
  const matrix = { values: scene.maps[0].values, rows: scene.rows, columns: scene.columns };
  const sameAxes = last?.queries === scene.queries && last?.keys === scene.keys && last?.room === scene.room && last?.theme === scene.theme;
  const same = sameAxes && last.maps === scene.maps && last.scale === scene.scale;
  view.shown = { ...scene, matrix, peak: same ? last.peak : peakCell(matrix, scene.kind.square && !scene.signed) };
  view.shown.layout = sameAxes ? last.layout : layoutOf(scene);
  if (!sameAxes) placeFigure(view, view.shown);
  if (!same) {
    const { layout, theme, words } = view.shown;
    drawMatrix(view.canvas, { width: matrix.columns * layout.cell, height: matrix.rows * layout.cell }, matrix, colorOf(view.shown));
    view.which.hidden = scene.maps.length < 2;
    view.which.textContent = words("matrix_first", { head: scene.maps[0].name, count: scene.maps.length, lines: words("view_lines") });
    dressReadout(view.readout, view.shown, words, theme);
    view.matrix.setAttribute("aria-label", words("matrix", { title: scene.maps[0].name, links: strongestLinks(view.shown) }));
    view.queryTitle.textContent = words("query");
    view.keyTitle.textContent = words("key");
  }
  mark(view);
}

function colorOf(scene) {
  return scene.signed ? differenceColor(scene.theme, largest(scene.maps[0].values)) : weightColorOf(scene.theme, scene.scale);
}

/** The strongest links in words: ‘“it” attends 0.6200 to “animal”’. */
export function strongestLinks({ queries, keys, matrix, words, exact }, count = 3) {
  const order = Array.from(matrix.values.keys()).sort((a, b) => Math.abs(matrix.values[b]) - Math.abs(matrix.values[a]));
  return order.slice(0, count).map((place) => words("attends", {
    query: queries[Math.floor(place / matrix.columns)].text,
    key: keys[place % matrix.columns].text,
    weight: exact ? formatNumber(matrix.values[place]) : NO_NUMBER,
  })).join("; ");
}

/** The largest absolute value, for limits on both sides of zero. */
export function largest(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function layoutOf(scene) {
  const font = `${LABEL_SIZE}px ${scene.theme.font}`;
  return matrixLayout(labelWidths(scene.queries, font), labelWidths(scene.keys, font), matrixRoom(scene.room, scene.narrow));
}

/** Marks, floating labels and readout follow the cell; the matrix is not redrawn. */
function mark(view) {
  const { shown } = view;
  const chosen = Boolean(whole(shown.cell) ?? pinnedCell(shown));
  const cell = currentCell(view);
  view.matrix.classList.toggle("pointed", chosen);
  view.matrix.classList.toggle("marked", Boolean(cell));
  if (cell) {
    view.matrix.style.setProperty("--row", `${cell.query * shown.layout.cell}px`);
    view.matrix.style.setProperty("--column", `${cell.key * shown.layout.cell}px`);
  }
  pointAxis(view.queries, chosen ? cell.query : null);
  pointAxis(view.keys, chosen ? cell.key : null);
  showCell(view.readout, shown, cell, chosen, view.spoken);
  view.spoken = false;
}

function placeFigure(view, { layout, queries, keys, room, narrow }) {
  for (const name of ["cell", "gutter", "above", "labels", "widest"]) {
    view.figure.style.setProperty(`--${name}`, `${layout[name]}px`);
  }
  view.figure.style.setProperty("--angle", `${-layout.angle}deg`);
  view.figure.style.width = `${layout.width}px`;
  view.figure.style.height = `${layout.height}px`;
  view.element.classList.toggle("beside", matrixRoom(room, narrow).beside);
  view.matrix.classList.toggle("ruled", layout.cell >= 12);
  fillAxis(view.queries, queries, layout.cell);
  fillAxis(view.keys, keys, layout.cell);
}

// A matrix with its names: tokens on its sides, the cell under the pointer, and a line that reads it out.
import { drawMatrix } from "./matrix.js";
import { make, tokenElement, tokenLabels } from "./text.js";
import { largestSize, numberAt } from "./message.js";
import { numberElement, shareColor, shortNumber, signedColor, signedGradient } from "./numerals.js";

const LABEL_ROOM = 96;
const LARGEST_SQUARE = 26;
const FEW_COLUMNS = 64;
const MANY_ROWS = 40;
const LABEL_LINE = 14;
const CLOSEST_NAMES = 14;

/** The label of a piece, wherever it stands: one that goes on with a word says so. */
export function pieceLabel(piece, lang) {
  return axisLabels({ pieces: [piece], lang })[0];
}

/** Labels of an axis: token labels of pieces, plain texts, or nothing. */
export function axisLabels(axis) {
  if (!axis) return null;
  if (axis.pieces) return tokenLabels(["▁", ...axis.pieces], axis.lang).slice(1); // the first may go on with a word, too
  return axis.map((text) => ({ text, full: text, lang: "", style: "word" }));
}

/** What a place on an axis is called: its token, or its number counted from 1. */
export function placeName(labels, place) {
  return labels ? tokenElement(labels[place]) : make("span", "place", String(place + 1));
}

/** The colour function that a matrix asks for. */
export function colorOfMatrix(figure, theme) {
  const limit = figure.limit ?? largestSize(figure.values);
  return figure.scale === "weight" ? shareColor(theme, figure.limit ?? 1) : signedColor(theme, figure.role, limit, figure.scale === "even");
}

/**
 * Draw a matrix into `parent`; `point(cell)` is told the cell under the pointer {row, column}, or null, and reads it
 * out in `line()`, which is then shown at the cell.
 *
 * Returns {figure, rows, columns, mark}: `mark(cell)` shows a cell, a row (column null) or a column (row null).
 */
export function drawMatrixFigure(parent, figure, stage, options = {}) {
  const box = parent.appendChild(make("figure", "grid"));
  const [rowCount, columnCount] = figure.values.shape;
  const rows = axisLabels(figure.rows);
  const columns = axisLabels(figure.columns);
  box.append(caption(figure, stage, options));
  const gutter = rows && !figure.bare ? LABEL_ROOM : 0;
  const room = (options.width ?? parent.clientWidth) - gutter;
  const size = cellSize(room, rowCount, columnCount, { height: figure.row_height && rowCount * figure.row_height, ...options });
  const body = box.appendChild(make("div", "grid-body"));
  body.style.setProperty("--cell-w", `${size.width}px`);
  body.style.setProperty("--cell-h", `${size.height}px`);
  if (columns && size.width >= 13 && !figure.bare) body.append(columnNames(columns, gutter, size));
  if (gutter) body.append(rowNames(rows, size));
  const frame = body.appendChild(make("div", "grid-frame"));
  frame.style.marginLeft = `${gutter}px`;
  const canvas = frame.appendChild(make("canvas"));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${figure.title}, ${rowCount} × ${columnCount}`);
  const whole = { width: columnCount * size.width, height: rowCount * size.height };
  drawMatrix(canvas, whole, { values: figure.values.values, rows: rowCount, columns: columnCount }, colorOfMatrix(figure, stage.theme));
  const marks = ["row", "column", "cell"].map((name) => frame.appendChild(make("span", `grid-mark ${name}`)));
  const mark = (cell) => showMarks(marks, cell, size, frame);
  const line = options.line ?? (() => stage.readout);
  listenToCells(frame, figure.title, { rowCount, columnCount }, options.point ?? (() => {}), { show: (x, y) => stage.tip.show(line(), x, y), hide: stage.tip.hide });
  if (figure.note) box.append(make("p", "note", figure.note));
  return { figure, rows, columns, cells: axisLabels(figure.cells), mark, frame, size };
}

function caption(figure, stage, options) {
  const [rowCount, columnCount] = figure.values.shape;
  const line = make("figcaption", `grid-title ${figure.role}`);
  line.append(nameOf(figure.title), make("span", "shape", `${rowCount} × ${columnCount}`));
  if (figure.axes) line.append(make("span", "axis-name", `↓ ${figure.axes[0]} · → ${figure.axes[1]}`));
  if (figure.scale !== "weight" && !options.plain) {
    const largest = largestSize(figure.values);
    const limit = `±${shortNumber(figure.limit ?? largest, 2)}`;
    const beyond = figure.limit && figure.limit < largest;
    line.append(make("span", "limits", beyond ? stage.words("and_beyond", { limit }) : limit));
    const signs = line.appendChild(make("span", "signs")); // which colour is below zero, which above
    signs.setAttribute("aria-hidden", "true");
    const bar = make("span", "sign-scale");
    bar.style.background = signedGradient(stage.theme, figure.role);
    signs.append("−", bar, "+");
  }
  return line;
}

/** A title; what follows an underscore is set lower, as in W_Q. */
function nameOf(text) {
  const [name, index] = text.split("_");
  const element = make("strong", "", name);
  if (index) element.append(make("sub", "", index));
  return element;
}

function cellSize(room, rowCount, columnCount, options) {
  const smallest = columnCount <= FEW_COLUMNS ? 3 : 0;
  const width = Math.min(options.largest ?? LARGEST_SQUARE, Math.max(smallest, room / columnCount));
  if (options.height) return { width, height: options.height / rowCount };
  const square = columnCount <= FEW_COLUMNS / 2;
  const least = rowCount > MANY_ROWS ? 4 : LABEL_LINE;
  return { width, height: square ? Math.max(width, least) : least };
}

function columnNames(labels, gutter, size) {
  const names = make("div", "column-names");
  names.style.marginLeft = `${gutter}px`;
  labels.forEach((label, i) => {
    const name = names.appendChild(tokenElement(label));
    name.style.left = `${(i + 0.5) * size.width}px`;
  });
  return names;
}

function rowNames(labels, size) {
  const names = make("div", "row-names");
  names.style.height = `${labels.length * size.height}px`;
  const step = Math.ceil(CLOSEST_NAMES / size.height); // where they would touch, the pointer tells the others
  labels.forEach((label, i) => {
    if (i % step) return;
    const name = names.appendChild(tokenElement(label));
    name.style.top = `${(i + 0.5) * size.height}px`;
  });
  return names;
}

function showMarks([row, column, cell], place, size, frame) {
  const has = (value) => value !== null && value !== undefined;
  const shown = [has(place?.row), has(place?.column)];
  if (shown[0]) frame.style.setProperty("--row", `${place.row * size.height}px`);
  if (shown[1]) frame.style.setProperty("--column", `${place.column * size.width}px`);
  row.classList.toggle("shown", shown[0]);
  column.classList.toggle("shown", shown[1]);
  cell.classList.toggle("shown", shown[0] && shown[1]);
}

function listenToCells(frame, label, { rowCount, columnCount }, point, tip) {
  let at = null;
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", label);
  const clamp = (value, count) => Math.max(0, Math.min(count - 1, value));
  const tell = (cell) => point((at = cell));
  frame.addEventListener("pointermove", (event) => {
    const area = frame.getBoundingClientRect();
    const row = clamp(Math.floor(((event.clientY - area.top) / area.height) * rowCount), rowCount);
    const column = clamp(Math.floor(((event.clientX - area.left) / area.width) * columnCount), columnCount);
    if (at?.row !== row || at?.column !== column) tell({ row, column });
    tip.show(event.clientX, event.clientY);
  });
  for (const end of ["pointerleave", "blur"]) frame.addEventListener(end, () => { tip.hide(); tell(null); });
  frame.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    if (!move || event.altKey || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation(); // the page turns its leaves with the same keys
    const from = at ?? { row: 0, column: -move[1] };
    tell({ row: clamp(from.row + move[0], rowCount), column: clamp(from.column + move[1], columnCount) });
    const area = frame.getBoundingClientRect();
    tip.show(area.left + ((at.column + 1) / columnCount) * area.width, area.top + ((at.row + 1) / rowCount) * area.height);
  });
}

/** Read out a cell of linked matrices: the names of its place, then each number with its sign. */
export function readCell(line, cell, linked) {
  line.replaceChildren();
  if (!cell) return;
  const first = linked[0];
  const place = make("span", "place-names");
  if (first.cells) place.append(tokenElement(first.cells[cell.row * first.figure.values.shape[1] + cell.column]));
  else place.append(placeName(first.rows, cell.row), make("span", "times", "·"), placeName(first.columns, cell.column));
  line.append(place);
  for (const { figure } of linked) {
    if (figure.sign) line.append(make("span", "sign", figure.sign));
    const part = line.appendChild(make("span", `part ${figure.role}`));
    part.append(make("span", "part-name", figure.title), numberElement(numberAt(figure.values, cell.row, cell.column)));
  }
}

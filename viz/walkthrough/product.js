// A product of matrices, laid out so that each cell of the result stands at the crossing of its row and its column.
import { columnOf, numberAt, rowOf } from "./message.js";
import { drawMatrixFigure, placeName } from "./matrix_figure.js";
import { drawMatrix } from "./matrix.js";
import { make } from "./text.js";
import { numberElement, signedColor, shareColor } from "./numerals.js";
import { readAlong } from "./tip.js";
import { largestSize } from "./message.js";

/** Draw left × right = result; pointing at a cell of the result shows where it came from. */
export function drawProduct(parent, figure, stage) {
  const { left, right, result } = figure;
  const whole = parent.clientWidth;
  const narrow = whole < 640;
  const area = parent.appendChild(make("div", `product ${narrow ? "narrow" : ""}`));
  const cells = ["right", "left", "result"].map((name) => area.appendChild(make("div", `product-${name}`)));
  const half = narrow ? whole : (whole - 40) / 2;
  const sides = { right: [right, cells[0]], left: [left, cells[1]], result: [result, cells[2]] };
  const rowsHeight = Math.min(20, 340 / left.values.shape[0]) * left.values.shape[0];
  const innerHeight = Math.min(220, right.values.shape[0] * 18);
  const drawn = {};
  const options = { left: { height: rowsHeight }, right: { height: innerHeight }, result: { height: rowsHeight } };
  for (const [name, [matrix, cell]] of Object.entries(sides)) {
    drawn[name] = drawMatrixFigure(cell, matrix, stage, {
      ...options[name], width: half, point: (at) => show(origin(name, at, strongest)), line: () => derivation.sum,
    });
  }
  const derivation = createDerivation(parent, stage);
  const strongest = strongestCell(result);
  const show = (at) => {
    const cell = at ?? strongest;
    drawn.left.mark(at && { row: cell.row, column: null });
    drawn.right.mark(at && { row: null, column: cell.column });
    drawn.result.mark(at && cell);
    fillDerivation(derivation, figure, cell, stage, drawn);
  };
  show(null);
  for (const matrix of figure.after) drawAfter(parent, matrix, stage);
}

/** Pointing at a factor keeps the other side of the strongest cell. */
function origin(name, at, strongest) {
  if (!at || name === "result") return at;
  return name === "left" ? { row: at.row, column: strongest.column } : { row: strongest.row, column: at.column };
}

function strongestCell(matrix) {
  const { values, shape } = matrix.values;
  let best = 0;
  values.forEach((value, i) => { if (Math.abs(value) > Math.abs(values[best])) best = i; });
  return { row: Math.floor(best / shape[1]), column: best % shape[1] };
}

function createDerivation(parent, stage) {
  const element = parent.appendChild(make("div", "derivation"));
  const strips = ["row", "column", "terms"].map((name) => {
    const line = element.appendChild(make("div", `strip ${name}`));
    const title = line.appendChild(make("span", "strip-name"));
    const canvas = line.appendChild(make("canvas"));
    canvas.setAttribute("aria-hidden", "true"); // the sum says it
    const strip = { title, canvas, array: null };
    readAlong(canvas, () => strip.array.values.length, stage, (place) => {
      stage.readout.replaceChildren(title.cloneNode(true), make("span", "place", String(place + 1)), numberElement(strip.array.values[place]));
    });
    return strip;
  });
  return { element, strips, sum: element.appendChild(make("p", "sum")) };
}

function fillDerivation({ strips, sum }, figure, cell, stage, drawn) {
  const row = rowOf(figure.left.values, cell.row);
  const column = columnOf(figure.right.values, cell.column);
  const terms = { values: row.values.map((value, i) => value * column.values[i]), shape: row.shape };
  const parts = [[row, figure.left, "row_of"], [column, figure.right, "column_of"], [terms, figure.result, "their_products"]];
  parts.forEach(([array, matrix, key], i) => {
    strips[i].title.className = `strip-name ${matrix.role}`;
    strips[i].title.textContent = { row_of: stage.words("row_of", { name: matrix.title.replace("_", " ") }),
      column_of: stage.words("column_of", { name: matrix.title.replace("_", " ") }), their_products: stage.words("their_products") }[key];
    const color = i < 2 && matrix.scale === "weight" ? shareColor(stage.theme) : signedColor(stage.theme, matrix.role, largestSize(array));
    strips[i].array = array;
    const width = Math.max(60, strips[i].canvas.parentElement.clientWidth - 150);
    drawMatrix(strips[i].canvas, { width, height: 12 }, { values: array.values, rows: 1, columns: array.shape[1] }, color);
  });
  let total = 0;
  for (const value of terms.values) total += value;
  sum.replaceChildren(placeName(drawn.result.rows, cell.row), make("span", "times", "·"), placeName(drawn.result.columns, cell.column));
  sum.append(make("span", "sign", "Σ"), numberElement(total, undefined, "total"));
  if (figure.added) {
    sum.append(make("span", "sign", "+"), make("span", "quiet", stage.words("bias")), numberElement(figure.added.values[cell.column]));
  }
  if (figure.factor !== 1) {
    sum.append(make("span", "sign", "÷"), numberElement(1 / figure.factor));
  }
  const value = numberAt(figure.result.values, cell.row, cell.column);
  sum.append(make("span", "sign", "="), make("span", `part-name ${figure.result.role}`, figure.result.title), numberElement(value, undefined, "result"));
}

function drawAfter(parent, matrix, stage) {
  const box = parent.appendChild(make("div", "after"));
  const line = parent.appendChild(make("p", "readout"));
  const drawn = drawMatrixFigure(box, matrix, stage, {
    line: () => line,
    point: (cell) => {
      drawn.mark(cell);
      line.replaceChildren();
      if (!cell) return;
      line.append(placeName(drawn.rows, cell.row), make("span", "times", "·"), placeName(drawn.columns, cell.column));
      line.append(numberElement(numberAt(matrix.values, cell.row, cell.column)));
    },
  });
}

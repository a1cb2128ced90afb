// Named numbers as bars, and tables of numbers.
import { scrollsSideways } from "./sideways.js";
import { axisLabels, pieceLabel } from "./matrix_figure.js";
import { largestSize } from "./message.js";
import { make, tokenElement } from "./text.js";
import { fixedNumber, numberElement, percentText, powerOfTen, shortNumber } from "./numerals.js";

/** Draw bars, one a line: the name, the bar from zero, the number. */
export function drawBars(parent, figure) {
  const box = parent.appendChild(make("figure", "bars"));
  box.append(titleOf(figure.title, figure.role));
  const list = box.appendChild(make("ol"));
  const limit = figure.limit ?? largestSize(figure.values);
  const text = { percent: percentText, number: (value) => shortNumber(value, 3), tiny: (value) => powerOfTen(value) };
  axisLabels(figure.labels).forEach((label, i) => {
    const value = figure.values.values[i];
    const line = list.appendChild(make("li", i === figure.marked ? "marked" : ""));
    const bar = make("span", `bar ${figure.role}`);
    bar.appendChild(make("span")).style.width = `${Math.min(100, (100 * Math.abs(value)) / limit)}%`;
    if (value < 0) bar.classList.add("below");
    line.append(tokenElement(label, "bar-name"), bar, numberElement(value, text[figure.format](value)));
  });
  if (figure.note) box.append(make("p", "note", figure.note));
}

/** Draw a table; pieces are tokens, numbers keep their full value. */
export function drawTable(parent, figure) {
  const box = parent.appendChild(make("figure", "numbers"));
  box.append(titleOf(figure.title, "text"));
  const table = scrollingTable(box, figure.title);
  const digitsOf = (column) => (Array.isArray(figure.digits) ? figure.digits[column] : figure.digits);
  const head = table.appendChild(make("thead")).appendChild(make("tr"));
  for (const text of figure.heads) head.append(make(text ? "th" : "td", "", text));
  const body = table.appendChild(make("tbody"));
  figure.rows.forEach((row, i) => {
    const line = body.appendChild(make("tr", figure.marked.includes(i) ? "marked" : ""));
    row.forEach((cell, j) => {
      const place = line.appendChild(make(j === 0 ? "th" : "td", typeof cell === "number" ? "number" : ""));
      if (cell === null) return;
      if (typeof cell === "number") place.append(numberElement(cell, tableNumber(cell, digitsOf(j))));
      else if (typeof cell === "object") place.append(tokenElement(pieceLabel(cell.piece, cell.lang)));
      else place.textContent = cell;
    });
  });
  if (figure.note) box.append(make("p", "note", figure.note));
}

/** A number of a table: whole, with so many digits behind the point, or (negative) tiny ones as powers of ten. */
function tableNumber(value, digits) {
  if (!digits) return value.toLocaleString("en");
  return digits < 0 ? shortNumber(value, -digits) : fixedNumber(value, digits);
}

/** A table in a box that scrolls sideways, by keys too, where it is wider than its place. */
export function scrollingTable(parent, name) {
  const scroll = parent.appendChild(make("div", "table-scroll"));
  scrollsSideways(scroll, name);
  return scroll.appendChild(make("table"));
}

/** The title over a figure. */
export function titleOf(text, role) {
  const title = make("figcaption", `grid-title ${role}`);
  title.append(make("strong", "", text));
  title.hidden = !text;
  return title;
}

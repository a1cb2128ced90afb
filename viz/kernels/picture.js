// A drawing on the page: its title, its canvas, the mark nearest to the pointer, and the files it can be taken as.
import { figurePngBlob, figureSvgBlob, framed, typeOf, wrapText } from "./frame.js";
import { canvasPen } from "./pen.js";
import { popover, button } from "./controls.js";
import { sizeCanvas } from "./matrix.js";
import { saveFile, textBlob } from "./save.js";
import { csvCell } from "./takeaway.js";
import { make } from "./text.js";

const REACH = 18; // px around a mark in which it is meant
const TITLE_LINE = 16; // px
const TITLE_NARROWEST = 120;

/** An empty picture; `point(key)` is called with the key of the mark under the pointer, or null. */
export function createPicture(parent, point) {
  const element = parent.appendChild(make("figure", "lens-picture"));
  const picture = { element, drawing: null };
  picture.caption = element.appendChild(make("figcaption", "lens-title"));
  picture.canvas = element.appendChild(make("canvas"));
  picture.canvas.setAttribute("role", "img");
  picture.note = element.appendChild(make("p", "caption"));
  picture.canvas.addEventListener("pointermove", (event) => point(markAt(picture, event)));
  picture.canvas.addEventListener("pointerleave", () => point(null));
  return picture;
}

function markAt({ drawing, canvas }, event) {
  const box = canvas.getBoundingClientRect();
  const distance = ({ x, y }) => Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
  const nearest = drawing?.marks.reduce((best, mark) => (best && distance(best) <= distance(mark) ? best : mark), null);
  return nearest && distance(nearest) <= REACH ? nearest.key : null;
}

/** Show a drawing with its title, what it says to those who do not see it, and a note below. */
export function showPicture(picture, drawing, { title, spoken, note = "", theme }) {
  picture.drawing = drawing;
  picture.caption.textContent = title;
  picture.canvas.setAttribute("aria-label", `${title}: ${spoken}`);
  picture.note.textContent = note;
  const ratio = window.devicePixelRatio || 1;
  const { context } = sizeCanvas(picture.canvas, drawing.width, drawing.height, ratio);
  context.scale(ratio, ratio);
  drawing.draw(canvasPen(context, theme.font));
}

/** A sheet of files of these kinds to take away; `fill` gives it what they are made of. */
export function createTakeaway(parent, kinds = ["png", "svg", "csv"]) {
  const sheet = popover(parent, "lens-takeaway");
  const takeaway = { ...sheet, files: null, buttons: {} };
  for (const kind of kinds) takeaway.buttons[kind] = button(sheet.sheet, "link", () => take(takeaway, kind));
  return takeaway;
}

/** Say what can be taken away: `files()` returns {name, drawing, about, csv}, asked when it is taken. */
export function fillTakeaway(takeaway, files, words, theme) {
  Object.assign(takeaway, { files, theme });
  takeaway.summary.textContent = words("take_away");
  for (const [kind, element] of Object.entries(takeaway.buttons)) element.textContent = words(`take_${kind}`);
}

async function take({ files, theme, element }, kind) {
  const { name, drawing, about, csv } = files();
  element.open = false;
  if (kind === "csv") return saveFile(`${name}.csv`, textBlob(csvText(csv), "text/csv"));
  const figure = framed(drawing, about, theme);
  return saveFile(`${name}.${kind}`, kind === "svg" ? figureSvgBlob(figure) : await figurePngBlob(figure));
}

/** Rows as CSV; lines end in CRLF. */
export function csvText(rows) {
  return `${rows.map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

/** A drawing below its title, as the page shows it: for a file, where no other element says it. */
export function titled(drawing, title, theme) {
  const width = Math.max(drawing.width, TITLE_NARROWEST);
  const lines = wrapText(title, width, typeOf(theme, 600));
  const above = lines.length * TITLE_LINE + 4;
  return {
    width, height: above + drawing.height,
    draw(pen) {
      lines.forEach((line, i) => pen.text(0, (i + 0.5) * TITLE_LINE, line, { color: theme.color("text"), weight: 600 }));
      pen.at(0, above, () => drawing.draw(pen));
    },
  };
}

/** Drawings one beside the other, or below each other, as one. */
export function together(drawings, gap, below = false) {
  const places = [];
  let [x, y] = [0, 0];
  for (const drawing of drawings) {
    places.push([x, y]);
    if (below) y += drawing.height + gap;
    else x += drawing.width + gap;
  }
  const width = below ? Math.max(...drawings.map((each) => each.width)) : x - gap;
  const height = below ? y - gap : Math.max(...drawings.map((each) => each.height));
  return { width, height, draw: (pen) => drawings.forEach((each, i) => pen.at(...places[i], () => each.draw(pen))) };
}

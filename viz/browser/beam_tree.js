// The beam as a tree: columns are steps, nodes are hypotheses, and the path that won runs straight along the top.
import { DECIMALS, formatNumber } from "./numbers.js";
import { outputText, pieceLabel } from "./pieces.js";
import { labelWidths, make, tokenElement } from "./text.js";
import { shape } from "./shapes.js";

const PIECE_FONT = 12; // px
const NODE_HEIGHT = 36;
const ROW_PITCH = 44;
const NODE_PAD = 16;
const COLUMN_GAP = 24;
const NARROWEST = 52;
const WIDEST = 120;
const HEADER = 22;

/**
 * Place the nodes of a beam's record: {column, row, node, parent, children, given_up} each, in one list a step.
 *
 * Nodes stand in the order of their parents, so that no two edges cross; among those of one parent the best path
 * comes first, then the likeliest. Of the last step only what is done is shown, if anything is: nothing follows the rest.
 */
export function treePlaces(steps) {
  const columns = [];
  steps.forEach((nodes, column) => {
    const before = columns[column - 1];
    const places = nodes.map((node) => ({ node, column, parent: before?.byNode[node.parent] ?? null, children: [] }));
    const done = places.filter(({ node }) => node.score !== null);
    const shown = column === steps.length - 1 && done.length ? done : places;
    const ordered = [...shown].sort((a, b) => (a.parent?.row ?? 0) - (b.parent?.row ?? 0)
      || b.node.best - a.node.best || b.node.log_probability - a.node.log_probability);
    ordered.forEach((place, row) => {
      place.row = row;
      place.parent?.children.push(place);
    });
    columns.push({ byNode: places, ordered });
  });
  for (const { ordered } of columns) {
    for (const place of ordered) place.given_up = place.children.length === 0 && place.node.score === null;
  }
  return columns.map(({ ordered }) => ordered);
}

/** A place and all before it, from the first step on. */
export function pathTo(place) {
  return place.parent ? [...pathTo(place.parent), place] : [place];
}

/** The text of the hypothesis that ends at a place. */
export function hypothesisText(place, lang) {
  return outputText(pathTo(place).map(({ node }) => node.piece), lang);
}

/** Build an empty tree. */
export function createTree(parent) {
  const element = parent.appendChild(make("div", "tree"));
  const tree = { element };
  tree.readout = element.appendChild(make("p", "tree-readout"));
  tree.box = element.appendChild(make("div", "tree-box"));
  tree.canvas = tree.box.appendChild(make("div", "tree-canvas"));
  tree.canvas.setAttribute("role", "tree");
  tree.canvas.setAttribute("aria-orientation", "horizontal");
  const pointed = (event) => tree.byButton?.get(event.target.closest("button"));
  tree.canvas.addEventListener("pointerover", (event) => pointTo(tree, pointed(event) ?? null));
  tree.canvas.addEventListener("pointerleave", () => pointTo(tree, null));
  tree.canvas.addEventListener("focusin", (event) => pointTo(tree, pointed(event) ?? null));
  tree.canvas.addEventListener("focusout", () => pointTo(tree, null));
  tree.canvas.addEventListener("keydown", (event) => walkTree(tree, event));
  return tree;
}

/** Draw the places of `treePlaces` with their edges. */
export function drawTree(tree, columns, { lang, theme, words }) {
  const labels = columns.map((places) => places.map(({ node }) => pieceLabel(node.piece, lang)));
  const widths = labels.map((column) => {
    const widest = Math.max(...labelWidths(column, `600 ${PIECE_FONT}px ${theme.font}`));
    return Math.min(WIDEST, Math.max(NARROWEST, Math.ceil(widest) + NODE_PAD));
  });
  const lefts = widths.map((_, column) => widths.slice(0, column).reduce((sum, width) => sum + width + COLUMN_GAP, 0));
  const rows = Math.max(...columns.map((places) => places.length));
  Object.assign(tree, { columns, lang, words, widths, lefts, byButton: new Map(), current: columns[0][0] });
  tree.canvas.style.width = `${lefts.at(-1) + widths.at(-1) + 2}px`;
  tree.canvas.style.height = `${HEADER + rows * ROW_PITCH}px`;
  tree.canvas.setAttribute("aria-label", words("beam_tree"));
  const numbers = columns.map((_, column) => {
    const number = make("span", "tree-step", String(column + 1));
    Object.assign(number.style, { left: `${lefts[column]}px`, width: `${widths[column]}px` });
    return number;
  });
  const buttons = columns.flatMap((places, column) => places.map((place, i) => nodeButton(tree, place, labels[column][i])));
  tree.canvas.replaceChildren(drawEdges(tree), ...numbers, ...buttons);
  stopAtNode(tree, tree.current);
  pointTo(tree, null);
}

function nodeButton(tree, place, label) {
  const { node } = place;
  const button = make("button", "node");
  button.type = "button";
  button.setAttribute("role", "treeitem");
  button.setAttribute("aria-level", String(place.column + 1));
  for (const [name, on] of [["best", node.best], ["ended", node.ended], ["nowhere", leadsNowhere(place)]]) {
    button.classList.toggle(name, on);
  }
  button.append(tokenElement(label), make("span", "log", formatNumber(node.log_probability, DECIMALS.log)));
  const { words } = tree;
  const given_up = place.given_up ? words("beam_node_given_up") : "";
  const state = node.best ? words("beam_node_best") : node.ended ? words("beam_node_ended") : given_up;
  const named = words("beam_node", { token: label.text, number: formatNumber(node.log_probability, DECIMALS.log) });
  button.setAttribute("aria-label", [named, state].filter(Boolean).join(", "));
  Object.assign(button.style, {
    left: `${tree.lefts[place.column]}px`, top: `${topOf(place)}px`, width: `${tree.widths[place.column]}px`,
  });
  tree.byButton.set(button, place);
  place.button = button;
  return button;
}

function topOf(place) {
  return HEADER + place.row * ROW_PITCH;
}

/** All edges in three paths: those of dead ends, of the others, of the winner; and one for what is pointed at. */
function drawEdges(tree) {
  const { width, height } = tree.canvas.style;
  const picture = shape("svg", { class: "edges", width: parseFloat(width), height: parseFloat(height), "aria-hidden": "true" });
  const places = tree.columns.flat().filter((place) => place.parent);
  const lines = (wanted) => places.filter(wanted).map((place) => edge(tree, place)).join("");
  shape("path", { class: "edge nowhere", d: lines(leadsNowhere) }, picture);
  shape("path", { class: "edge", d: lines((place) => !place.node.best && !leadsNowhere(place)) }, picture);
  shape("path", { class: "edge best", d: lines((place) => place.node.best) }, picture);
  tree.trail = shape("path", { class: "edge trail", d: "" }, picture);
  return picture;
}

/** Whether no hypothesis that goes through a place was ever finished. */
export function leadsNowhere(place) {
  return place.children.length ? place.children.every(leadsNowhere) : place.given_up;
}

function edge(tree, place) {
  const from = tree.lefts[place.column - 1] + tree.widths[place.column - 1];
  const to = tree.lefts[place.column];
  const [y0, y1] = [place.parent, place].map((each) => topOf(each) + NODE_HEIGHT / 2);
  const middle = (from + to) / 2;
  return `M${from} ${y0}C${middle} ${y0} ${middle} ${y1} ${to} ${y1}`;
}

/** Tell the whole hypothesis that ends at a place, and mark its path; the best one where none is pointed at. */
function pointTo(tree, place) {
  if (!tree.columns) return;
  const best = tree.columns.flat().filter(({ node }) => node.best).at(-1);
  const shown = place ?? best;
  const path = pathTo(shown);
  for (const marked of tree.canvas.querySelectorAll(".on")) marked.classList.remove("on");
  if (place) for (const { button } of path) button.classList.add("on");
  tree.trail.setAttribute("d", place ? path.filter((each) => each.parent).map((each) => edge(tree, each)).join("") : "");
  const text = make("bdi", "", hypothesisText(shown, tree.lang));
  if (tree.lang) text.lang = tree.lang;
  const values = { number: formatNumber(shown.node.log_probability, DECIMALS.log), count: path.length };
  const { score } = shown.node;
  const told = score === null ? tree.words("beam_read", values) : tree.words("beam_read_ended", { ...values, score: formatNumber(score, DECIMALS.log) });
  tree.readout.replaceChildren(text, make("span", "caption", told));
}

function stopAtNode(tree, place) {
  tree.current.button.tabIndex = -1;
  tree.current = place;
  for (const button of tree.byButton.keys()) button.tabIndex = button === place.button ? 0 : -1;
}

/** Left to the parent, right to the first child, up and down among those of the same step. */
function walkTree(tree, event) {
  const place = tree.byButton.get(event.target.closest("button"));
  if (!place || event.altKey || event.metaKey || event.ctrlKey) return;
  const column = tree.columns[place.column];
  const moves = {
    ArrowLeft: place.parent, ArrowRight: place.children[0], ArrowUp: column[place.row - 1], ArrowDown: column[place.row + 1],
    Home: tree.columns[0][0], End: tree.columns.at(-1)[0],
  };
  if (!Object.hasOwn(moves, event.key)) return;
  event.preventDefault();
  const next = moves[event.key] ?? place;
  stopAtNode(tree, next);
  next.button.focus();
}

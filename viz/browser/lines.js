// The head view: tokens of both sides joined by lines, several heads at once. Canvas for lines, one element a token.
import { columnPlace, columnsLayout, drawValues, focusedLinks, isFocused, valueTitles } from "./columns.js";
import { drawLinks, fullSize, isPlace, largestLink, largestLinks, strandsOf } from "./links.js";
import { partnersOf, readLink, readLinkInFull, shortNumber } from "./linktext.js";
import { sizeCanvas } from "./matrix.js";
import { formatCount, numberElement, setNumber } from "./numbers.js";
import { canvasPen } from "./pen.js";
import { labelWidths, make, setToken, tokenElement } from "./text.js";

const LINE_TYPE = 12; // px
const AROUND = 70; // px: the titles and the two lines of text around the columns
const MOST_PIXELS = 8e6; // of one canvas, lest a long text ask for more than a browser gives
const PLACE = "\u0000"; // where a sentence has its number; no token holds it
const SUMMARY = 5; // links in the text alternative

/** Build the empty head view in `parent`. */
export function createLines(parent, actions) {
  const element = parent.appendChild(make("section", "lines"));
  const view = { element, actions, scene: null, drawn: {}, frame: 0, active: { side: "query", index: 0 } };
  const titles = element.appendChild(make("div", "lines-titles"));
  view.titles = ["query", "key"].map((side) => titles.appendChild(make("span", side)));
  view.valueTitles = titles.appendChild(make("div", "value-titles"));
  view.valueTitles.setAttribute("aria-hidden", "true"); // the tokens say it themselves
  view.box = element.appendChild(make("div", "lines-box"));
  view.stage = view.box.appendChild(make("div", "lines-stage"));
  view.all = view.stage.appendChild(make("canvas", "lines-all"));
  view.all.setAttribute("role", "img");
  view.focus = view.stage.appendChild(make("canvas"));
  view.focus.setAttribute("aria-hidden", "true");
  view.sides = { query: createSide(view, "query"), key: createSide(view, "key") };
  view.read = element.appendChild(make("p", "lines-read"));
  view.number = numberElement();
  view.count = element.appendChild(make("p", "caption"));
  return view;
}

function createSide(view, role) {
  const element = view.stage.appendChild(make("div", `lines-side ${role}`));
  element.setAttribute("role", "listbox");
  element.setAttribute("aria-multiselectable", "true");
  const side = { role, axis: role === "query" ? "queries" : "keys", element, tokens: [] };
  const indexAt = (event) => side.tokens.indexOf(event.target.closest(".token"));
  element.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") pointToken(view, side, indexAt(event));
  });
  element.addEventListener("pointerleave", () => pointToken(view, side, -1));
  element.addEventListener("focusin", (event) => {
    if (event.target.matches(":focus-visible")) pointToken(view, side, indexAt(event));
  });
  element.addEventListener("focusout", () => pointToken(view, side, -1));
  element.addEventListener("click", (event) => {
    const index = indexAt(event);
    if (index < 0) return;
    activate(view, role, index);
    view.actions.pin(side.axis, index);
  });
  element.addEventListener("keydown", (event) => pressKey(view, side, indexAt(event), event));
  return side;
}

/** Tell what is pointed at, once a token. */
function pointToken(view, side, index) {
  const { cell } = view.scene;
  const other = side.role === "query" ? "key" : "query";
  if (index < 0) {
    if (cell) view.actions.point(null);
  } else if (cell?.[side.role] !== index || isPlace(cell[other])) {
    view.actions.point({ query: null, key: null, [side.role]: index });
  }
}

function pressKey(view, side, index, event) {
  if (event.altKey || event.metaKey || event.ctrlKey || index < 0) return;
  const last = side.tokens.length - 1;
  const moves = {
    ArrowUp: ["", index - 1], ArrowDown: ["", index + 1], Home: ["", 0], End: ["", last],
    PageUp: ["", index - 10], PageDown: ["", index + 10], ArrowLeft: ["query", index], ArrowRight: ["key", index],
  };
  if (Object.hasOwn(moves, event.key)) {
    const [role, to] = moves[event.key];
    focusToken(view, role || side.role, to);
  } else if (event.key === "Enter" || event.key === " ") {
    view.actions.pin(side.axis, index);
  } else if (event.key === "Escape") {
    view.actions.clearPins();
    view.actions.point(null);
  } else {
    return;
  }
  event.preventDefault();
}

function focusToken(view, role, index) {
  const { tokens } = view.sides[role];
  const inside = Math.max(0, Math.min(tokens.length - 1, index));
  activate(view, role, inside);
  tokens[inside]?.focus();
}

/** Let the Tab key come to this token. */
function activate(view, role, index) {
  const { sides, active } = view;
  const before = sides[active.side].tokens[active.index];
  if (before) before.tabIndex = -1;
  view.active = { side: role, index };
  const token = sides[role].tokens[index];
  if (token) token.tabIndex = 0;
}

/** Show a scene: texts and places now, strokes in the next frame. */
export function showLines(view, scene) {
  view.scene = scene;
  const { drawn } = view;
  if (drawn.queries !== scene.queries || drawn.keys !== scene.keys) fillSides(view, scene);
  if (drawn.words !== scene.words) dress(view, scene);
  if (!sameRoom(drawn, scene)) placeColumns(view, scene);
  showReading(view, scene);
  if (!view.frame) view.frame = requestAnimationFrame(() => draw(view));
}

function sameRoom(drawn, { queries, keys, maps, room, theme }) {
  return drawn.queries === queries && drawn.keys === keys && drawn.heads === maps.length && drawn.font === theme.font
    && drawn.width === room.width && drawn.height === room.height && drawn.ratio === room.ratio;
}

function fillSides(view, { queries, keys }) {
  for (const [role, labels] of [["query", queries], ["key", keys]]) {
    const side = view.sides[role];
    while (side.tokens.length > labels.length) side.tokens.pop().remove();
    labels.forEach((label, i) => {
      side.tokens[i] ??= side.element.appendChild(createToken(label));
      setToken(side.tokens[i], label);
    });
  }
  const { side, index } = view.active;
  activate(view, side, Math.max(0, Math.min(index, view.sides[side].tokens.length - 1)));
}

function createToken(label) {
  const element = tokenElement(label);
  element.setAttribute("role", "option");
  element.tabIndex = -1;
  return element;
}

function dress(view, { words }) {
  view.titles[0].textContent = words("query");
  view.titles[1].textContent = words("key");
  view.sides.query.element.setAttribute("aria-label", words("query"));
  view.sides.key.element.setAttribute("aria-label", words("key"));
  view.drawn.words = words;
}

function placeColumns(view, scene) {
  const { queries, keys, maps, room, theme } = scene;
  const font = `600 ${LINE_TYPE}px ${theme.font}`;
  const layout = columnsLayout(labelWidths(queries, font), labelWidths(keys, font), maps.length, {
    width: room.width, height: room.height - AROUND,
  });
  view.layout = layout;
  view.element.style.setProperty("--pitch", `${layout.pitch}px`);
  for (const [i, role] of ["query", "key"].entries()) {
    const place = columnPlace(layout, role);
    const { style } = view.sides[role].element;
    style.left = view.titles[i].style.left = `${place.tokens}px`;
    style.width = view.titles[i].style.width = `${layout.tokens[role]}px`;
  }
  Object.assign(view.stage.style, { width: `${layout.width}px`, height: `${layout.height}px` });
  view.box.style.maxHeight = `${layout.sight}px`;
  view.box.classList.toggle("scrolls", layout.height > layout.sight);
  const ratio = Math.min(room.ratio, Math.sqrt(MOST_PIXELS / (layout.width * layout.height)));
  for (const canvas of [view.all, view.focus]) sizeCanvas(canvas, layout.width, layout.height, ratio);
  view.ratio = ratio;
  const { words } = view.drawn;
  view.drawn = { words, queries, keys, heads: maps.length, font: theme.font, ...room };
}

/** What a frame does: the lines where they changed, and always what is pointed at or pinned. */
function draw(view) {
  const began = performance.now();
  const { scene, drawn } = view;
  view.frame = 0;
  if (!sameLines(drawn, scene)) drawAll(view, scene);
  drawFocus(view, scene);
  markTokens(view, scene);
  performance.measure("atlas-lines", { start: began });
}

function sameLines({ maps, strongest, theme }, scene) {
  return theme === scene.theme && maps === scene.maps
    && strongest.count === scene.strongest.count && strongest.threshold === scene.strongest.threshold;
}

function drawAll(view, scene) {
  const { maps, strongest, theme, words } = scene;
  view.strands = strandsOf(scene);
  view.full = fullSize(scene);
  drawLinks(cleared(view.all, view.ratio, theme), view.strands, view.layout, view.full);
  Object.assign(view.drawn, { maps, strongest, theme });
  const sum = (list, count) => list.reduce((total, each) => total + count(each), 0);
  view.count.textContent = words("lines_shown", {
    shown: formatCount(sum(view.strands, ({ links }) => links.values.length)),
    all: formatCount(sum(maps, ({ values }) => sum(values, (value) => value !== 0))),
  });
  const read = (link) => readLink(scene, link, shortNumber(scene, link.value));
  const links = largestLinks(view.strands, SUMMARY).map(read);
  view.all.setAttribute("aria-label", words("lines_picture", {
    heads: maps.map((map) => map.name).join(", "), links: links.join("; ") || words("nothing"),
  }));
  for (const [role, { tokens }] of Object.entries(view.sides)) {
    tokens.forEach((token, i) => token.setAttribute("aria-label", partnersOf(scene, role, i)));
  }
}

function cleared(canvas, ratio, theme) {
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  return canvasPen(context, theme.font);
}

function drawFocus(view, scene) {
  const focused = isFocused(scene);
  view.stage.classList.toggle("focused", focused);
  const pen = cleared(view.focus, view.ratio, scene.theme);
  const titles = ["query", "key"].flatMap((side) => valueTitles(scene, view.layout, side));
  view.valueTitles.replaceChildren(...titles.map(({ x, width, label, role }) => {
    const title = tokenElement(label, role);
    Object.assign(title.style, { left: `${x}px`, width: `${width}px`, paddingRight: [...label.text].length > 1 ? "5px" : "1px" });
    return title;
  }));
  if (!focused) return;
  drawLinks(pen, view.strands, view.layout, view.full, { keep: focusedLinks(scene), boldness: 1.35 });
  drawValues(pen, scene, view.layout);
}

/** Mark tokens pointed at, pinned, and those that lines lead to. */
function markTokens(view, scene) {
  const keep = focusedLinks(scene);
  const lit = { query: new Set(), key: new Set() };
  for (const { links } of view.strands) {
    links.queries.forEach((query, i) => {
      if (!keep(query, links.keys[i])) return;
      lit.query.add(query);
      lit.key.add(links.keys[i]);
    });
  }
  for (const { role, axis, tokens } of Object.values(view.sides)) {
    tokens.forEach((token, i) => {
      const pinned = scene.pinned[axis].has(i);
      token.classList.toggle("pointed", scene.cell?.[role] === i);
      token.classList.toggle("lit", lit[role].has(i));
      if (token.ariaSelected !== String(pinned)) token.ariaSelected = String(pinned);
    });
  }
}

/** One line under the picture: the largest link of what is pointed at or pinned, or of all. */
function showReading(view, scene) {
  const one = (set) => (set.size === 1 ? [...set][0] : null);
  const where = scene.cell ?? { query: one(scene.pinned.queries), key: one(scene.pinned.keys) };
  const link = largestLink(scene, where);
  if (!link) return view.read.replaceChildren();
  const [before, after] = readLinkInFull(scene, link, PLACE).split(PLACE);
  setNumber(view.number, link.value, scene.exact);
  view.read.replaceChildren(before, view.number, after);
}

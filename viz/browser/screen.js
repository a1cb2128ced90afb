// What is on the screen as a drawing: an element's boxes, bars, canvases and texts, read from where the browser put them.
// So a view of elements has one drawing path: its figure has the marks of the page, with their colours and their places.
import { fitText } from "./frame.js";

// Controls and hints: on the page to be used, and nothing on paper.
const SCREEN_ONLY = "input, progress, .player button, .switch, .hint, .instead, .opener, .unseen, .hidden-text, .notice, details:not([open]) > *";
const BOXES_ASIDE = 1; // px that a text may reach over its box before it counts as cut off
const SLICES = 64; // of a gradient
const BASELINE_OF_PEN = 0.35; // as in pen.js: of the size of type, from the middle of a line to its baseline
const CURVE = /M([-\d.]+) ([-\d.]+)C[-\d.]+ [-\d.]+ [-\d.]+ [-\d.]+ ([-\d.]+) ([-\d.]+)/g; // an edge, as trees draw it

/**
 * What elements show, as a drawing {width, height, draw(pen)}: whole, also what their scrolling boxes hide.
 *
 * Sizes and places are the page's, in CSS pixels.
 */
export function screenDrawing(elements) {
  const whole = unrolled(elements);
  try {
    const paper = { marks: [], left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
    for (const element of elements) readElement(paper, element, 1);
    if (!paper.marks.length) return { width: 0, height: 0, draw() {} };
    const draw = (pen) => pen.at(-paper.left, -paper.top, () => { for (const mark of paper.marks) mark(pen); });
    return { width: paper.right - paper.left, height: paper.bottom - paper.top, draw };
  } finally {
    whole.undo();
  }
}

/** Show all of what scrolls until `undo` is called; between the two nothing is painted. */
function unrolled(elements) {
  const inside = elements.flatMap((element) => [element, ...element.querySelectorAll("*")]);
  const places = inside.filter((each) => each.scrollTop || each.scrollLeft).map((each) => [each, each.scrollLeft, each.scrollTop]);
  for (const element of elements) element.classList.add("whole");
  return {
    undo() {
      for (const element of elements) element.classList.remove("whole");
      for (const [each, left, top] of places) each.scrollTo({ left, top, behavior: "instant" });
    },
  };
}

function readElement(paper, element, above) {
  if (element.matches(SCREEN_ONLY) || !element.checkVisibility({ visibilityProperty: true })) return;
  const style = getComputedStyle(element);
  const opacity = above * Number(style.opacity);
  readBox(paper, element.getBoundingClientRect(), style, opacity);
  if (element instanceof HTMLCanvasElement) readCanvas(paper, element, opacity);
  else if (element instanceof SVGElement) readEdges(paper, element, opacity);
  else if (element instanceof HTMLSelectElement) readChoice(paper, element, style, opacity);
  else {
    for (const node of element.childNodes) {
      if (node instanceof Element) readElement(paper, node, opacity);
      else if (node instanceof Text) readText(paper, node, style, opacity);
    }
  }
}

/** Put a mark on the paper, which grows to hold its box. */
function put(paper, { x, y, width, height }, mark) {
  paper.left = Math.min(paper.left, x);
  paper.top = Math.min(paper.top, y);
  paper.right = Math.max(paper.right, x + width);
  paper.bottom = Math.max(paper.bottom, y + height);
  paper.marks.push(mark);
}

/** {color: #rrggbb, opacity} of a computed colour; null where nothing is seen of it. */
function paint(text, opacity) {
  const [, space, list] = /^(rgba?|color)\((.*)\)$/.exec(text) ?? [];
  if (!list) return null;
  const numbers = list.replace("srgb", "").split(/[\s,/]+/).filter(Boolean).map(Number);
  const channels = numbers.slice(0, 3).map((value) => Math.round(space === "color" ? 255 * value : value));
  const seen = (numbers[3] ?? 1) * opacity;
  return seen > 0 ? { color: `#${channels.map((value) => value.toString(16).padStart(2, "0")).join("")}`, opacity: seen } : null;
}

function readBox(paper, box, style, opacity) {
  if (!box.width || !box.height) return;
  const { x, y, width, height } = box;
  const radii = ["TopLeft", "TopRight", "BottomRight", "BottomLeft"].map((corner) => parseFloat(style[`border${corner}Radius`]) || 0);
  const fill = paint(style.backgroundColor, opacity);
  if (fill) put(paper, box, (pen) => pen.box([x, y, width, height], { ...fill, radii }));
  readGradient(paper, box, style.backgroundImage);
  for (const [side, edge] of Object.entries(edgesOf(box))) {
    const wide = style[`border${side}Style`] === "solid" ? parseFloat(style[`border${side}Width`]) : 0;
    const line = wide && paint(style[`border${side}Color`], opacity);
    if (line) put(paper, box, (pen) => pen.rects(edge(wide), line));
  }
  const outline = style.outlineStyle === "solid" && paint(style.outlineColor, opacity);
  if (outline) readRing(paper, box, { ...outline, radii }, parseFloat(style.outlineWidth), -parseFloat(style.outlineOffset));
  readShadow(paper, box, style.boxShadow, radii, opacity);
}

/** Of each side of a box, the boxes of a line of some width along it. */
function edgesOf({ x, y, width, height }) {
  return {
    Top: (wide) => [x, y, width, wide], Bottom: (wide) => [x, y + height - wide, width, wide],
    Left: (wide) => [x, y, wide, height], Right: (wide) => [x + width - wide, y, wide, height],
  };
}

/** A line around a box, `inset` px inside its edge or, where that is negative, outside. */
function readRing(paper, { x, y, width, height }, style, wide, inset) {
  const away = inset - wide / 2;
  const ring = [x + away, y + away, width - 2 * away, height - 2 * away];
  const bounds = { x: x - Math.max(0, wide - inset), y: y - Math.max(0, wide - inset), width, height };
  put(paper, bounds, (pen) => pen.box(ring, { ...style, line: wide }));
}

/** A shadow without blur is a line: around the box, or along one of its sides. */
function readShadow(paper, box, text, radii, opacity) {
  const [, color, x, y, spread, inset] = /^((?:rgba?|color)\([^)]*\)) ([-\d.]+)px ([-\d.]+)px 0px ([\d.]+)px( inset)?$/.exec(text) ?? [];
  const line = color && paint(color, opacity);
  if (!line) return;
  if (Number(spread)) readRing(paper, box, { ...line, radii }, Number(spread), inset ? Number(spread) : 0);
  else if (inset) {
    const [side, wide] = Number(y) ? [Number(y) < 0 ? "Bottom" : "Top", Math.abs(y)] : [Number(x) < 0 ? "Right" : "Left", Math.abs(x)];
    put(paper, box, (pen) => pen.rects(edgesOf(box)[side](wide), line));
  }
}

/** A scale from left to right whose colours are evenly spaced. */
function readGradient(paper, box, image) {
  if (!image.startsWith("linear-gradient(to right, rgb")) return;
  const stops = [...image.matchAll(/rgb\((\d+), (\d+), (\d+)\)/g)].map(([, ...channels]) => channels.map(Number));
  const { x, y, width, height } = box;
  put(paper, box, (pen) => {
    for (let i = 0; i < SLICES; i++) {
      const place = (i / (SLICES - 1)) * (stops.length - 1);
      const at = Math.min(stops.length - 2, Math.floor(place));
      const color = stops[at].map((value, channel) => Math.round(value + (place - at) * (stops[at + 1][channel] - value)));
      pen.rects([x + (i * width) / SLICES, y, width / SLICES + (i < SLICES - 1 ? 0.5 : 0), height], { color: `rgb(${color.join(",")})` });
    }
  });
}

function readCanvas(paper, canvas, opacity) {
  const box = canvas.getBoundingClientRect();
  if (canvas.width && canvas.height) put(paper, box, (pen) => pen.image(box.x, box.y, box.width, box.height, canvas, opacity));
}

/** The edges of a tree. */
function readEdges(paper, picture, opacity) {
  const box = picture.getBoundingClientRect();
  for (const path of picture.querySelectorAll("path.edge")) {
    const style = getComputedStyle(path);
    const line = paint(style.stroke, opacity);
    const ends = [...path.getAttribute("d").matchAll(CURVE)].flatMap(([, ...numbers]) => numbers.map(Number));
    const segments = ends.map((value, i) => value + (i % 2 ? box.y : box.x));
    if (line && ends.length) put(paper, box, (pen) => pen.curves(segments, { ...line, width: parseFloat(style.strokeWidth), bend: 0.5 }));
  }
}

/** A list shows what is chosen of it. */
function readChoice(paper, list, style, opacity) {
  const box = list.getBoundingClientRect();
  const pad = parseFloat(style.paddingLeft) + parseFloat(style.borderLeftWidth);
  const line = { text: list.selectedOptions[0]?.textContent ?? "", box: { x: box.x + pad, y: box.y, width: box.width - pad, height: box.height } };
  write(paper, list, { ...line, limit: box.right - 16 }, style, opacity);
}

/** The lines of a text, each where the browser put it; what an ellipsis ends on the page, ends with one here. */
function readText(paper, node, style, opacity) {
  if (!node.data.trim()) return;
  const lines = linesOf(node);
  const element = node.parentElement;
  const mark = getComputedStyle(element, "::before");
  if (lines.length && node === element.firstChild && /^".+"$/.test(mark.content)) {
    const { x, y, height } = lines[0].box;
    write(paper, element, { text: mark.content.slice(1, -1), box: { x, y, width: 0, height }, anchor: "end" }, mark, opacity);
  }
  const limit = clippedAt(element);
  for (const line of lines) write(paper, element, { ...line, limit }, style, opacity);
}

function linesOf(node) {
  const range = document.createRange();
  const boxOf = (start, end) => {
    range.setStart(node, start);
    range.setEnd(node, end);
    return [...range.getClientRects()].filter(({ width }) => width > 0);
  };
  const all = boxOf(0, node.length);
  if (all.length <= 1) return all.map((box) => ({ text: node.data, box }));
  const lines = [];
  for (let i = 0; i < node.length;) {
    const char = String.fromCodePoint(node.data.codePointAt(i));
    const [box] = boxOf(i, i + char.length);
    i += char.length;
    const last = lines.at(-1);
    if (!box) continue;
    if (last && Math.abs(last.box.y - box.y) < box.height / 2) {
      last.text += char;
      last.box.width = box.right - last.box.x;
    } else lines.push({ text: char, box: { x: box.x, y: box.y, width: box.width, height: box.height } });
  }
  return lines.map(({ text, box }) => ({ text: text.trimEnd(), box }));
}

/** Where texts of an element are cut off at the right: Infinity where they are not. */
function clippedAt(element) {
  for (let each = element; each && !each.classList.contains("atlas"); each = each.parentElement) {
    const { overflowX, textOverflow } = getComputedStyle(each);
    if (textOverflow === "ellipsis" && overflowX !== "visible") return each.getBoundingClientRect().right;
  }
  return Infinity;
}

let inks = null; // a context to measure with

function write(paper, element, { text, box, limit = Infinity, anchor }, style, opacity) {
  const ink = paint(style.color, opacity);
  if (!ink || !text) return;
  const size = parseFloat(style.fontSize);
  const weight = Number(style.fontWeight);
  const italic = style.fontStyle === "italic";
  const font = `${italic ? "italic " : ""}${weight} ${size}px ${style.fontFamily}`;
  inks ??= document.createElement("canvas").getContext("2d");
  inks.font = font;
  const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = inks.measureText("x");
  const baseline = box.y + (box.height - ascent - descent) / 2 + ascent;
  const cut = box.x + box.width > limit + BOXES_ASIDE ? fitText(text, limit - box.x, font) : text;
  const side = anchor ?? (cut === text ? { right: "end", end: "end", center: "middle" }[style.textAlign] : undefined) ?? "start";
  const x = box.x + { start: 0, middle: box.width / 2, end: box.width }[side];
  const shown = { ...ink, size, weight, italic, anchor: side, lang: element.closest("[lang]")?.lang };
  const { y, height } = box;
  put(paper, { x: box.x, y, width: Math.min(box.width, limit - box.x), height }, (pen) => {
    pen.text(x, baseline - BASELINE_OF_PEN * size, cut, shown);
    const through = { underline: baseline + 2, "line-through": baseline - 0.28 * size }[style.textDecorationLine];
    if (through !== undefined) pen.lines([box.x, through, box.x + Math.min(box.width, limit - box.x), through], { ...ink, width: 1 });
  });
}

// The two columns of tokens of the head view: where they stand, and the weights beside them.
import { fullSize, isPlace, mapOpacity, shareOpacity } from "./links.js";
import { shortNumber } from "./linktext.js";

const PITCH_SMALLEST = 14; // a line of 12 px type
const PITCH_LARGEST = 30;
const ROWS_IN_SIGHT = 48; // more scroll inside the view
const TOKEN_WIDEST = 120;
const TOKEN_PADDING = 12; // both sides, as in lines.css
const LINES_NARROWEST = 84;
const LINES_WIDEST = 480;
const MARGIN = 5; // between a token and its lines, and between a token and its weights
const NUMBER_WIDTH = 40; // a difference with two decimals and its sign
const NUMBERS_WIDEST = 4 * NUMBER_WIDTH; // several pinned tokens, where there is room
const SQUARE_WIDTH = 9;
const NAME_NARROWEST = 18; // below this a column is named by the first letter alone
const LETTER_NARROWEST = 9;
const ROOMY = 18; // a pitch that leaves a bar some air

/**
 * Where everything of the head view is, in CSS pixels.
 *
 * `queryWidths` and `keyWidths` are the widths of the tokens, `heads` how many are drawn, `room` is {width, height}
 * for the columns alone. Lines run from `left` to `right`, tokens are `tokens.query` and `tokens.key` wide, weights
 * stand outside of them, `values.query` and `values.key` wide. `sight` is the height in view, `height` the whole.
 */
export function columnsLayout(queryWidths, keyWidths, heads, room) {
  const count = Math.max(queryWidths.length, keyWidths.length, 1);
  const sightLimit = Math.min(room.height, ROWS_IN_SIGHT * PITCH_SMALLEST);
  const pitch = Math.max(PITCH_SMALLEST, Math.min(PITCH_LARGEST, Math.floor(sightLimit / count)));
  const height = count * pitch;
  const sight = Math.min(height, Math.max(sightLimit, 6 * PITCH_SMALLEST));
  const width = room.width - (height > sight ? 16 : 0); // a scroll bar
  const widest = (widths) => Math.ceil(Math.min(Math.max(0, ...widths), TOKEN_WIDEST, 0.24 * width) + TOKEN_PADDING);
  const tokens = { query: widest(queryWidths), key: widest(keyWidths) };
  const budget = Math.max(NUMBER_WIDTH, (width - tokens.query - tokens.key - 4 * MARGIN - LINES_NARROWEST) / 2);
  const digits = heads * NUMBER_WIDTH;
  const wanted = digits <= Math.min(budget, 3 * NUMBER_WIDTH) ? digits : heads * SQUARE_WIDTH;
  const least = Math.min(Math.max(wanted, NUMBER_WIDTH), budget);
  const left = least + tokens.query + 2 * MARGIN;
  const between = width - left - tokens.key - least - 2 * MARGIN;
  const right = left + Math.max(LINES_NARROWEST, Math.min(LINES_WIDEST, between));
  const rest = width - right - tokens.key - 2 * MARGIN;
  const values = { query: least, key: Math.max(least, Math.min(rest, NUMBERS_WIDEST)) };
  return { pitch, height, sight, tokens, values, left, right, width: right + tokens.key + values.key + 2 * MARGIN };
}

/** The x of one side's parts: where its tokens begin and where its weights begin. */
export function columnPlace(layout, side) {
  return side === "query"
    ? { tokens: layout.left - MARGIN - layout.tokens.query, values: 0 }
    : { tokens: layout.right + MARGIN, values: layout.right + 2 * MARGIN + layout.tokens.key };
}

/**
 * The tokens that the weights are told of: the one pointed at, else the pinned ones.
 *
 * Returns positions of the side "query" or "key".
 */
export function chosenTokens(scene, side) {
  const pointed = scene.cell?.[side];
  if (isPlace(pointed)) return [pointed];
  return [...scene.pinned[side === "query" ? "queries" : "keys"]].sort((a, b) => a - b);
}

/** Whether anything is pointed at or pinned, so that the rest steps back. */
export function isFocused(scene) {
  return chosenTokens(scene, "query").length + chosenTokens(scene, "key").length > 0;
}

/** A test for the links (query, key) that belong to what is pointed at or pinned. */
export function focusedLinks(scene) {
  const { cell, pinned } = scene;
  if (isPlace(cell?.query) && isPlace(cell?.key)) return (query, key) => query === cell.query && key === cell.key;
  const { queries, keys } = pinned;
  return (query, key) => query === cell?.query || key === cell?.key || queries.has(query) || keys.has(key);
}

/** Where the columns of values of one side stand: {chosen, width, start}, one column a chosen token and head. */
function valueColumns(scene, layout, side) {
  const chosen = chosenTokens(scene, side === "key" ? "query" : "key");
  const count = chosen.length * scene.maps.length;
  const width = Math.min(NUMBER_WIDTH, layout.values[side] / Math.max(1, count));
  const flush = side === "query" ? layout.values.query - width * count : 0; // to the tokens
  return { chosen, width, start: columnPlace(layout, side).values + flush };
}

/**
 * Over the values of one side, whose they are: [{x, width, label, role}], one a chosen token of the other side.
 *
 * A letter where a token's columns are too narrow for a name, none where they are too narrow for a letter.
 */
export function valueTitles(scene, layout, side) {
  const { chosen, width, start } = valueColumns(scene, layout, side);
  const whole = width * scene.maps.length;
  if (whole < LETTER_NARROWEST) return [];
  const named = (label) => (whole < NAME_NARROWEST ? { ...label, text: [...label.text][0] ?? "", style: "word" } : label);
  const [labels, role] = side === "key" ? [scene.queries, "query"] : [scene.keys, "key"];
  return chosen.map((token, i) => ({ x: start + i * whole, width: whole, label: named(labels[token]), role }));
}

/**
 * The values beside the tokens of one side, of the other's chosen tokens: each {x, width, row, value, color}.
 *
 * One column a chosen token and head, in that order. `numbers` says whether a column is wide enough for digits.
 */
export function valuesBeside(scene, layout, side) {
  const { chosen, width, start } = valueColumns(scene, layout, side);
  const columns = chosen.flatMap((token) => scene.maps.map((map) => ({ token, map })));
  const count = side === "key" ? scene.columns : scene.rows;
  const colorOf = (map, value) => (scene.signed ? scene.theme.color(value < 0 ? "negative" : "positive") : map.color);
  const cells = columns.flatMap(({ token, map }, i) => Array.from({ length: count }, (_, row) => {
    const value = map.values[side === "key" ? token * scene.columns + row : row * scene.columns + token];
    return { x: start + i * width, width, row, value, color: colorOf(map, value), opacity: mapOpacity(map) };
  }));
  return { cells, numbers: width >= NUMBER_WIDTH };
}

/** Draw the values beside both sides: a bar and its number where there is room for it, else a square. */
export function drawValues(pen, scene, layout) {
  const full = fullSize(scene);
  const colors = { text: scene.theme.color("text"), quiet: scene.theme.color("quiet") };
  for (const side of ["query", "key"]) {
    const { cells, numbers } = valuesBeside(scene, layout, side);
    for (const cell of cells) {
      const share = Math.min(1, Math.abs(cell.value) / full);
      if (numbers) drawNumber(pen, cell, share, layout.pitch, shortNumber(scene, cell.value), colors);
      else if (share > 0) drawSquare(pen, cell, share, layout.pitch);
    }
  }
}

function drawNumber(pen, { x, width, row, color, opacity }, share, pitch, number, colors) {
  const y = (row + 0.5) * pitch;
  const [below, high] = pitch < ROOMY ? [5, 2] : [7, 3];
  if (share >= 0.005) pen.rects([x + 3, y + below, (width - 8) * share, high], { color, opacity });
  pen.text(x + width - 5, y, number, { color: share >= 0.005 ? colors.text : colors.quiet, anchor: "end", opacity });
}

function drawSquare(pen, { x, width, row, color, opacity }, share, pitch) {
  pen.rects([x, row * pitch + 1, width - 1, pitch - 2], { color, opacity: opacity * shareOpacity(share) });
}

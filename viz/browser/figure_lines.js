// The lines of a scene as a figure: what the head view shows, whole, with what is pinned.
import { columnPlace, columnsLayout, drawValues, focusedLinks, isFocused, valueTitles } from "./columns.js";
import { aboutScene, drawToken, framed, typeOf } from "./frame.js";
import { drawLinks, fullSize, strandsOf } from "./links.js";
import { labelWidths } from "./text.js";

const ROOM = { width: 900, height: Infinity }; // for lines as long as on the page, and numbers of several pins
const LINE = 18; // px
const LEGEND_GAP = 12;
const FADED = 0.13; // what is not pinned, as on the page

/** The lines of a scene as a figure: with what is pinned, whatever is pointed at. */
export function linesFigure(shown, about = aboutScene(shown)) {
  const scene = { ...shown, cell: null };
  const { queries, keys, maps, theme, words } = scene;
  const widths = (labels) => labelWidths(labels, typeOf(theme, 600));
  const layout = columnsLayout(widths(queries), widths(keys), maps.length, ROOM);
  const left = scene.pinned.keys.size ? 0 : layout.values.query; // no room for values where none are shown
  const width = layout.width - left - (scene.pinned.queries.size ? 0 : layout.values.key);
  const legend = legendRows(entriesOf(scene), width, theme);
  const draw = (pen) => {
    pen.at(-left, 0, () => {
      const [query, key] = ["query", "key"].map((side) => columnPlace(layout, side).tokens);
      const title = (side) => ({ color: theme.color(side), weight: 600 });
      pen.text(query + layout.tokens.query, 8, words("query"), { ...title("query"), anchor: "end" });
      pen.text(key, 8, words("key"), title("key"));
      for (const each of ["query", "key"].flatMap((side) => valueTitles(scene, layout, side))) {
        const place = { theme, anchor: "end", width: Math.max(each.width - 6, 14), color: theme.color(each.role), weight: 600 };
        drawToken(pen, each.x + each.width - 5, 8, each.label, place);
      }
      pen.at(0, LINE, () => drawColumns(pen, scene, layout));
    });
    pen.at(0, LINE + layout.height + LEGEND_GAP, () => drawLegend(pen, legend, theme));
  };
  const height = LINE + layout.height + (legend.height ? LEGEND_GAP + legend.height : 0);
  return framed({ width, height, draw }, about, theme);
}

/** What colours mean: heads, where there are several, or signs. */
function entriesOf({ signed, maps, theme }) {
  if (signed) return [["positive", "+"], ["negative", "−"]].map(([sign, name]) => ({ color: theme.color(sign), name }));
  return maps.length > 1 ? maps.map(({ color, name }) => ({ color, name })) : [];
}

function drawColumns(pen, scene, layout) {
  const { queries, keys, theme, pinned } = scene;
  const strands = strandsOf(scene);
  const full = fullSize(scene);
  const focused = isFocused(scene);
  drawLinks(pen, strands, layout, full, { fade: focused ? FADED : 1 });
  if (focused) {
    drawLinks(pen, strands, layout, full, { keep: focusedLinks(scene) });
    drawValues(pen, scene, layout);
  }
  const sides = [["query", queries, pinned.queries, "end"], ["key", keys, pinned.keys, "start"]];
  for (const [side, labels, set, anchor] of sides) {
    const { tokens } = columnPlace(layout, side);
    labels.forEach((label, i) => {
      const marked = set.has(i) ? { color: theme.color(side), weight: 600 } : {};
      const x = anchor === "end" ? tokens + layout.tokens.query : tokens;
      drawToken(pen, x, (i + 0.5) * layout.pitch, label, { theme, anchor, width: layout.tokens[side], ...marked });
    });
  }
}

/** Entries {color, name} in as many rows as they need: {placed, height}. */
function legendRows(entries, width, theme) {
  const widths = labelWidths(entries.map(({ name }) => ({ text: name })), typeOf(theme)).map((each) => each + 32);
  let [x, row] = [0, 0];
  const placed = entries.map((entry, i) => {
    if (x > 0 && x + widths[i] > width) [x, row] = [0, row + 1];
    const at = { ...entry, x, y: (row + 0.5) * LINE };
    x += widths[i];
    return at;
  });
  return { placed, height: entries.length ? (row + 1) * LINE : 0 };
}

function drawLegend(pen, { placed }, theme) {
  for (const { x, y, color, name } of placed) {
    pen.rects([x, y - 5, 10, 10], { color });
    pen.text(x + 16, y, name, { color: theme.color("text") });
  }
}

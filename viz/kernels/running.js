// The running model under another set filter or kernel: who may see whom, the weights, and each piece of the output.
import { createMap } from "./cells.js";
import { mapDrawing, thumbnailDrawing } from "./map_figure.js";
import { button } from "./controls.js";
import { decimalsFor, formatNumber, numberOf, phrase } from "./numbers.js";
import { createTakeaway, fillTakeaway, showPicture, titled, together } from "./picture.js";
import { smallNumber } from "./small_number.js";
import { createStepTable, fillStepTable } from "./step_table.js";
import { make, tokenElement, tokenLabels } from "./text.js";
import { weightColorOf } from "./theme.js";

const THUMBNAIL = 104;
const SMALLEST_CHANGE = 1e-6; // nats: below it, rounding of 32-bit numbers; shown by its size
const GAP = 24;

/** Build the empty view. */
export function createRunning(root) {
  const view = { root, scene: null, cell: null };
  view.redraw = () => drawMaps(view);
  view.filters = root.appendChild(make("div", "lens-filters"));
  view.filters.setAttribute("role", "group");
  view.summary = root.appendChild(make("p", "lens-summary"));
  view.summary.setAttribute("role", "status");
  const maps = root.appendChild(make("div", "lens-pictures"));
  view.maps = ["visible", "before", "after"].map((name) => ({ name, picture: createMap(maps, view) }));
  const row = root.appendChild(make("div", "lens-controls"));
  view.readout = row.appendChild(make("p", "lens-readout"));
  view.takeaway = createTakeaway(row);
  view.steps = createStepTable(root);
  return view;
}

/** Show a message: what the filters let through, and the pass under the chosen one beside the pass as trained. */
export function showRunning(view, scene) {
  if (view.scene?.header !== scene.header) view.cell = null;
  const { header, words } = scene;
  view.scene = { ...scene, after: tokenLabels(header.keys_after, header.key_lang) };
  showFilters(view);
  showSummary(view);
  drawMaps(view);
  fillStepTable(view.steps, scene);
  fillTakeaway(view.takeaway, () => runningFiles(view), words, scene.theme);
  fillTakeaway(view.steps.takeaway, () => stepFiles(view.scene), words, scene.theme);
}

function showFilters(view) {
  const { header, arrays, words, theme, choose } = view.scene;
  view.filters.hidden = !header.filters.length;
  view.filters.setAttribute("aria-label", words("filters"));
  const shape = JSON.stringify(header.filters.map(({ id }) => id));
  if (view.filters.dataset.shape !== shape) {
    view.filters.dataset.shape = shape;
    view.filters.replaceChildren();
    view.thumbnails = header.filters.map(({ id }) => {
      const element = button(view.filters, "lens-filter", () => view.scene.choose(id));
      return { id, element, canvas: createThumbnail(element), name: element.appendChild(make("span")) };
    });
  }
  header.filters.forEach(({ id, rows, columns }, i) => {
    const { element, canvas, name } = view.thumbnails[i];
    element.disabled = !choose;
    element.setAttribute("aria-pressed", String(id === header.chosen));
    name.textContent = words(`filter_${id}`);
    const matrix = { values: arrays[`filter_${id}`], rows, columns };
    const drawing = thumbnailDrawing(matrix, seenColor(theme), theme, THUMBNAIL);
    showPicture(canvas, drawing, { title: "", spoken: words("filter_spoken", { seen: shareSeen(matrix) }), theme });
  });
}

function createThumbnail(parent) {
  return { canvas: parent.appendChild(make("canvas")), caption: make("span"), note: make("span") };
}

function shareSeen({ values }) {
  return `${Math.round((100 * values.filter((value) => value > 0).length) / values.length)} %`;
}

function seenColor(theme) {
  const shade = (share) => theme.pixels[Math.round(share * (theme.pixels.length - 1))];
  return (value) => shade(value ? 0.25 + 0.35 * value : 0.03);
}

function showSummary({ summary, scene }) {
  const { header, arrays, words } = scene;
  const sum = (values) => values.reduce((all, value) => all + value, 0);
  const [before, after] = [sum(arrays.log_before), sum(arrays.log_after)];
  const change = after - before;
  const decimals = Math.abs(change) < SMALLEST_CHANGE ? 2 : Math.max(2, decimalsFor(Math.abs(change), 2));
  const divergence = sum(arrays.divergence) / arrays.divergence.length;
  summary.replaceChildren(...phrase(words("running_summary"), {
    before: numberOf(before, decimals), after: numberOf(after, decimals),
    change: Math.abs(change) < SMALLEST_CHANGE ? smallNumber(change) : numberOf(change, decimals),
    divergence: divergence < SMALLEST_CHANGE ? smallNumber(divergence) : numberOf(divergence, Math.max(3, decimalsFor(divergence, 2))),
  }));
  summary.append(" ", header.note);
}

function drawMaps(view) {
  const { scene, cell } = view;
  const { words, theme, width, narrow } = scene;
  const each = narrow ? width : Math.floor((width - 2 * GAP) / 3);
  view.drawings = view.maps.map(({ name, picture }) => {
    picture.matrix = matrixOf(scene, name);
    const keys = name === "before" ? scene.keys : scene.after;
    const inside = cell && placed(scene, cell, name);
    const color = name === "visible" ? seenColor(theme) : weightColorOf(theme);
    const drawing = mapDrawing({ matrix: picture.matrix, labels: { queries: scene.queries, keys }, color, cell: inside, theme, width: each });
    const cellAt = drawing.cellAt;
    if (name === "before") drawing.cellAt = (x, y) => movedCell(cellAt(x, y), scene.header.own);
    const spoken = name === "visible" ? words("filter_spoken", { seen: shareSeen(picture.matrix) }) : strongest(scene, picture.matrix, keys);
    showPicture(picture, drawing, { title: words(`map_${name}`), spoken, theme });
    return drawing;
  });
  readOut(view);
}

function matrixOf({ header, arrays }, name) {
  const columns = name === "before" ? header.keys.length : header.keys_after.length;
  return { values: arrays[`map_${name}`], rows: header.queries.length, columns };
}

/** Cells count in the keys of the changed pass, where a memory stands before the sentence's own. */
function movedCell(cell, own) {
  return cell && { query: cell.query, key: cell.key + own };
}

function placed({ header }, cell, name) {
  if (name !== "before") return cell;
  const key = cell.key - header.own;
  return key >= 0 && key < header.keys.length ? { query: cell.query, key } : null;
}

function strongest({ queries, words }, matrix, keys) {
  const at = matrix.values.indexOf(Math.max(...matrix.values));
  return words("map_spoken", {
    query: queries[Math.floor(at / matrix.columns)].text, key: keys[at % matrix.columns].text, weight: formatNumber(matrix.values[at]),
  });
}

function readOut({ readout, scene, cell }) {
  const { words, arrays, header } = scene;
  if (!cell) {
    readout.textContent = words("map_hint");
    return;
  }
  const columns = header.keys_after.length;
  const before = placed(scene, cell, "before");
  const at = cell.query * columns + cell.key;
  readout.replaceChildren(...phrase(words(arrays.map_visible[at] ? "map_read" : "map_read_hidden"), {
    query: tokenElement(scene.queries[cell.query], "query"), key: tokenElement(scene.after[cell.key], "key"),
    before: before ? numberOf(arrays.map_before[before.query * header.keys.length + before.key]) : "–",
    after: numberOf(arrays.map_after[at]),
  }));
}

function filesName({ header }) {
  return `${header.model}-${header.kind}-layer${header.layer + 1}-head${header.head + 1}-${header.chosen}`;
}

function runningFiles({ scene, maps, drawings }) {
  const { header, arrays, words, theme, queries, after } = scene;
  const place = words("lens_head", { kind: words(`title_${header.kind}`), layer: header.layer + 1, head: header.head + 1 });
  const pictures = drawings.map((each, i) => titled(each, words(`map_${maps[i].name}`), theme));
  const rows = queries.flatMap((query, i) => after.map((key, j) => {
    const [at, before] = [i * after.length + j, placed(scene, { query: i, key: j }, "before")];
    const weight = before ? arrays.map_before[before.query * header.keys.length + before.key] : "";
    return [i + 1, query.full, j + 1, key.full, arrays.map_visible[at] ? 1 : 0, weight, arrays.map_after[at]];
  }));
  return {
    name: filesName(scene),
    drawing: together(pictures, GAP),
    about: { title: place, caption: [header.note, words("map_axes"), header.text], lang: header.lang },
    csv: [["query_position", "query", "key_position", "key", "seen", "weight_before", "weight_after"], ...rows],
  };
}

function stepFiles(scene) {
  const { log_before: before, log_after: after, divergence } = scene.arrays;
  const steps = scene.header.pieces.map((piece, i) => [i + 1, piece, before[i], after[i], divergence[i]]);
  return {
    name: `${filesName(scene)}-steps`,
    csv: [["position", "piece", "log_probability_before", "log_probability_after", "divergence"], ...steps],
  };
}

// The gallery: one head's queries and keys under every kernel, its map, its difference to the trained one, its numbers.
import { createMap } from "./cells.js";
import { createPicture, createTakeaway, fillTakeaway, showPicture, titled, together } from "./picture.js";
import { eigenvalueDrawing } from "./eigenvalues.js";
import { formatNumber, numberOf, phrase, rounded } from "./numbers.js";
import { mapDrawing } from "./map_figure.js";
import { differenceColor, weightColorOf } from "./theme.js";
import { smallNumber } from "./small_number.js";
import { make, tokenElement } from "./text.js";

const GAP = 16;
const FILE_WIDTH = 300; // px of a map in a file
const NARROWEST = 160; // px of a card
const DECIMALS = 3;
const ROUNDING = 1e-9; // a Gram matrix's eigenvalue this little below zero is zero
const FULL_DIFFERENCE = 1;

/** Build the empty view. */
export function createGallery(root) {
  const view = { root, scene: null, cell: null, cards: [] };
  view.redraw = () => drawGallery(view);
  const row = root.appendChild(make("div", "lens-controls"));
  view.readout = row.appendChild(make("p", "lens-readout"));
  view.takeaway = createTakeaway(row);
  view.grid = root.appendChild(make("div", "lens-cards"));
  view.notes = root.appendChild(make("div", "lens-notes"));
  return view;
}

/** Show a message. */
export function showGallery(view, scene) {
  if (view.scene?.header !== scene.header) view.cell = null;
  view.scene = scene;
  if (view.cards.length !== scene.header.kernels.length) {
    view.cards = scene.header.kernels.map(() => createCard(view));
    view.grid.replaceChildren(...view.cards.map(({ element }) => element));
  }
  scene.header.kernels.forEach((kernel, i) => fillNumbers(view.cards[i], kernel, scene));
  fillNotes(view.notes, scene);
  drawGallery(view);
  fillTakeaway(view.takeaway, () => galleryFiles(view), scene.words, scene.theme);
}

function createCard(view) {
  const element = make("section", "lens-card");
  const card = { element, title: element.appendChild(make("h4", "lens-title")) };
  card.map = createMap(element, view);
  card.difference = createMap(element, view);
  card.eigenvalues = createPicture(element, () => {});
  card.numbers = element.appendChild(make("table", "lens-table"));
  card.warning = element.appendChild(make("p", "lens-problem"));
  return card;
}

function kernelTitle(kernel, { header, words }) {
  const name = words(`kernel_${kernel.name}`);
  return kernel.name === header.trained && !header.symmetric ? words("as_trained", { kernel: name }) : name;
}

function fillNumbers(card, kernel, scene) {
  const { words } = scene;
  card.title.textContent = kernelTitle(kernel, scene);
  const eigenvalues = eigenvaluesOf(scene, kernel);
  const rows = [
    ["gallery_entropy", kernel.entropy === null ? "–" : numberOf(kernel.entropy, 2)],
    ["gallery_distance", numberOf(kernel.distance, DECIMALS)],
    ["gallery_moved", numberOf(kernel.moved, DECIMALS)],
    ["gallery_smallest", eigenvalues ? smallNumber(Math.min(...eigenvalues)) : "–"],
    ["gallery_psd", eigenvalues ? words(Math.min(...eigenvalues) >= -ROUNDING ? "yes" : "no") : words("no_gram")],
  ];
  card.numbers.replaceChildren(...rows.map(([name, value]) => {
    const row = make("tr");
    row.append(make("th", "", words(name)));
    row.appendChild(make("td")).append(value);
    return row;
  }));
  card.warning.hidden = !kernel.outside;
  if (!kernel.outside) return;
  card.warning.replaceChildren(...phrase(words("gallery_outside"), {
    outside: numberOf(kernel.outside, 0), count: String(scene.arrays.visible.filter(Boolean).length), lowest: numberOf(kernel.lowest, 2), highest: numberOf(kernel.highest, 2),
    query: tokenElement(scene.queries[kernel.worst], "query"), total: numberOf(kernel.total, DECIMALS),
  }));
}

function eigenvaluesOf({ arrays }, { name }) {
  return arrays[`eigenvalues_${name}`] ?? null;
}

function fillNotes(notes, { header, words }) {
  const rbf = make("p");
  rbf.append(...phrase(words("rbf_penalty"), { error: smallNumber(header.rbf_error) }));
  notes.replaceChildren(rbf, make("p", "caption", words("gallery_legend")));
}

function cardWidth({ width }, count) {
  const columns = Math.max(1, Math.min(count, Math.floor((width + GAP) / (NARROWEST + GAP))));
  return Math.floor((width - (columns - 1) * GAP) / columns);
}

function matrixAt({ header, arrays }, i) {
  const [rows, columns] = [header.queries.length, header.keys.length];
  return { values: arrays.maps.subarray(i * rows * columns, (i + 1) * rows * columns), rows, columns };
}

function drawGallery(view) {
  const { scene, cell, cards } = view;
  const { words, theme, header, arrays } = scene;
  const width = cardWidth(scene, cards.length);
  view.grid.style.setProperty("--card", `${width}px`);
  cards.forEach((card, i) => {
    const kernel = header.kernels[i];
    const matrix = matrixAt(scene, i);
    const differences = { ...matrix, values: matrix.values.map((value, at) => value - arrays.recorded[at]) };
    const negative = kernel.outside > 0;
    const color = negative ? differenceColor(theme, 1) : weightColorOf(theme);
    const weights = mapDrawing({ matrix, labels: null, color, cell, theme, width });
    const changed = mapDrawing({ matrix: differences, labels: null, color: differenceColor(theme, FULL_DIFFERENCE), cell, theme, width });
    card.map.matrix = matrix;
    card.difference.matrix = matrix;
    const spoken = words("gallery_spoken", { distance: rounded(kernel.distance, DECIMALS), moved: rounded(kernel.moved, DECIMALS) });
    showPicture(card.map, weights, { title: negative ? words("gallery_map_signed") : words("gallery_map"), spoken, theme });
    showPicture(card.difference, changed, { title: words("gallery_difference"), spoken, theme });
    const eigenvalues = eigenvaluesOf(scene, kernel);
    card.eigenvalues.element.hidden = !eigenvalues;
    if (eigenvalues) {
      const drawing = eigenvalueDrawing(eigenvalues, theme, width);
      showPicture(card.eigenvalues, drawing, {
        title: words("gallery_eigenvalues"), spoken: words("gallery_eigenvalues_spoken", { smallest: formatNumber(Math.min(...eigenvalues)) }), theme,
      });
    }
  });
  readGallery(view);
}

function readGallery({ readout, scene, cell }) {
  const { words, header, arrays } = scene;
  if (!cell) {
    readout.textContent = words("map_hint");
    return;
  }
  const at = cell.query * header.keys.length + cell.key;
  const parts = header.kernels.flatMap((kernel, i) => [
    i ? " · " : " ", words(`kernel_${kernel.name}`), " ", numberOf(matrixAt(scene, i).values[at]),
  ]);
  readout.replaceChildren(
    tokenElement(scene.queries[cell.query], "query"), " → ", tokenElement(scene.keys[cell.key], "key"), ":",
    ` ${words("recorded")} `, numberOf(arrays.recorded[at]), " ·", ...parts,
  );
}

/** Every kernel below its name, larger than on the page: with the tokens along the maps. */
function galleryPictures(scene) {
  const { header, arrays, words, theme, queries, keys } = scene;
  return header.kernels.map((kernel, i) => {
    const matrix = matrixAt(scene, i);
    const differences = { ...matrix, values: matrix.values.map((value, at) => value - arrays.recorded[at]) };
    const negative = kernel.outside > 0;
    const common = { labels: { queries, keys }, cell: null, theme, width: FILE_WIDTH };
    const maps = [
      [{ matrix, color: negative ? differenceColor(theme, 1) : weightColorOf(theme) }, negative ? "gallery_map_signed" : "gallery_map"],
      [{ matrix: differences, color: differenceColor(theme, FULL_DIFFERENCE) }, "gallery_difference"],
    ].map(([map, title]) => titled(mapDrawing({ ...common, ...map }), words(title), theme));
    const eigenvalues = eigenvaluesOf(scene, kernel);
    const bars = eigenvalues ? [titled(eigenvalueDrawing(eigenvalues, theme, FILE_WIDTH), words("gallery_eigenvalues"), theme)] : [];
    return titled(together([...maps, ...bars], 12, true), kernelTitle(kernel, scene), theme);
  });
}

function galleryFiles({ scene }) {
  const { header, words, queries, keys, arrays } = scene;
  const place = words("lens_head", { kind: words(`title_${header.kind}`), layer: header.layer + 1, head: header.head + 1 });
  const rows = queries.flatMap((query, i) => keys.map((key, j) => {
    const at = i * keys.length + j;
    return [i + 1, query.full, j + 1, key.full, arrays.recorded[at], ...header.kernels.map((_, k) => matrixAt(scene, k).values[at])];
  }));
  const names = header.kernels.map(({ name }) => name);
  return {
    name: `${header.model}-${header.kind}-layer${header.layer + 1}-head${header.head + 1}-kernels`,
    drawing: together(galleryPictures(scene), GAP),
    about: { title: place, caption: [words("map_axes"), words("gallery_legend"), header.text], lang: header.lang },
    csv: [["query_position", "query", "key_position", "key", "recorded", ...names], ...rows],
  };
}

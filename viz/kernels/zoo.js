// The zoo: one head of models that were each trained with another kernel, its map and what the model wrote.
import { createMap } from "./cells.js";
import { createTakeaway, fillTakeaway, showPicture, titled, together } from "./picture.js";
import { formatNumber, numberOf, phrase, rounded } from "./numbers.js";
import { mapDrawing } from "./map_figure.js";
import { differenceColor, weightColorOf } from "./theme.js";
import { make, tokenElement, tokenLabels } from "./text.js";

const ZOO_GAP = 16;
const ZOO_CARD = 250; // px, the narrowest
const ZOO_COLUMNS = 4;
const ZOO_TALLEST = 260; // px of a map: a model that fails may write until it has to stop

/** Build the empty view. */
export function createZoo(root) {
  const view = { root, scene: null, cards: [] };
  const row = root.appendChild(make("div", "lens-controls"));
  view.readout = row.appendChild(make("p", "lens-readout"));
  view.takeaway = createTakeaway(row);
  view.grid = root.appendChild(make("div", "lens-cards"));
  view.grid.setAttribute("role", "group");
  view.legend = root.appendChild(make("p", "caption"));
  return view;
}

/** Show a message: a card a model. */
export function showZoo(view, scene) {
  const { header, words } = scene;
  if (view.cards.length !== header.models.length) {
    view.cards = header.models.map((_, place) => createZooCard(view, place));
    view.grid.replaceChildren(...view.cards.map(({ element }) => element));
  }
  if (view.scene?.header !== header) view.cards.forEach((card) => { card.cell = null; });
  view.scene = scene;
  view.labels = header.models.map(({ queries, keys }) => ({
    queries: tokenLabels(queries, header.query_lang), keys: tokenLabels(keys, header.key_lang),
  }));
  view.grid.setAttribute("aria-label", words("zoo_models"));
  view.legend.textContent = words("zoo_legend");
  view.cards.forEach((card, place) => fillZooCard(card, header.models[place], scene));
  drawZoo(view, null);
  fillTakeaway(view.takeaway, () => zooFiles(view), words, scene.theme);
}

function createZooCard(view, place) {
  const element = make("section", "lens-card lens-model");
  const card = { element, cell: null, redraw: () => pointInZoo(view, card) };
  card.title = element.appendChild(make("button", "plain lens-model-name"));
  card.title.type = "button";
  card.title.addEventListener("click", () => view.scene.choose?.(view.scene.header.models[place].id));
  card.written = element.appendChild(make("p", "lens-written"));
  card.score = element.appendChild(make("p", "caption"));
  card.map = createMap(element, card);
  return card;
}

function fillZooCard(card, model, { header, words }) {
  card.title.replaceChildren(make("span", "", model.name));
  if (model.failed) card.title.append(make("span", "lens-failed", `✗ ${words("zoo_failed")}`));
  card.title.setAttribute("aria-pressed", String(model.id === header.chosen));
  card.written.textContent = model.written || words("zoo_nothing");
  card.written.lang = model.written ? header.target_lang : header.lang;
  const parts = {
    score: numberOf(model.log_probability, 2), pieces: String(model.pieces), entropy: numberOf(model.entropy ?? 0, 2),
    lowest: numberOf(model.lowest, 1), highest: numberOf(model.highest, 1),
  };
  card.score.replaceChildren(...phrase(words(model.entropy === null ? "zoo_score_signed" : "zoo_score"), parts));
}

/** In the encoder all models read the same pieces, so a cell of one is a cell of all. */
function pointInZoo(view, card) {
  if (view.scene.header.kind === "encoder") view.cards.forEach((each) => { each.cell = card.cell; });
  else view.cards.forEach((each) => { if (each !== card) each.cell = null; });
  drawZoo(view, card.cell && card);
}

function zooWidth({ width }) {
  const columns = Math.max(1, Math.min(ZOO_COLUMNS, Math.floor((width + ZOO_GAP) / (ZOO_CARD + ZOO_GAP))));
  return Math.floor((width - (columns - 1) * ZOO_GAP) / columns);
}

function zooMatrix({ header, arrays }, place) {
  const { queries, keys } = header.models[place];
  return { values: arrays[`map_${place}`], rows: queries.length, columns: keys.length };
}

function drawZoo(view, pointed) {
  const { scene, cards, labels } = view;
  const { header, theme, words } = scene;
  const width = zooWidth(scene);
  view.grid.style.setProperty("--card", `${width}px`);
  view.drawings = cards.map((card, place) => {
    const model = header.models[place];
    const matrix = zooMatrix(scene, place);
    const color = model.entropy === null ? differenceColor(theme, 1) : weightColorOf(theme);
    const drawing = mapDrawing({ matrix, labels: labels[place], color, cell: card.cell, theme, width: width - 26, tallest: ZOO_TALLEST });
    card.map.matrix = matrix;
    const spoken = words("map_spoken", strongestOfZoo(matrix, labels[place]));
    showPicture(card.map, drawing, { title: words("zoo_map"), spoken: `${model.name}. ${spoken}`, theme });
    return drawing;
  });
  readZoo(view, pointed);
}

function strongestOfZoo({ values, columns }, { queries, keys }) {
  const at = values.indexOf(Math.max(...values));
  return { query: queries[Math.floor(at / columns)].text, key: keys[at % columns].text, weight: formatNumber(values[at]) };
}

function readZoo({ readout, scene, cards, labels }, pointed) {
  const { header, words } = scene;
  if (!pointed) {
    readout.textContent = words("zoo_hint");
    return;
  }
  const { query, key } = pointed.cell;
  const own = labels[cards.indexOf(pointed)];
  const read = cards.flatMap(({ cell }, place) => {
    const matrix = zooMatrix(scene, place);
    return cell ? [" · ", header.models[place].name, " ", numberOf(matrix.values[query * matrix.columns + key])] : [];
  });
  readout.replaceChildren(tokenElement(own.queries[query], "query"), " → ", tokenElement(own.keys[key], "key"), ": ", ...read.slice(1));
}

function zooFiles({ scene, drawings, labels }) {
  const { header, words, theme } = scene;
  const place = words("lens_head", { kind: words(`title_${header.kind}`), layer: header.layer + 1, head: header.head + 1 });
  const rows = header.models.flatMap((model, each) => [...zooMatrix(scene, each).values].map((value, at) => {
    const [query, key] = [Math.floor(at / model.keys.length), at % model.keys.length];
    return [model.id, model.written, query + 1, labels[each].queries[query].full, key + 1, labels[each].keys[key].full, value];
  }));
  const half = Math.ceil(drawings.length / 2);
  const pictures = drawings.map((each, at) => {
    const { name, log_probability: score, written } = header.models[at];
    return titled(each, `${name} (${rounded(score, 2)}): ${written || words("zoo_nothing")}`, theme);
  });
  return {
    name: `kernel-zoo-${header.kind}-layer${header.layer + 1}-head${header.head + 1}`,
    drawing: together([pictures.slice(0, half), pictures.slice(half)].map((line) => together(line, ZOO_GAP)), ZOO_GAP, true),
    about: { title: place, caption: [words("zoo_legend"), header.text], lang: header.lang },
    csv: [["model", "translation", "query_position", "query", "key_position", "key", "weight"], ...rows],
  };
}

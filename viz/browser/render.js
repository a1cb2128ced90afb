// render(element, payload, host): the attention browser, the same in every host.
import { createDetail, showHead } from "./detail.js";
import { createOverview, drawOverview, fillOverview, kindName, markSelected } from "./overview.js";
import { decodePayload } from "./payload.js";
import { halves, matrixLayout, matrixRoom, overviewLayout } from "./layout.js";
import { labelWidths, make, tokenLabels, translator } from "./text.js";
import { readAddress, validSelection, writeAddress } from "./address.js";
import { readTheme } from "./theme.js";

const LABEL_SIZE = 12;
const ADDRESS_DELAY = 80; // ms; browsers refuse addresses that change with every key press

/**
 * Show a payload (Uint8Array) in an element, or update what is there.
 *
 * The reader's head, cell and focus survive an update wherever they still exist. `host` is {ask, selected, changed},
 * each of them optional: `selected({kind, layer, head})`, counted from 0, is called for each head the reader chooses.
 * Returns {update, refresh, header, destroy}.
 */
export function render(element, payload, host = {}) {
  element.attentionBrowser ??= createBrowser(element);
  element.attentionBrowser.update(payload, host);
  return element.attentionBrowser;
}

function createBrowser(element) {
  const root = element.appendChild(make("div", "atlas"));
  const problem = root.appendChild(make("p", "problem"));
  const state = { root, problem, selection: null, width: 0, host: {} };
  state.overview = createOverview(root, (selection, event) => choose(state, selection, event));
  state.detail = createDetail(root);
  const resized = () => { if (root.clientWidth !== state.width) arrange(state); };
  const observer = new ResizeObserver(resized);
  observer.observe(root);
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const refresh = () => arrange(state);
  scheme.addEventListener("change", refresh);
  document.fonts?.addEventListener("loadingdone", refresh);
  return {
    refresh,
    header: () => state.header,
    update: (payload, host) => update(state, payload, host),
    destroy() {
      observer.disconnect();
      clearTimeout(state.addressTimer);
      scheme.removeEventListener("change", refresh);
      document.fonts?.removeEventListener("loadingdone", refresh);
      root.remove();
      delete element.attentionBrowser;
    },
  };
}

function update(state, payload, host) {
  state.host = host ?? {};
  try {
    read(state, payload);
  } catch (error) {
    state.kinds = [];
    state.words ??= translator({}, STRINGS);
    complain(state, state.words("unreadable", { reason: error.message }));
    return;
  }
  complain(state, state.kinds.length ? "" : state.words("empty"));
  if (!state.kinds.length) return;
  fillOverview(state.overview, state.kinds, state.words);
  const first = { kind: state.kinds[0].id, layer: 0, head: 0 };
  const named = state.header.address === false ? null : readAddress(state.kinds);
  state.chosen ||= named !== null;
  state.selection = validSelection(state.selection, state.kinds)
    ?? named ?? validSelection(state.header.selection, state.kinds) ?? first;
  markSelected(state.overview, state.selection);
  arrange(state);
  if (state.chosen) rememberInAddress(state); // the host may have written an address without it
}

function read(state, payload) {
  const { header, kinds } = decodePayload(payload);
  state.header = header;
  state.kinds = kinds.filter((kind) => kind.codes.length > 0);
  state.words = translator(header.strings, STRINGS);
  state.root.lang = header.lang ?? "en";
  const labels = new Map();
  const labelsOf = (tokens, lang) => {
    if (!labels.has(tokens)) labels.set(tokens, tokenLabels(tokens, lang));
    return labels.get(tokens);
  };
  state.scenes = new Map(state.kinds.map((kind) => [kind.id, {
    kind,
    queries: labelsOf(kind.queryAxis.tokens, kind.queryAxis.lang),
    keys: labelsOf(kind.keyAxis.tokens, kind.keyAxis.lang),
    writes: kind.queryAxis.writes ? labelsOf(kind.queryAxis.writes, kind.queryAxis.lang) : null,
  }]));
}

function complain(state, text) {
  state.problem.textContent = text;
  state.problem.hidden = text === "";
  state.overview.element.hidden = state.detail.element.hidden = text !== "";
}

/** Lay everything out for the present width, theme and fonts, and draw it. */
function arrange(state) {
  const width = state.root.clientWidth;
  if (!width || !state.kinds?.length) return;
  const began = performance.now();
  state.width = width;
  const theme = readTheme(state.root);
  const layout = overviewLayout(width, state.kinds, gutterWidth(state, theme));
  const split = halves(width, layout.width);
  state.root.classList.toggle("narrow", split.narrow);
  state.root.classList.toggle("beside", split.side);
  arrangeScenes(state, theme, matrixRoom(split, window.devicePixelRatio || 1));
  drawOverview(state.overview, layout, theme);
  showSelected(state);
  performance.measure("atlas-arrange", { start: began });
}

function gutterWidth(state, theme) {
  const deepest = Math.max(...state.kinds.map((kind) => kind.layers));
  const texts = [...state.kinds.map((kind) => `${kindName(kind.id, state.words)}---`), state.words("layer", { layer: deepest })];
  const widths = labelWidths(texts.map((text) => ({ text })), `600 ${LABEL_SIZE}px ${theme.font}`);
  return Math.min(Math.ceil(Math.max(...widths)) + 10, 120);
}

function arrangeScenes(state, theme, room) {
  const font = `${LABEL_SIZE}px ${theme.font}`;
  for (const scene of state.scenes.values()) {
    const layout = matrixLayout(labelWidths(scene.queries, font), labelWidths(scene.keys, font), room);
    Object.assign(scene, { theme, words: state.words, layout });
  }
  const largest = (name) => Math.max(...[...state.scenes.values()].map((scene) => scene.layout[name]));
  const frame = { width: largest("width"), height: largest("height") };
  for (const scene of state.scenes.values()) scene.frame = frame;
}

function showSelected(state) {
  const began = performance.now();
  showHead(state.detail, state.scenes.get(state.selection.kind), state.selection);
  performance.measure("atlas-head", { start: began });
}

function rememberInAddress(state) {
  clearTimeout(state.addressTimer);
  if (state.header.address !== false) state.addressTimer = setTimeout(() => writeAddress(state.selection), ADDRESS_DELAY);
}

function choose(state, selection, event) {
  state.selection = selection;
  state.chosen = true;
  markSelected(state.overview, selection);
  showSelected(state);
  rememberInAddress(state);
  if (event.type === "click" && state.root.classList.contains("narrow")) {
    state.detail.element.scrollIntoView({ block: "start" });
  }
  state.host.selected?.({ ...selection });
}

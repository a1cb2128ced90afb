// render(element, payload, host): the attention browser, the same in every host.
import { changesArrived, createChanges, showChanges } from "./changes.js";
import { createFurnish, furnish } from "./tools.js";
import { firstSelection, mendState } from "./mend.js";
import { createNote, sayNote } from "./say.js";
import { createMenu, showMenu } from "./menu.js";
import { createOverview, drawOverview, fillOverview, gutterWidth, markHeads, rankHeads } from "./overview.js";
import { createPanel, levelPanel, redrawPanel, showPanel, viewIsThere } from "./panel.js";
import { decodePayload } from "./payload.js";
import { halves, overviewLayout, sharedShapes } from "./layout.js";
import { createState, readAddress, validSelection, writeAddress } from "./store.js";
import { createWeights, supplyWeights } from "./weights.js";
import { changeKind, toggle } from "./together.js";
import { make, tokenLabels, translator } from "./text.js";
import { readTheme } from "./theme.js";

const ADDRESS_DELAY = 80; // ms; browsers refuse addresses that change with every key press
const REST = 150; // ms that a reader stays with a head before its exact numbers are fetched

/**
 * Show a payload (Uint8Array) in an element, or update what is there.
 *
 * What the reader chose survives an update wherever it still exists. `host` may have `ask(request)`, which promises a
 * reply {header, arrays}, `selected({kind, layer, head})`, `shown({selection, view, above})`, `above` px over the view,
 * and `changed(changes)`, which returns the number that the header of its message will have as `change_number`. Returns {update, refresh, header, destroy}.
 */
export function render(element, payload, host = {}) {
  element.attentionBrowser ??= createBrowser(element);
  element.attentionBrowser.update(payload, host);
  return element.attentionBrowser;
}

function createBrowser(element) {
  const root = element.appendChild(make("div", "atlas"));
  const atlas = { root, state: createState(), version: 0, width: 0, host: {}, replies: new Map(), sets: new Map(), past: [], future: [], changes: [] };
  atlas.problem = root.appendChild(make("p", "problem"));
  atlas.live = root.appendChild(make("p", "unseen"));
  atlas.live.setAttribute("aria-live", "polite");
  const actions = actionsOf(atlas);
  atlas.actions = actions;
  atlas.overview = createOverview(root, (selection, event) => choose(atlas, selection, event));
  atlas.panel = createPanel(root, actions, (view) => actions.set({ view }));
  atlas.note = createNote(atlas.panel);
  atlas.tools = createFurnish(atlas);
  atlas.changer = createChanges(atlas);
  atlas.menu = createMenu(atlas);
  atlas.exactNumbers = () => exactNumbers(atlas);
  const observer = new ResizeObserver(() => { if (root.clientWidth !== atlas.width) arrange(atlas); });
  observer.observe(root);
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const refresh = () => arrange(atlas);
  const back = () => {
    clearTimeout(atlas.addressTimer); // it would write what is open over what is gone back to
    atlas.returned = true; // the data of that address are still to come
  };
  scheme.addEventListener("change", refresh);
  window.addEventListener("popstate", back);
  document.fonts?.addEventListener("loadingdone", refresh);
  return {
    refresh,
    atlas,
    header: () => atlas.header,
    update: (payload, host) => update(atlas, payload, host ?? {}),
    destroy() {
      observer.disconnect();
      clearTimeout(atlas.addressTimer);
      clearTimeout(atlas.restTimer);
      scheme.removeEventListener("change", refresh);
      window.removeEventListener("popstate", back);
      document.fonts?.removeEventListener("loadingdone", refresh);
      root.remove();
      delete element.attentionBrowser;
    },
  };
}

/** What views and tools may do. Positions that they name are those of their scene. */
function actionsOf(atlas) {
  const position = (side, place) => (place === null || place === undefined || place < 0 ? null : atlas.panel.scene.groups[side][place][0]);
  return {
    point(cell) {
      atlas.state.cell = cell && { query: position("queries", cell.query), key: position("keys", cell.key) };
      redraw(atlas);
    },
    pin(side, place) {
      const group = atlas.panel.scene.groups[side][place];
      const set = atlas.state.pinned[side];
      const there = group.some((each) => set.has(each));
      for (const each of group) set.delete(each);
      if (!there) set.add(group[0]);
      pinned(atlas);
    },
    pinCell(cell) {
      const one = (side, place) => new Set(cell ? [position(side, place)] : []);
      atlas.state.cell = null;
      atlas.state.pinned = { queries: one("queries", cell?.query), keys: one("keys", cell?.key) };
      pinned(atlas);
    },
    clearPins() {
      atlas.state.pinned = { queries: new Set(), keys: new Set() };
      pinned(atlas);
    },
    set(patch) {
      Object.assign(atlas.state, patch);
      show(atlas);
      rememberInAddress(atlas);
    },
    keep(patch) {
      Object.assign(atlas.state, patch);
      redraw(atlas);
      rememberInAddress(atlas);
    },
    select: (selection) => choose(atlas, selection, { type: "action" }),
    follow({ selection, view, above }) {
      atlas.above = above;
      const found = validSelection(selection, atlas.kinds) ?? atlas.state.selection;
      Object.assign(atlas.state, { selection: found, view, more: [] });
      show(atlas);
    },
    ask: (request) => ask(atlas, request),
    offers: (what) => Boolean(atlas.host.ask) && (atlas.header.offers ?? []).includes(what),
    change: (change) => atlas.changer.add(change),
    say: (text) => { atlas.live.textContent = text; },
    tell: (sentences) => sayNote(atlas.note, sentences, atlas.words),
  };
}

function pinned(atlas) {
  redraw(atlas);
  rememberInAddress(atlas);
}

/** Ask the host once for each thing that this message does not hold; a failure may be asked again. */
function ask(atlas, request) {
  const name = JSON.stringify(request);
  if (!atlas.replies.has(name)) {
    const version = atlas.version;
    const reply = Promise.resolve(atlas.host.ask ? atlas.host.ask(request) : Promise.reject(new Error(atlas.words("not_offered"))));
    atlas.replies.set(name, reply);
    reply.catch(() => { if (atlas.version === version) atlas.replies.delete(name); });
  }
  return atlas.replies.get(name);
}

function update(atlas, payload, host) {
  atlas.host = host;
  try {
    read(atlas, payload);
  } catch (error) {
    atlas.kinds = [];
    atlas.words ??= translator({}, STRINGS);
    complain(atlas, atlas.words("unreadable", { reason: error.message }));
    return;
  }
  complain(atlas, atlas.kinds.length ? "" : atlas.words("empty"));
  if (!atlas.kinds.length) return;
  fillOverview(atlas.overview, atlas.kinds, atlas.words);
  const fresh = !atlas.state.selection || atlas.returned;
  atlas.returned = false;
  const mended = fresh && atlas.header.address !== false ? mendState(atlas, readAddress(atlas.state, atlas.header.opens)) : { selection: null, said: [] };
  const named = mended.selection;
  atlas.chosen ||= named !== null;
  const shown = atlas.header.show; // the host opens a head, a gallery's say, and the reader goes on from there
  const given = shown && shown.number !== atlas.shownNumber ? shown : null;
  atlas.shownNumber = shown?.number;
  if (given) Object.assign(atlas.state, { more: [], minus: "", pinned: { queries: new Set(given.queries), keys: new Set(given.keys) } });
  atlas.state.selection = validSelection(given, atlas.kinds) ?? named ?? validSelection(atlas.state.selection, atlas.kinds)
    ?? firstSelection(atlas);
  if (fresh && !viewIsThere(atlas.state.view, atlas)) {
    mended.said.push(atlas.words("mend_view", { view: atlas.words(`view_${atlas.state.view}`), shown: atlas.words("view_lines") }));
  }
  if (mended.said.length) sayNote(atlas.note, mended.said, atlas.words);
  arrange(atlas);
  atlas.chosen ||= Boolean(given) || window.location.search !== ""; // a bare address stays bare until something is chosen
  if (atlas.chosen) rememberInAddress(atlas); // the host may have written an address without it
}

function read(atlas, payload) {
  const { header, kinds, reference } = decodePayload(payload);
  const tokens = JSON.stringify(header.axes);
  if (atlas.tokens !== undefined && tokens !== atlas.tokens) {
    atlas.state.cell = null;
    atlas.state.pinned = { queries: new Set(), keys: new Set() };
  }
  Object.assign(atlas, { header, tokens, version: atlas.version + 1, replies: new Map(), weights: createWeights(), drawn: null });
  atlas.kinds = kinds.filter((kind) => kind.codes.length > 0);
  atlas.reference = reference && { ...reference, weights: createWeights() };
  atlas.words = translator(header.strings, STRINGS);
  changesArrived(atlas.changer);
  atlas.root.lang = header.lang ?? "en";
  const labels = new Map();
  const hidden = new Set(atlas.changes.filter((change) => change.type === "mask").map((change) => change.position));
  const source = atlas.kinds.find((kind) => kind.id === "encoder")?.keyAxis;
  const labelsOf = (axis, name) => {
    if (!labels.has(axis[name])) {
      const made = tokenLabels(axis[name], axis.lang);
      labels.set(axis[name], axis === source ? made.map((label, place) => ({ ...label, masked: hidden.has(place) })) : made);
    }
    return labels.get(axis[name]);
  };
  atlas.axes = new Map(atlas.kinds.map((kind) => [kind.id, {
    queries: labelsOf(kind.queryAxis, "tokens"),
    keys: labelsOf(kind.keyAxis, "tokens"),
    writes: kind.queryAxis.writes ? labelsOf(kind.queryAxis, "writes") : null,
  }]));
}

function complain(atlas, text) {
  atlas.problem.textContent = text;
  atlas.problem.hidden = text === "";
  atlas.overview.element.hidden = atlas.panel.element.hidden = text !== "";
}

/** Lay everything out for the present width, theme and fonts, and draw it. */
function arrange(atlas) {
  const width = atlas.root.clientWidth;
  if (!width || !atlas.kinds?.length) return;
  const began = performance.now();
  atlas.width = width;
  atlas.theme = readTheme(atlas.root);
  atlas.drawn = null;
  const shapes = sharedShapes(atlas.kinds, atlas.header.beside);
  const layout = overviewLayout(width, shapes, gutterWidth(shapes, atlas.words, atlas.theme));
  const split = atlas.header.bare ? { narrow: false, detail: width } : halves(width, layout.width);
  atlas.overview.element.hidden = Boolean(atlas.header.bare); // the one beside it has the heads
  atlas.layout = { ...layout, rows: shapes.map(({ layers }) => layers) };
  atlas.narrow = split.narrow;
  atlas.room = { width: split.detail, height: split.narrow ? 4000 : 580, ratio: window.devicePixelRatio || 1 };
  atlas.root.classList.toggle("narrow", split.narrow);
  rankHeads(atlas);
  drawOverview(atlas.overview, atlas.layout, atlas.theme);
  show(atlas);
  performance.measure("atlas-arrange", { start: began });
}

/** Show the chosen heads everywhere. */
function show(atlas) {
  const began = performance.now();
  if (rankHeads(atlas)) drawOverview(atlas.overview, atlas.layout, atlas.theme);
  markHeads(atlas.overview, atlas);
  showPanel(atlas.panel, atlas);
  furnish(atlas);
  showChanges(atlas.changer);
  showMenu(atlas.menu);
  levelPanel(atlas.panel, atlas.above);
  atlas.host.shown?.({ selection: { ...atlas.state.selection }, view: atlas.state.view, above: atlas.panel.body.offsetTop });
  fetchExact(atlas);
  performance.measure("atlas-head", { start: began });
}

function redraw(atlas) {
  redrawPanel(atlas.panel, atlas);
}

/** Where the message has only eight bits, fetch the numbers of the heads that the reader stays with. */
function fetchExact(atlas) {
  clearTimeout(atlas.restTimer);
  if (atlas.panel.scene.exact || !atlas.actions.offers("weights")) return;
  const { selection } = atlas.state;
  atlas.restTimer = setTimeout(() => {
    exactNumbers(atlas).then(() => { if (atlas.state.selection === selection) showPanel(atlas.panel, atlas); },
      (error) => atlas.actions.say(error.message));
  }, REST);
}

/** Fetch the exact numbers of the shown heads, and of one that is taken away, as far as they are not here. */
async function exactNumbers(atlas) {
  const { version, panel: { scene } } = atlas;
  if (scene.exact || !atlas.actions.offers("weights")) return;
  for (const { layer, head } of scene.needed) {
    const reply = await atlas.actions.ask({ what: "weights", kind: scene.kind.id, layer, head });
    if (atlas.version !== version) return;
    supplyWeights(atlas.weights, scene.kind, layer, head, reply.arrays.weights);
  }
  atlas.drawn = null;
  redrawPanel(atlas.panel, atlas);
}

function rememberInAddress(atlas) {
  clearTimeout(atlas.addressTimer);
  if (atlas.header.address !== false) {
    atlas.addressTimer = setTimeout(() => writeAddress(atlas.state, atlas.chosen), ADDRESS_DELAY);
  }
}

function choose(atlas, selection, event) {
  const { state } = atlas;
  const several = event.ctrlKey || event.metaKey || event.shiftKey || atlas.tools.several;
  if (event.type === "click" && several && state.selection.kind === selection.kind) {
    toggle(state, selection);
  } else {
    if (state.selection.kind !== selection.kind) changeKind(atlas, selection.kind, several && event.type === "click");
    state.selection = selection;
  }
  atlas.chosen = true;
  show(atlas);
  rememberInAddress(atlas);
  if (event.type === "click" && !several && atlas.narrow) atlas.panel.element.scrollIntoView({ block: "start" });
  atlas.host.selected?.({ ...state.selection });
}

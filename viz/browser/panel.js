// The panel: one or several heads large, in the view that the reader chose, with what they are called and what can be done.
import { createFacts, showFacts } from "./facts.js";
import { createDecoding, showDecoding } from "./decoding.js";
import { createHeatmap, showHeatmap } from "./heatmap.js";
import { createLines, showLines } from "./lines.js";
import { createMeaning, showMeaning } from "./meaning.js";
import { createNeuron, showNeuron } from "./neuron.js";
import { sceneOf } from "./scene.js";
import { createTable, showTable } from "./table.js";
import { kindChip, kindName } from "./overview.js";
import { VIEWS } from "./store.js";
import { make } from "./text.js";

/** A view: how it is built, how it shows a scene, whether the reading aids apply to it, and whether all of it is of one head. */
const BUILDERS = {
  lines: { create: createLines, show: showLines, aids: true },
  matrix: { create: createHeatmap, show: showHeatmap, aids: true, single: true },
  neuron: { create: createNeuron, show: showNeuron, aids: false, single: true },
  meaning: { create: createMeaning, show: showMeaning, aids: false, single: true },
  facts: { create: createFacts, show: showFacts, aids: false, single: true },
  decoding: { create: createDecoding, show: showDecoding, aids: false },
};

/** Build an empty panel in `parent`; `actions` are what views may do, `choose(name)` opens a view. */
export function createPanel(parent, actions, choose) {
  const element = parent.appendChild(make("section", "detail"));
  const panel = { element, actions, views: new Map(), open: null };
  const head = element.appendChild(make("div", "panel-head"));
  panel.title = head.appendChild(make("h3", "title"));
  panel.minus = head.appendChild(make("p", "caption minus"));
  panel.unused = head.appendChild(make("p", "caption minus unused"));
  panel.tabs = element.appendChild(make("div", "tabs"));
  panel.tabs.setAttribute("role", "tablist");
  panel.tools = element.appendChild(make("div", "tools"));
  panel.body = element.appendChild(make("div", "view"));
  panel.body.id = "atlas-view";
  panel.body.setAttribute("role", "tabpanel");
  panel.table = createTable(element.appendChild(make("div", "panel-foot")));
  panel.buttons = VIEWS.filter((name) => name in BUILDERS).map((name) => createTab(panel, name, choose));
  return panel;
}

function createTab(panel, name, choose) {
  const button = panel.tabs.appendChild(make("button", "tab"));
  button.type = "button";
  button.dataset.view = name;
  button.setAttribute("role", "tab");
  button.addEventListener("click", () => choose(name));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const { buttons } = panel;
    const next = buttons[(buttons.indexOf(button) + step + buttons.length) % buttons.length];
    next.focus();
    choose(next.dataset.view);
  });
  return button;
}

/** Whether a message, or the host that sent it, has what a view shows. */
export function viewIsThere(view, { header, actions }) {
  const needs = {
    neuron: () => actions.offers("neuron"),
    meaning: () => actions.offers("meaning"),
    facts: () => Boolean(header.facts ?? header.corpus),
    decoding: () => Boolean(header.steps),
  };
  return !Object.hasOwn(needs, view) || needs[view]();
}

/** Whether there is such a view. */
export function hasView(name) {
  return name in BUILDERS;
}

/** Show the chosen view of the chosen heads. */
export function showPanel(panel, atlas) {
  const { state, words } = atlas;
  const name = hasView(state.view) && viewIsThere(state.view, atlas) ? state.view : "lines";
  showTitle(panel, atlas);
  for (const button of panel.buttons) {
    const open = button.dataset.view === name;
    button.hidden = !viewIsThere(button.dataset.view, atlas);
    button.textContent = words(`view_${button.dataset.view}`);
    button.setAttribute("aria-selected", String(open));
    button.tabIndex = open ? 0 : -1;
  }
  panel.body.setAttribute("aria-label", words(`view_${name}`));
  if (!panel.views.has(name)) panel.views.set(name, BUILDERS[name].create(panel.body, panel.actions));
  const { element } = panel.views.get(name);
  const alone = panel.body.firstChild === element && panel.body.childNodes.length === 1;
  if (!alone) panel.body.replaceChildren(element); // the others wait outside the page
  panel.open = name;
  redrawPanel(panel, atlas);
}

/** Begin the view as far down as that of the browser beside it does, `above` px. */
export function levelPanel({ body }, above) {
  body.style.marginTop = "";
  if (!above) return; // to ask where the body begins makes the browser lay out the page
  const missing = above - body.offsetTop;
  if (missing > 0) body.style.marginTop = `${parseFloat(getComputedStyle(body).marginTop) + missing}px`;
}

/** Show the open view's scene again: after a change of what is pointed at, say. */
export function redrawPanel(panel, atlas) {
  const builder = BUILDERS[panel.open];
  panel.scene = sceneOf(atlas, builder.aids);
  builder.show(panel.views.get(panel.open), panel.scene);
  panel.body.classList.toggle("silent", Boolean(builder.single && panel.scene.maps[0].off));
  panel.minus.textContent = panel.scene.signed ? atlas.words("title_minus", { other: panel.scene.minusName }) : "";
  const { more, minus, merge, hide } = atlas.state;
  panel.unused.hidden = builder.aids || !(more.length || minus || merge || hide);
  panel.unused.textContent = atlas.words("aids_unused");
  panel.table.element.hidden = !builder.aids;
  if (builder.aids) showTable(panel.table, panel.scene);
}

function showTitle(panel, { state, words }) {
  const { kind, layer, head } = state.selection;
  const title = words("head_title", { kind: kindName(kind, words, "title"), layer: layer + 1, head: head + 1 });
  panel.title.replaceChildren(kindChip(kind), make("span", "", title));
}

// The neuron view: one query against all keys, from the components of q and k to the weights.
import { askAgain, createNotice, createQuestion, showNotice, wantAnswer } from "./asking.js";
import { chosenCell } from "./chosen.js";
import { createNeuronTable, fillNeuronTable, markNeuronCell } from "./neuron_table.js";
import { DECIMALS, formatNumber, numberOf, phrase } from "./numbers.js";
import { componentName, readComponent } from "./kernel_steps.js";
import { queryNumbers, weightSteps } from "./scoring.js";
import { createSignedLegend, largestSize, showSignedLegend } from "./signed.js";
import { componentAt } from "./strips.js";
import { make, tokenElement } from "./text.js";

/** Build the empty view in `parent`. */
export function createNeuron(parent, actions) {
  const element = parent.appendChild(make("section", "neuron"));
  const view = { element, actions, scene: null, drawn: null, component: null };
  view.question = createQuestion(() => showNeuron(view, view.scene));
  view.notice = createNotice(element, () => askAgain(view.question));
  view.body = element.appendChild(make("div", "neuron-body"));
  view.title = view.body.appendChild(make("p", "neuron-pair"));
  view.steps = view.body.appendChild(make("ol", "neuron-steps"));
  view.scroll = view.body.appendChild(make("div", "neuron-scroll"));
  view.scroll.tabIndex = 0;
  view.scroll.setAttribute("role", "group");
  view.table = createNeuronTable(view.scroll, (query) => pointNeuron(view, { query, key: view.cell.key }, true));
  view.reading = view.body.appendChild(make("p", "neuron-component"));
  const legends = view.body.appendChild(make("div", "signed-legends"));
  view.legends = { vectors: createSignedLegend(legends), products: createSignedLegend(legends) };
  view.details = view.body.appendChild(make("details", "neuron-components"));
  view.summary = view.details.appendChild(make("summary"));
  view.components = view.details.appendChild(make("div", "components-scroll")).appendChild(make("table"));
  view.hint = view.body.appendChild(make("p", "caption hint"));
  listenToNeuron(view);
  return view;
}

function listenToNeuron(view) {
  const { list } = view.table;
  const read = (event, keep) => {
    const key = view.table.rows.findIndex(({ element }) => element.contains(event.target));
    if (key < 0 || view.drawn === null) return;
    const left = view.table.rows[key].strip.getBoundingClientRect().left;
    view.component = componentAt(view.table.layout, event.clientX - left);
    pointNeuron(view, { query: view.cell.query, key }, keep);
  };
  list.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") read(event, false); });
  list.addEventListener("click", (event) => read(event, true));
  list.addEventListener("pointerleave", () => {
    view.component = null;
    view.actions.point(null);
  });
  view.scroll.addEventListener("keydown", (event) => moveNeuron(view, event));
  view.details.addEventListener("toggle", () => fillComponents(view));
}

/** Point at a cell, or pin it: then it is shown again when the pointer has left. */
function pointNeuron(view, cell, keep) {
  if (keep) view.actions.pinCell(cell);
  else if (cell.query === view.cell.query && cell.key === view.cell.key) showPair(view);
  else view.actions.point(cell);
}

function moveNeuron(view, event) {
  if (event.target !== view.scroll || event.altKey || event.metaKey || view.drawn === null) return;
  const { query, key } = view.cell;
  const within = (value, count) => Math.max(0, Math.min(count - 1, value));
  const toKey = (next) => pointNeuron(view, { query, key: within(next, view.scene.columns) }, true);
  const aside = (step) => {
    if (!event.shiftKey) return pointNeuron(view, { query: within(query + step, view.scene.rows), key }, true);
    view.component = within(shownComponent(view) + step, view.table.layout.components);
    return showPair(view);
  };
  const moves = {
    ArrowUp: () => toKey(key - 1), ArrowDown: () => toKey(key + 1), Home: () => toKey(0), End: () => toKey(Infinity),
    ArrowLeft: () => aside(-1), ArrowRight: () => aside(1),
    Escape: () => { view.component = null; view.actions.pinCell(null); },
  };
  if (!Object.hasOwn(moves, event.key)) return;
  event.preventDefault();
  moves[event.key]();
  view.table.rows[view.cell.key]?.element.scrollIntoView({ block: "nearest" });
  view.actions.say(event.shiftKey ? view.reading.textContent : view.table.caption.textContent);
}

/** Show a scene: ask for the head's numbers, and draw them when they are there. */
export function showNeuron(view, scene) {
  const { words, selection, header } = scene;
  if (view.scene?.header !== header) view.component = null;
  view.scene = scene;
  const offered = view.actions.offers("neuron");
  if (offered) wantAnswer(view.question, { what: "neuron", ...selection }, header, view.actions.ask, 0);
  const { state, reply } = view.question;
  const answered = offered && state === "answered";
  showNotice(view.notice, view.question, words, offered ? "" : words("not_offered"));
  if (answered) drawNeuron(view, reply);
  view.body.hidden = !offered || view.drawn === null;
  view.element.classList.toggle("stale", !answered);
  view.element.setAttribute("aria-busy", String(state === "waiting"));
}

function drawNeuron(view, reply) {
  const { scene } = view;
  view.cell = chosenCell(scene);
  const { words, header, theme, queries, keys, narrow, room } = scene;
  const { query } = view.cell;
  const drawn = { reply, query, header, theme, queries, keys, narrow, width: room.width, ratio: room.ratio };
  if (!view.drawn || Object.keys(drawn).some((name) => drawn[name] !== view.drawn[name])) {
    view.drawn = drawn;
    view.numbers = queryNumbers(reply, query);
    const limits = {
      vectors: Math.max(largestSize(reply.arrays.q), largestSize(reply.arrays.k)),
      products: largestSize(view.numbers.products),
    };
    fillNeuronTable(view.table, scene, reply, view.numbers, query, limits);
    showSignedLegend(view.legends.vectors, words("neuron_scale_vectors"), theme, limits.vectors);
    showSignedLegend(view.legends.products, words("neuron_scale_products", { product: componentName(reply.header, words) }), theme, limits.products);
    view.summary.textContent = words("neuron_components", { count: reply.header.d_head });
    view.hint.textContent = words("neuron_hint");
    view.scroll.setAttribute("aria-label", words("neuron_table"));
  }
  showPair(view);
}

/** The component that is pointed at, else the one that adds most, with either sign. */
function shownComponent(view) {
  if (view.component !== null) return view.component;
  const at = view.cell.key * view.table.layout.components;
  let largest = 0;
  for (let i = 1; i < view.table.layout.components; i++) {
    const { products } = view.numbers;
    if (Math.abs(products[at + i]) > Math.abs(products[at + largest])) largest = i;
  }
  return largest;
}

/** Everything that is about one query and one key: cheap, as it follows the pointer. */
function showPair(view) {
  const { scene, cell, numbers, drawn } = view;
  const { words } = scene;
  const labels = { query: scene.queries[cell.query], key: scene.keys[cell.key] };
  view.title.replaceChildren(...phrase(words("neuron_pair"), {
    query: tokenElement(labels.query, "query"), key: tokenElement(labels.key, "key"),
  }));
  const steps = weightSteps(drawn.reply.header, numbers, cell.key, words);
  view.steps.replaceChildren(...steps.map((pieces) => {
    const step = make("li");
    step.append(...pieces);
    return step;
  }));
  const spoken = steps.map((pieces) => pieces.map((piece) => piece.textContent ?? piece).join("")).join("; ");
  view.table.caption.textContent = words("neuron_spoken", {
    query: labels.query.text, key: labels.key.text, weight: formatNumber(numbers.weights[cell.key]), steps: spoken,
  });
  const component = shownComponent(view);
  markNeuronCell(view.table, cell.key, component);
  showComponent(view, component);
  fillComponents(view);
}

function showComponent(view, component) {
  const [q, k, product] = componentNumbers(view, component);
  const { words } = view.scene;
  const template = view.component === null ? words("neuron_largest") : words("neuron_component");
  const reading = readComponent(view.drawn.reply.header, { q, k, product }, words);
  view.reading.replaceChildren(...phrase(template, { index: String(component + 1) }).flatMap((piece) => (piece === "{reading}" ? reading : [piece])));
}

/** q_i, k_i and their product as elements; components count from 0 here, from 1 for people. */
function componentNumbers(view, i) {
  const { q, k } = view.drawn.reply.arrays;
  const d = view.table.layout.components;
  const { query, key } = view.cell;
  return [q[query * d + i], k[key * d + i], view.numbers.products[key * d + i]]
    .map((value) => numberOf(value, DECIMALS.component));
}

/** All components of the pair as a table, while it is open. */
function fillComponents(view) {
  if (!view.details.open || view.drawn === null) return;
  const { words } = view.scene;
  const row = (tag, cells) => {
    const element = make("tr");
    element.append(...cells.map((content) => {
      const cell = make(tag);
      cell.append(content);
      return cell;
    }));
    return element;
  };
  const head = make("thead");
  head.append(row("th", ["i", words("neuron_q"), words("neuron_k"), componentName(view.drawn.reply.header, words)]));
  const body = make("tbody");
  body.append(...Array.from({ length: view.table.layout.components }, (_, i) =>
    row("td", [String(i + 1), ...componentNumbers(view, i)])));
  view.components.replaceChildren(head, body);
}

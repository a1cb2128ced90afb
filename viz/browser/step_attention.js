// Where one step of the output looks: the sentence, and what was written before, each token shaded by its weight.
import { NO_NUMBER, formatNumber, numberElement, setNumber } from "./numbers.js";
import { pooledNote } from "./payload.js";
import { isOff } from "./scene.js";
import { supplyWeights, weightsOf } from "./weights.js";
import { luminance } from "./color.js";
import { make, setToken, tokenElement, tokenLabels } from "./text.js";

const BLANK_TOKEN = { text: "", full: "", style: "word" };
const HALF_LIGHT = 0.179; // black and white text have the same contrast here, 4.58:1
const PLACES = ["cross", "decoder"];

/** Build the two lines and the switch between one head and the mean of its layer; `changed()` follows the switch. */
export function createStepAttention(parent, changed) {
  const element = parent.appendChild(make("div", "step-attention"));
  const view = { element, mean: false, heads: {} };
  view.switch = element.appendChild(make("div", "switch"));
  view.switch.setAttribute("role", "group");
  view.buttons = [false, true].map((mean) => {
    const button = view.switch.appendChild(make("button", ""));
    button.type = "button";
    button.addEventListener("click", () => {
      view.mean = mean;
      changed();
    });
    return button;
  });
  view.lines = Object.fromEntries(PLACES.map((id) => [id, createShadedLine(element)]));
  return view;
}

function createShadedLine(parent) {
  const element = parent.appendChild(make("div", "shaded"));
  const line = { element, at: null, weights: [], labels: [], tokens: null, items: [] };
  line.title = element.appendChild(make("h4", "caption"));
  line.list = element.appendChild(make("ol", "shaded-tokens"));
  const readout = element.appendChild(make("p", "caption shaded-readout"));
  line.caption = readout.appendChild(make("span", ""));
  line.token = readout.appendChild(tokenElement(BLANK_TOKEN, "key"));
  line.number = readout.appendChild(numberElement());
  line.note = element.appendChild(make("p", "caption"));
  line.list.addEventListener("pointerover", (event) => readToken(line, line.items.indexOf(event.target.closest("li"))));
  line.list.addEventListener("pointerleave", () => readToken(line, -1));
  line.list.addEventListener("focusin", (event) => readToken(line, line.items.indexOf(event.target.closest("li"))));
  line.list.addEventListener("focusout", () => readToken(line, -1));
  line.list.addEventListener("keydown", (event) => walkTokens(line, event));
  return line;
}

/** Show a step of `scene`; the heads are those that the reader selected last, of each kind of attention. */
export function showStepAttention(view, scene, step) {
  const { kinds, words } = scene;
  rememberHeads(view, scene);
  view.switch.setAttribute("aria-label", words("decoding_switch"));
  view.buttons.forEach((button, mean) => {
    button.textContent = words(mean ? "decoding_mean" : "decoding_head");
    button.setAttribute("aria-pressed", String(view.mean === Boolean(mean)));
  });
  for (const id of PLACES) {
    const kind = kinds.find((each) => each.id === id);
    view.lines[id].element.hidden = !kind;
    if (kind) showShaded(view.lines[id], kind, { ...scene, ...view.heads[id], mean: view.mean, step });
  }
  view.switch.hidden = !kinds.some((kind) => PLACES.includes(kind.id) && kind.heads > 1);
}

function rememberHeads(view, { kinds, selection, header }) {
  for (const kind of kinds) {
    const chosen = [selection, header.selection].find((each) => each?.kind === kind.id);
    const { layer, head } = (selection.kind === kind.id ? selection : view.heads[kind.id]) ?? chosen ?? selection;
    view.heads[kind.id] = { layer: Math.min(layer, kind.layers - 1), head: Math.min(head, kind.heads - 1) };
  }
}

function headsShown(kind, { head, mean }) {
  return mean ? Array.from({ length: kind.heads }, (_, each) => each) : [head];
}

/** The weights that a query gives, of one head or on the average of all of its layer, and whether they are exact. */
function stepWeights(store, kind, query, choice) {
  const matrices = headsShown(kind, choice).map((head) => weightsOf(store, kind, choice.layer, head));
  const { columns } = matrices[0];
  const total = (key) => matrices.reduce((sum, { values }) => sum + values[query * columns + key], 0);
  const weights = Array.from({ length: columns }, (_, key) => total(key) / matrices.length);
  return { weights, exact: matrices.every((matrix) => matrix.exact) };
}

/** Fetch the exact weights of the heads shown, where the message has only eight bits; `arrived()` once they are there. */
export async function fetchShown(view, scene, actions, arrived) {
  if (!actions.offers("weights")) return;
  const wanted = scene.kinds.filter((kind) => PLACES.includes(kind.id) && !kind.exact);
  const missing = wanted.flatMap((kind) => headsShown(kind, { ...view.heads[kind.id], mean: view.mean })
    .map((head) => ({ kind, layer: view.heads[kind.id].layer, head }))
    .filter(({ layer, head }) => !weightsOf(scene.weights, kind, layer, head).exact));
  if (!missing.length) return;
  await Promise.all(missing.map(async ({ kind, layer, head }) => {
    const reply = await actions.ask({ what: "weights", kind: kind.id, layer, head });
    supplyWeights(scene.weights, kind, layer, head, reply.arrays.weights);
  }));
  arrived();
}

function showShaded(line, kind, { layer, head, mean, step, theme, weights, words, header }) {
  const { tokens, lang } = kind.keyAxis;
  const written = kind.square ? step + 1 : tokens.length; // of its own line, the decoder sees what is written so far
  if (line.tokens !== tokens) fillShaded(line, tokens, lang);
  line.title.textContent = words(`decoding_${kind.id}`, {
    head: words(mean ? "decoding_of_layer" : "decoding_of_head", { layer: layer + 1, head: head + 1 }),
  });
  line.element.classList.toggle("silent", !mean && isOff(header, kind.id, { layer, head }));
  line.list.setAttribute("aria-label", line.title.textContent);
  const shown = stepWeights(weights, kind, step, { layer, head, mean });
  Object.assign(line, { words, exact: shown.exact, weights: shown.weights.slice(0, written) });
  line.note.textContent = shown.exact ? "" : pooledNote(kind, words);
  const last = theme.scale.length - 1;
  line.items.forEach((item, key) => {
    item.hidden = key >= written;
    if (item.hidden) return;
    const color = theme.scale[Math.round(Math.sqrt(Math.min(1, line.weights[key])) * last)];
    item.style.backgroundColor = `rgb(${color.join(" ")})`;
    item.classList.toggle("on-dark", luminance(color) < HALF_LIGHT);
    item.setAttribute("aria-label", `${line.labels[key].text} ${weightText(line, key)}`);
  });
  if (line.items.findIndex((item) => item.tabIndex === 0) >= written) stopAt(line, 0);
  readToken(line, line.at === null || line.at >= written ? -1 : line.at);
}

/** The one token that the tab key stops at. */
function stopAt(line, place) {
  line.items.forEach((item, each) => { item.tabIndex = each === place ? 0 : -1; });
}

function fillShaded(line, tokens, lang) {
  Object.assign(line, { tokens, labels: tokenLabels(tokens, lang), at: null });
  line.items = line.labels.map((label, place) => {
    const item = make("li");
    item.tabIndex = place === 0 ? 0 : -1;
    item.append(tokenElement(label));
    return item;
  });
  line.list.replaceChildren(...line.items);
}

function weightText(line, key) {
  return line.exact ? formatNumber(line.weights[key]) : NO_NUMBER;
}

/** Tell the number of one token, or of the strongest (-1). */
function readToken(line, place) {
  if (!line.weights.length) return;
  line.at = place < 0 ? null : place;
  const key = line.at ?? line.weights.indexOf(Math.max(...line.weights));
  line.caption.textContent = line.words(line.at === null ? "decoding_strongest" : "decoding_weight");
  setToken(line.token, line.labels[key]);
  setNumber(line.number, line.weights[key], line.exact);
}

function walkTokens(line, event) {
  const here = line.items.indexOf(event.target.closest("li"));
  const last = line.weights.length - 1;
  const moves = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: last };
  if (here < 0 || event.altKey || event.metaKey || !Object.hasOwn(moves, event.key)) return;
  event.preventDefault();
  const next = Math.max(0, Math.min(last, moves[event.key]));
  stopAt(line, next);
  line.items[next].focus();
}

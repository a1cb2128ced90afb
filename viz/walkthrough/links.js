// Weights as lines from words to words, one head or several over each other, and every head's weight for one pair.
import { make, tokenElement, tokenLabels } from "./text.js";
import { numberElement, shareColor } from "./numerals.js";
import { sizeCanvas, drawMatrix } from "./matrix.js";
import { within } from "./choices.js";

const LINE = 24;
const GAP = 150; // between the words; less where there is no room, so that both sides stay side by side
const LEAST_GAP = 64;

/** Draw the words twice, the lines between them, and where asked the choice of heads. */
export function drawLinks(parent, figure, stage) {
  const state = stage.remember(figure.name, () => ({
    query: figure.query, key: figure.key, layer: figure.layer, heads: [figure.head],
  }), formOf(figure));
  if (figure.many) state.layer = figure.layer; // chosen above the picture
  const box = parent.appendChild(make("figure", "links"));
  if (figure.title) box.append(make("figcaption", "grid-title", figure.title));
  const view = { figure, stage, state, box };
  view.queries = column(box, "from", stage.words("query_axis"), figure.queries, (query) => change(view, { query }));
  view.canvas = box.appendChild(make("canvas"));
  view.canvas.setAttribute("role", "img");
  view.keys = column(box, "to", stage.words("key_axis"), figure.keys, (key) => change(view, { key }));
  const taken = [...box.querySelectorAll(".words")].reduce((sum, words) => sum + words.getBoundingClientRect().width, 0);
  view.gap = Math.max(LEAST_GAP, Math.min(GAP, Math.floor(box.clientWidth - taken)));
  if (figure.choose) view.side = box.appendChild(make("div", "links-side"));
  showLinks(view);
}

/** Words and heads; where only one head is shown, its layer before it. */
function formOf({ many, weights, queries, keys }) {
  const [layers, count] = weights.shape;
  return {
    write: ({ query, key, layer, heads }) => [query, key, ...(many ? [] : [layer]), ...heads],
    read: ([query, key, ...rest]) => {
      const [layer, heads] = many ? [0, rest] : [rest[0], rest.slice(1)];
      const there = within(query, queries.pieces.length) && within(key, keys.pieces.length) && within(layer, layers);
      const ones = heads.every((head, i) => within(head, count) && heads.indexOf(head) === i) && (many || heads.length === 1);
      return there && ones ? { query, key, layer, heads } : null;
    },
  };
}

function column(box, name, title, axis, choose) {
  const list = box.appendChild(make("div", `words ${name}`));
  list.append(make("p", `axis-name ${name === "from" ? "query" : "key"}`, title));
  return tokenLabels(axis.pieces, axis.lang).map((label, i) => {
    const button = list.appendChild(make("button", "word-button"));
    button.type = "button";
    button.append(tokenElement(label));
    button.addEventListener("click", () => choose(i));
    return button;
  });
}

function change(view, changes) {
  Object.assign(view.state, changes);
  view.stage.keep();
  showLinks(view);
}

/** One weight of a head. */
export function headWeight(figure, layer, head, query, key) {
  const [, heads, queries, keys] = figure.weights.shape;
  return figure.weights.values[((layer * heads + head) * queries + query) * keys + key];
}

function showLinks(view) {
  const { figure, stage, state } = view;
  view.queries.forEach((button, i) => button.setAttribute("aria-pressed", String(i === state.query)));
  view.keys.forEach((button, i) => {
    button.setAttribute("aria-pressed", String(i === state.key));
    const most = Math.max(0, ...state.heads.map((head) => headWeight(figure, state.layer, head, state.query, i)));
    button.style.setProperty("--share", String(Math.min(1, Math.sqrt(most))));
  });
  const from = view.queries[state.query].textContent;
  view.canvas.setAttribute("aria-label", stage.words("lines_from", { query: from }));
  paintLinks(view);
  if (view.side) showSide(view);
}

function paintLinks({ figure, stage, state, canvas, gap }) {
  const rows = Math.max(figure.queries.pieces.length, figure.keys.pieces.length);
  const ratio = window.devicePixelRatio || 1;
  const { context } = sizeCanvas(canvas, gap, rows * LINE, ratio);
  context.scale(ratio, ratio);
  context.lineCap = "round";
  const one = state.heads.length === 1 && !figure.many;
  state.heads.forEach((head, i) => {
    const aside = 1.6 * (i - (state.heads.length - 1) / 2); // so that no head hides another
    context.strokeStyle = one ? stage.theme.style.getPropertyValue("--atlas-query") : stage.headColors[head % stage.headColors.length];
    for (let key = 0; key < figure.keys.pieces.length; key++) {
      const weight = headWeight(figure, state.layer, head, state.query, key);
      if (weight < 0.005) continue;
      context.globalAlpha = Math.min(1, 0.15 + weight);
      context.lineWidth = 1 + 9 * weight;
      const from = (state.query + 0.5) * LINE + aside;
      const to = (key + 0.5) * LINE + aside;
      context.beginPath();
      context.moveTo(2, from);
      context.bezierCurveTo(gap / 2, from, gap / 2, to, gap - 2, to);
      context.stroke();
    }
  });
}

function showSide(view) {
  const { figure, stage, state, side } = view;
  side.replaceChildren();
  const title = side.appendChild(make("p", "weight-title"));
  title.textContent = state.heads.length === 1
    ? stage.words("layer_and_head", { layer: state.layer + 1, head: state.heads[0] + 1 })
    : stage.words("layer_number", { layer: state.layer + 1 });
  const names = { query: view.queries[state.query].textContent, key: view.keys[state.key].textContent };
  side.append(make("p", "quiet", stage.words("weight_from_to", names)));
  if (state.heads.length === 1) {
    const weight = headWeight(figure, state.layer, state.heads[0], state.query, state.key);
    side.appendChild(make("p", "large")).append(numberElement(weight, weight.toFixed(4)));
  }
  if (figure.many) side.append(headSwitches(view));
  else side.append(make("p", "quiet", stage.words("choose_head")), headGrid(view));
  side.append(make("p", "quiet", stage.words("choose_words")));
}

/** Layers × heads, each cell the weight of the chosen pair. */
function headGrid(view) {
  const { figure, stage, state } = view;
  const [layers, heads] = figure.weights.shape;
  const cell = 24;
  const whole = make("div", "head-grid-named");
  const names = (className, text, total) => {
    const list = whole.appendChild(make("p", `grid-names ${className}`));
    list.append(make("span", "axis-name", text));
    for (let i = 1; i <= total; i++) list.append(make("span", "", String(i)));
  };
  names("across", stage.words("heads_across"), heads);
  names("down", stage.words("layers_down"), layers);
  const area = whole.appendChild(make("div", "head-grid"));
  whole.style.setProperty("--cell-w", `${cell}px`);
  const values = new Float32Array(layers * heads);
  for (let i = 0; i < values.length; i++) values[i] = headWeight(figure, Math.floor(i / heads), i % heads, state.query, state.key);
  const canvas = area.appendChild(make("canvas"));
  canvas.setAttribute("aria-hidden", "true"); // the buttons over it say the numbers
  const best = Math.max(...values);
  const color = shareColor(stage.theme, Math.max(best, 0.05));
  drawMatrix(canvas, { width: heads * cell, height: layers * cell }, { values, rows: layers, columns: heads }, color);
  for (let i = 0; i < values.length; i++) {
    const [layer, head] = [Math.floor(i / heads), i % heads];
    const button = area.appendChild(make("button", "head-cell"));
    button.type = "button";
    button.style.left = `${head * cell}px`;
    button.style.top = `${layer * cell}px`;
    button.title = `${stage.words("layer_and_head", { layer: layer + 1, head: head + 1 })}: ${values[i].toFixed(4)}`;
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-pressed", String(layer === state.layer && state.heads.includes(head)));
    button.addEventListener("click", () => change(view, { layer, heads: [head] }));
  }
  return whole;
}

function headSwitches(view) {
  const { figure, stage, state } = view;
  const area = make("div", "switches");
  const count = figure.weights.shape[1];
  const every = Array.from({ length: count }, (_, head) => head);
  const all = area.appendChild(make("button", "switch all", stage.words("all_heads")));
  all.type = "button";
  all.setAttribute("aria-pressed", String(state.heads.length === count));
  all.addEventListener("click", () => change(view, { heads: state.heads.length === count ? [figure.head] : every }));
  for (const head of every) {
    const button = area.appendChild(make("button", "switch", String(head + 1)));
    button.type = "button";
    button.style.setProperty("--mark", stage.headColors[head % stage.headColors.length]);
    button.setAttribute("aria-pressed", String(state.heads.includes(head)));
    button.setAttribute("aria-label", stage.words("head", { head: head + 1 }));
    button.addEventListener("click", () => {
      const heads = state.heads.includes(head) ? state.heads.filter((each) => each !== head) : [...state.heads, head];
      change(view, { heads });
    });
  }
  return area;
}

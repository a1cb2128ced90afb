// The beam: asked for, drawn as a tree, told as a list, and beside it what greedy search wrote.
import { DECIMALS, formatNumber } from "./numbers.js";
import { pieceLabel } from "./pieces.js";
import { createTree, drawTree, hypothesisText, pathTo, treePlaces } from "./beam_tree.js";
import { button, fillSelect, selectBox, slider } from "./controls.js";
import { make, tokenElement } from "./text.js";

const BEAM_SIZES = [2, 3, 4, 5, 6, 7, 8];
const FIRST_BEAM = { beam_size: 4, length_penalty: 0.6 }; // the paper's (Vaswani et al. 2017, section 6.1)
const ALIKE = 1e-4; // log-probabilities of the same output by two ways of computing differ by less

/** Build the closed panel; it asks the host once it is opened. */
export function createBeam(parent, actions) {
  const element = parent.appendChild(make("section", "beam"));
  const view = { element, actions, asked: 0, wanted: { ...FIRST_BEAM } };
  const head = element.appendChild(make("div", "beam-head"));
  view.heading = head.appendChild(make("h4", "beam-title"));
  view.opener = button(head, "opener", () => {
    const { decoding } = view.scene.header;
    actions.keep({ beam: view.open ? (decoding?.beam_size > 1 ? "closed" : "") : beamText(view.wanted) });
  });
  view.panel = element.appendChild(make("div", "beam-panel"));
  createControls(view, view.panel.appendChild(make("div", "beam-controls")));
  view.message = view.panel.appendChild(make("p", "caption beam-message"));
  view.message.setAttribute("role", "status");
  view.result = view.panel.appendChild(make("div", "beam-result"));
  view.result.hidden = true;
  view.table = view.result.appendChild(make("table", "beside-greedy"));
  view.verdict = view.result.appendChild(make("p", "beam-verdict"));
  view.tree = createTree(view.result);
  view.details = view.result.appendChild(make("details", "beam-list"));
  view.summary = view.details.appendChild(make("summary", ""));
  view.list = view.details.appendChild(make("div", "list-box")).appendChild(make("table", ""));
  return view;
}

function createControls(view, parent) {
  view.size = selectBox(parent, (input) => want(view, { beam_size: Number(input.value) }));
  fillSelect(view.size, BEAM_SIZES.map((size) => [String(size), String(size)]), "");
  const told = (input) => { view.penalty.value.textContent = formatNumber(Number(input.value), DECIMALS.setting); };
  view.penalty = slider(parent, { min: 0, max: 2, step: 0.1 }, told);
  view.penalty.input.addEventListener("change", () => want(view, { length_penalty: Number(view.penalty.input.value) }));
}

function want(view, changed) {
  view.actions.keep({ beam: beamText({ ...view.wanted, ...changed }) });
}

/** A beam as the address has it. */
function beamText({ beam_size, length_penalty }) {
  return `${beam_size}-${length_penalty}`;
}

/** Which beam is open, null for none: the reader's, else the one that wrote the output. */
function openBeam({ beam, header: { decoding } }) {
  if (beam === "closed") return null;
  if (beam === "") return decoding?.beam_size > 1 ? { beam_size: decoding.beam_size, length_penalty: decoding.length_penalty } : null;
  const [beam_size, length_penalty] = beam.split("-").map(Number);
  return { beam_size, length_penalty };
}

/** Show the panel of a scene: open at once where the output was written by a beam. */
export function showBeam(view, scene, lang) {
  const before = view.scene;
  Object.assign(view, { scene, lang });
  view.element.hidden = !view.actions.offers("beam");
  if (view.element.hidden) return;
  const open = openBeam(scene);
  const subject = JSON.stringify([subjectOf(scene.header), open ?? view.wanted]);
  Object.assign(view, { open: open !== null, wanted: open ?? view.wanted });
  if (subject !== view.subject) {
    Object.assign(view, { subject, record: null });
    askForBeam(view);
  } else if (view.open !== view.shown) {
    if (view.record) dressBeam(view);
    else askForBeam(view);
  } else if (before.words !== scene.words) {
    dressBeam(view);
    if (view.record) showRecord(view);
  } else if (before.theme !== scene.theme) {
    redrawTree(view);
  }
}

/** What a beam is searched for; a host may send the same again, and nothing needs to be asked anew. */
function subjectOf({ axes, model, changes, decoding }) {
  return JSON.stringify([axes, model, changes ?? [], decoding ?? {}]);
}

/** Bring the controls and their texts up to date. */
function dressBeam(view) {
  view.shown = view.open;
  const { words } = view.scene;
  view.opener.textContent = words(view.open ? "beam_hide" : "beam_show");
  view.opener.setAttribute("aria-expanded", String(view.open));
  view.heading.textContent = words("beam_title");
  view.heading.hidden = view.panel.hidden = !view.open;
  view.size.label.textContent = words("beam_size");
  view.size.input.value = String(view.wanted.beam_size);
  view.penalty.label.textContent = words("beam_penalty");
  view.penalty.input.value = String(view.wanted.length_penalty);
  view.penalty.value.textContent = formatNumber(view.wanted.length_penalty, DECIMALS.setting);
}

async function askForBeam(view) {
  const turn = ++view.asked; // an answer that comes after the next question is dropped
  dressBeam(view);
  if (!view.open) return;
  const { words } = view.scene;
  view.message.textContent = words("beam_searching");
  view.result.classList.add("stale");
  try {
    const { header } = await view.actions.ask({ what: "beam", ...view.wanted });
    if (turn !== view.asked) return;
    view.record = header;
    view.message.textContent = "";
    showRecord(view);
  } catch (error) {
    if (turn !== view.asked) return;
    view.record = null;
    view.result.hidden = true;
    view.message.textContent = words("beam_failed", { reason: error.message });
  }
}

function showRecord(view) {
  view.result.hidden = false;
  view.result.classList.remove("stale");
  view.columns = treePlaces(view.record.steps);
  showBeside(view, view.record);
  redrawTree(view);
  view.summary.textContent = view.scene.words("beam_list");
  fillList(view);
}

function redrawTree(view) {
  if (view.record) drawTree(view.tree, view.columns, { lang: view.lang, ...view.scene });
}

function fillTable(table, heads, rows) {
  const line = (cells) => {
    const row = make("tr");
    row.append(...cells);
    return row;
  };
  const head = make("thead");
  const body = make("tbody");
  head.append(line(heads.map((text) => {
    const cell = make("th", "", text);
    cell.scope = "col";
    return cell;
  })));
  body.append(...rows.map(line));
  table.replaceChildren(head, body);
}

function numberCell(value, label) {
  const cell = make("td", "figure-cell");
  const number = make("data", "", formatNumber(value, DECIMALS.log));
  number.value = value === null ? "" : String(value);
  cell.append(make("span", "cell-label", label), number);
  return cell;
}

function showBeside(view, { greedy, best }) {
  const { words } = view.scene;
  const heads = ["", words("beam_output"), words("beam_log"), words("beam_normaliser"), words("beam_score")];
  const own = ownPieces(greedy.pieces, best.pieces);
  const row = (name, output, different) => {
    const title = make("th", "", name);
    title.scope = "row";
    const text = make("td", "pieces");
    text.append(...output.pieces.map((piece, i) => {
      const made = make(different.has(i) ? "mark" : "span");
      made.append(tokenElement(pieceLabel(piece, view.lang)));
      return made;
    }));
    const figures = [output.log_probability, output.length_normaliser, output.score];
    return [title, text, ...figures.map((value, i) => numberCell(value, heads[i + 2]))];
  };
  fillTable(view.table, heads, [row(words("beam_greedy"), greedy, own[0]), row(words("beam_best"), best, own[1])]);
  view.verdict.textContent = verdict(greedy, best, words);
}

/** What the comparison comes to, in one sentence. */
function verdict(greedy, best, words) {
  if (greedy.pieces.join("\n") === best.pieces.join("\n")) return words("beam_same");
  const gain = best.log_probability - greedy.log_probability;
  if (best.score < greedy.score - ALIKE) return words("beam_lost");
  if (gain > ALIKE) return words("beam_likelier", { times: Math.exp(gain).toPrecision(3) });
  return words("beam_longer");
}

/** Places in two lists that are in no longest common subsequence of both: [Set, Set]. */
export function ownPieces(a, b) {
  const length = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  const own = [new Set(a.keys()), new Set(b.keys())];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      own[0].delete(i++);
      own[1].delete(j++);
    } else if (length[i + 1][j] >= length[i][j + 1]) i++;
    else j++;
  }
  return own;
}

/** Every hypothesis that ends somewhere: the finished ones by their score, then those that were given up. */
function fillList(view) {
  const { words } = view.scene;
  const heads = [words("beam_output"), words("beam_pieces"), words("beam_log"), words("beam_score")];
  const leaves = view.columns.flat().filter(({ node, given_up }) => given_up || node.score !== null);
  const value = ({ node, column }) => (node.score === null ? [0, column] : [1, node.score]);
  leaves.sort((a, b) => value(b)[0] - value(a)[0] || value(b)[1] - value(a)[1]);
  fillTable(view.list, heads, leaves.map((place) => {
    const text = make("td", place.node.best ? "best" : "");
    const said = text.appendChild(make("bdi", "", hypothesisText(place, view.lang)));
    if (view.lang) said.lang = view.lang;
    if (place.given_up) text.append(make("span", "caption", words("beam_given_up")));
    const count = make("td", "figure-cell", String(pathTo(place).length));
    return [text, count, numberCell(place.node.log_probability, heads[2]), numberCell(place.node.score, heads[3])];
  }));
}

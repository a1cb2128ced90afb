// One query as a smoother: its keys on a line and in the plane, the kernel falling off, the weights, the mean of values.
import { fillSelect, selectBox, slider } from "./controls.js";
import { keepChoices, keepThrough, keptChoices } from "./kept.js";
import { createKeyTable, fillKeyTable, markKey } from "./key_table.js";
import { createPicture, createTakeaway, fillTakeaway, showPicture, titled, together } from "./picture.js";
import { profileDrawing } from "./profile_figure.js";
import { keyPlane, valuePlane } from "./smoother_planes.js";
import { badNumbers, rowsOf, smoothQuery, SMOOTHERS, weightedMean } from "./smoothing.js";
import { formatNumber, phrase } from "./numbers.js";
import { smallNumber } from "./small_number.js";
import { make, tokenElement } from "./text.js";

const GAP = 24;
const REACH = 4; // the slider goes from 2 ** -4 to 2 ** 4
const STEP = 0.125;
const SMOOTHER_COLUMNS = [
  "kernel", "degree", "bandwidth", "query_position", "query", "key_position", "key", "along", "weight", "recorded_weight",
];

/** Build the empty view; it keeps the choices while messages come and go. */
export function createSmoother(root) {
  const view = { root, scene: null, pointed: null, good: null, memory: null };
  const sentence = root.appendChild(make("div", "lens-queries"));
  view.askQuery = sentence.appendChild(make("p", "lens-label"));
  view.queries = sentence.appendChild(make("div", "lens-tokens"));
  view.queries.addEventListener("keydown", (event) => moveQuery(view, event));
  const row = root.appendChild(make("div", "lens-controls"));
  const changed = (name, value) => { view.choice[name] = value; update(view); };
  view.kernel = selectBox(row, (input) => changed("name", input.value));
  view.degree = numberInput(row, (value) => changed("degree", value));
  view.bandwidth = slider(row, { min: -REACH, max: REACH, step: STEP }, (input) => changed("bandwidth", 2 ** Number(input.value)));
  view.exact = numberInput(row, (value) => changed("bandwidth", value));
  view.takeaway = createTakeaway(row);
  view.problem = root.appendChild(make("p", "lens-problem"));
  view.problem.setAttribute("role", "alert");
  const point = (key) => { if (key !== view.pointed) { view.pointed = key; draw(view); } };
  const pictures = root.appendChild(make("div", "lens-pictures"));
  view.line = createPicture(pictures, point);
  view.plane = createPicture(pictures, point);
  const below = root.appendChild(make("div", "lens-pictures"));
  view.table = createKeyTable(below, point);
  view.values = createPicture(below, point);
  keepThrough(view.queries, () => { if (view.good && !view.good.instead) keep(view); });
  return view;
}

function numberInput(parent, changed) {
  const row = parent.appendChild(make("label", "control"));
  const text = row.appendChild(make("span"));
  const input = row.appendChild(make("input", "lens-number"));
  input.type = "number";
  input.step = "any";
  input.addEventListener("change", () => changed(input.value === "" ? NaN : Number(input.value)));
  return { row, text, input };
}

/** Show a message: a new head keeps the kernel and the bandwidth, and the query where there is one of that place. */
export function showSmoother(view, scene) {
  const { header } = scene;
  view.choice ??= choiceOf(keptChoices(), header);
  if (!(view.choice.query >= 0 && view.choice.query < scene.queries.length)) view.choice.query = header.query;
  if (view.scene?.header !== header) {
    const { d } = header;
    const of = (name) => rowsOf(scene.arrays[name], d);
    view.rows = { q: of("q"), k: of("k"), v: of("v"), outputs: of("outputs") };
    view.good = null;
    view.pointed = null;
  }
  view.scene = scene;
  dress(view);
  update(view);
}

function choiceOf({ query, smoother, bandwidth, degree }, header) {
  return {
    query: Number(query ?? header.query + 1) - 1,
    name: Object.hasOwn(SMOOTHERS, smoother ?? "") ? smoother : header.kernel,
    bandwidth: Number(bandwidth ?? 1),
    degree: Number(degree ?? header.options.degree),
  };
}

/** What is drawn where the choices make no kernel: the model as trained. */
function asTrained({ choice, scene }) {
  return { query: choice.query, name: scene.header.kernel, bandwidth: 1, degree: scene.header.options.degree, instead: true };
}

/** Write what is drawn into the address. */
function keep({ good, scene: { header } }) {
  keepChoices({
    query: good.query === header.query ? null : String(good.query + 1),
    smoother: good.name === header.kernel ? null : good.name,
    bandwidth: good.bandwidth === 1 ? null : String(Number(good.bandwidth.toPrecision(6))),
    degree: good.degree === header.options.degree ? null : String(good.degree),
  });
}

/** The texts and the choices that a message brings. */
function dress(view) {
  const { words, queries, header } = view.scene;
  view.askQuery.textContent = words("choose_query");
  view.kernel.label.textContent = words("kernel");
  view.bandwidth.label.textContent = words("bandwidth");
  view.exact.input.setAttribute("aria-label", words("bandwidth_number"));
  view.degree.text.textContent = words("degree");
  fillSelect(view.kernel, Object.keys(SMOOTHERS).map((name) => [name, kernelLabel(name, header, words)]), view.choice.name);
  view.queries.setAttribute("role", "radiogroup");
  view.queries.setAttribute("aria-label", words("choose_query"));
  view.queries.replaceChildren(...queries.map((label, query) => {
    const element = make("button", "lens-token");
    element.type = "button";
    element.setAttribute("role", "radio");
    element.append(tokenElement(label));
    element.addEventListener("click", () => { view.choice.query = query; update(view); });
    return element;
  }));
}

function kernelLabel(name, header, words) {
  return name === header.kernel ? words("as_trained", { kernel: words(`kernel_${name}`) }) : words(`kernel_${name}`);
}

function moveQuery(view, event) {
  const count = view.scene.queries.length;
  const moves = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -count, End: count };
  if (!Object.hasOwn(moves, event.key)) return;
  event.preventDefault();
  view.choice.query = Math.max(0, Math.min(count - 1, view.choice.query + moves[event.key]));
  update(view);
  view.queries.children[view.choice.query].focus();
}

/** Take the choices: where they make no kernel, say why, and leave the picture as it is, or show the model as trained. */
function update(view) {
  const { choice, scene } = view;
  const { words } = scene;
  const signed = Boolean(SMOOTHERS[choice.name].signed);
  const bad = signed ? null : badNumbers(choice);
  const instead = () => words(view.good && !view.good.instead ? "picture_stays" : "picture_trained");
  view.problem.textContent = bad ? `${words(bad)} ${instead()}` : signed ? words("no_bandwidth") : "";
  view.problem.hidden = view.problem.textContent === "";
  view.kernel.input.value = choice.name;
  view.degree.row.hidden = choice.name !== "polynomial";
  view.degree.input.value = Number.isNaN(choice.degree) ? "" : String(choice.degree);
  if (!Number.isNaN(choice.bandwidth)) view.exact.input.value = String(Number((signed ? 1 : choice.bandwidth).toPrecision(4)));
  if (choice.bandwidth > 0) view.bandwidth.input.value = String(Math.log2(choice.bandwidth));
  view.bandwidth.input.disabled = view.exact.input.disabled = signed;
  view.bandwidth.value.textContent = "";
  [...view.queries.children].forEach((element, query) => {
    element.setAttribute("aria-checked", String(query === choice.query));
    element.tabIndex = query === choice.query ? 0 : -1;
  });
  if (!bad) {
    view.good = { ...choice, bandwidth: signed ? 1 : choice.bandwidth };
    keep(view);
  }
  view.good ??= asTrained(view);
  draw(view);
}

/** What the chosen query makes of its keys and values. */
function computed({ good, rows, scene }) {
  const { header, arrays } = scene;
  const count = rows.k.length;
  const of = (name) => arrays[name].subarray(good.query * count, (good.query + 1) * count);
  const [visible, recorded, q] = [of("visible"), of("weights"), rows.q[good.query]];
  const options = { ...header.options, degree: good.degree };
  const kernel = { name: good.name, options, bandwidth: good.bandwidth };
  const factor = good.name === header.kernel ? of("factor") : null;
  const smoothed = smoothQuery(kernel, q, rows.k, visible, factor);
  const output = weightedMean(smoothed.weights, rows.v);
  return {
    ...smoothed, kernel, q, visible, recorded, output, distance: Boolean(SMOOTHERS[good.name].distance),
    recordedOutput: rows.outputs[good.query],
  };
}

function draw(view) {
  const { scene, pointed, good } = view;
  const { words, theme, width, narrow, keys, queries, header } = scene;
  const shown = computed(view);
  const half = narrow ? width : Math.floor((width - GAP) / 2);
  const side = Math.min(half, 440);
  const axis = words(`axis_${good.name}`, { scale: String(Number(header.options.scale.toPrecision(4))), degree: good.degree });
  const common = { shown, labels: keys, query: queries[good.query], pointed, theme, words, rows: view.rows, scene };
  const line = profileDrawing({ ...common, axis }, half, Math.min(side, 380));
  const plane = keyPlane(common, half, side);
  const values = valuePlane(common, half, Math.min(side, 380));
  const heaviest = shown.weights.indexOf(Math.max(...shown.weights));
  const spoken = words("spoken_keys", {
    query: queries[good.query].text, key: keys[heaviest].text, weight: formatNumber(shown.weights[heaviest]), count: keys.length,
  });
  const note = header.position === "none" ? words("line_note") : words("line_note_position");
  showPicture(view.line, line, { title: words("line_title"), spoken, note, theme });
  const share = `${Math.round(100 * header.share)} %`;
  const falls = SMOOTHERS[good.name].signed ? words("plane_note_signed", { share }) : words("plane_note", { share, factor: plane.factor });
  showPicture(view.plane, plane, { title: words("plane_title"), spoken, note: falls, theme });
  const valueShare = `${Math.round(100 * header.value_share)} %`;
  showPicture(view.values, values, { title: words("values_title"), spoken, note: words("values_note", { share: valueShare }), theme });
  fillKeyTable(view.table, { ...common, numbers: agreement(shown, view) });
  markKey(view.table, pointed);
  view.root.classList.toggle("stale", good.query !== view.choice.query || good.name !== view.choice.name);
  const pictures = () => [[line, "line_title"], [plane, "plane_title"], [values, "values_title"]].map(([each, title]) => titled(each, words(title), theme));
  fillTakeaway(view.takeaway, () => files(view, shown, pictures()), words, theme);
}

/** How far the numbers computed here are from the recorded ones, in a sentence. */
function agreement(shown, { scene, good }) {
  const { words, header } = scene;
  const most = (one, other) => one.reduce((largest, value, i) => Math.max(largest, Math.abs(value - other[i])), 0);
  const parts = {
    weights: smallNumber(most(shown.weights, shown.recorded)), output: smallNumber(most(shown.output, shown.recordedOutput)),
  };
  const same = good.name === header.kernel && good.bandwidth === 1;
  return phrase(words(same ? "agrees" : "differs"), parts);
}

function files({ scene, good }, shown, drawings) {
  const { words, header, keys, queries } = scene;
  const place = words("lens_head", { kind: words(`title_${header.kind}`), layer: header.layer + 1, head: header.head + 1 });
  const kernel = words("lens_kernel", {
    query: queries[good.query].text, kernel: words(`kernel_${good.name}`), bandwidth: String(Number(good.bandwidth.toPrecision(4))),
  });
  const { signed } = SMOOTHERS[good.name];
  const chosen = [good.name, good.name === "polynomial" ? good.degree : "", signed ? "" : good.bandwidth];
  const query = [good.query + 1, queries[good.query].full];
  const rows = keys.map((label, key) => [
    ...chosen, ...query, key + 1, label.full, shown.along[key], shown.weights[key], shown.recorded[key],
  ]);
  return {
    name: `${header.model}-${header.kind}-layer${header.layer + 1}-head${header.head + 1}-query${good.query + 1}-${good.name}`,
    drawing: together(drawings, GAP),
    about: { title: place, caption: [kernel, header.text], lang: header.lang },
    csv: [SMOOTHER_COLUMNS, ...rows],
  };
}

// The tools around the views: the heads that are shown together, the reading aids, and what sorts the overview.
import { button, checkbox, fillSelect, popover, selectBox, slider } from "./controls.js";
import { legibleCount } from "./links.js";
import { measureLimits, measureNames, scanImportance } from "./measures.js";
import { chosenHeads, headName, referenceName, subtrahend } from "./scene.js";
import { DECIMALS, formatNumber } from "./numbers.js";
import { make } from "./text.js";

const COUNTS = [0, 1, 2, 3, 5, 10];

/** Build the tools of a browser. */
export function createFurnish(atlas) {
  const tools = { atlas, several: false };
  const { set } = atlas.actions;
  tools.chips = make("div", "chips");
  atlas.panel.element.insertBefore(tools.chips, atlas.panel.body);
  tools.aids = popover(atlas.panel.tools, "aids");
  const { sheet } = tools.aids;
  tools.merge = checkbox(sheet, (input) => set({ merge: input.checked }));
  tools.hide = checkbox(sheet, (input) => set({ hide: input.checked }));
  tools.count = selectBox(sheet, (input) => set({ count: input.value === "" ? null : Number(input.value) }));
  tools.threshold = slider(sheet, { min: 0, max: 0.5, step: 0.01 }, (input) => set({ threshold: Number(input.value) }));
  tools.scale = selectBox(sheet, (input) => set({ scale: input.value }));
  tools.minus = selectBox(sheet, (input) => set({ minus: input.value }));
  tools.together = checkbox(sheet, (input) => { tools.several = input.checked; });
  tools.layer = button(sheet, "wide", () => set({ more: wholeLayer(atlas) }));
  tools.note = sheet.appendChild(make("p", "caption"));
  createMeasures(tools);
  return tools;
}

function wholeLayer({ state, kinds }) {
  const { kind, layer, head } = state.selection;
  const { heads } = kinds.find((each) => each.id === kind);
  if (state.more.length >= heads - 1 && state.more.every((each) => each.layer === layer)) return [];
  return Array.from({ length: heads }, (_, each) => ({ layer, head: each, share: 1 })).filter((each) => each.head !== head);
}

function createMeasures(tools) {
  const { atlas } = tools;
  const { set } = atlas.actions;
  const { bar } = atlas.overview;
  tools.measure = selectBox(bar, (input) => set({ measure: input.value, sort: input.value !== "", least: null }));
  tools.how = bar.appendChild(make("div", "how"));
  tools.sort = checkbox(tools.how, (input) => set({ sort: input.checked }));
  tools.least = slider(tools.how, { min: 0, max: 1, step: 0.01 }, (input) => set({ least: Number(input.value) }));
  tools.scan = button(bar, "wide", () => scanHeads(tools));
  tools.progress = bar.appendChild(make("progress"));
  tools.state = bar.appendChild(make("p", "caption"));
}

/** Begin to measure the importance of every head, or stop. */
export async function scanHeads(tools) {
  const { atlas } = tools;
  if (tools.scanning) {
    tools.scanning.cancelled = true;
    tools.scanning = null;
    furnish(atlas);
    return;
  }
  const mine = { cancelled: false };
  tools.scanning = mine;
  tools.failure = "";
  try {
    await scanImportance(atlas, mine, (done, of) => {
      tools.progress.max = of;
      tools.progress.value = done;
      atlas.actions.set({});
    });
  } catch (error) {
    tools.failure = error.message;
  }
  if (tools.scanning === mine) tools.scanning = null;
  atlas.actions.set({});
}

/** Show the tools as the state is. */
export function furnish(atlas) {
  const { tools, state, words } = atlas;
  const kind = atlas.kinds.find((each) => each.id === state.selection.kind);
  showChips(tools, kind);
  const labels = { merge: "whole_words", hide: "hide_marks", count: "strongest_count", threshold: "least_weight", scale: "scale_choice", minus: "minus", together: "several_heads" };
  for (const [name, key] of Object.entries(labels)) tools[name].label.textContent = words(key);
  tools.aids.summary.textContent = words("reading_aids");
  tools.merge.input.checked = state.merge;
  tools.hide.input.checked = state.hide;
  tools.together.input.checked = tools.several;
  const counted = (count) => (count ? String(count) : words("all_keys"));
  const legible = words("legible_count", { count: counted(legibleCount(atlas.panel.scene)) });
  fillSelect(tools.count, [["", legible], ...COUNTS.map((count) => [String(count), counted(count)])], String(state.count ?? ""));
  tools.threshold.input.value = state.threshold;
  tools.threshold.value.textContent = formatNumber(state.threshold, DECIMALS.cell);
  fillSelect(tools.scale, ["sqrt", "linear"].map((name) => [name, words(`choice_${name}`)]), state.scale);
  showMinus(tools, kind);
  tools.layer.textContent = words(state.more.length >= kind.heads - 1 ? "one_head" : "whole_layer");
  tools.note.textContent = words("several_hint");
  showMeasures(tools);
}

function showMinus({ minus, note, atlas }, kind) {
  const { state, words } = atlas;
  const heads = Array.from({ length: kind.layers * kind.heads }, (_, i) => ({ layer: Math.floor(i / kind.heads), head: i % kind.heads }));
  const options = [["", words("nothing")]];
  if (subtrahend({ ...atlas, state: { ...state, minus: "before" } }, kind)) options.push(["before", referenceName(atlas)]);
  options.push([words("another_head"), heads.map((head) => [`${head.layer + 1}.${head.head + 1}`, headName(head, words)])]);
  fillSelect(minus, options, subtrahend(atlas, kind) ? state.minus : "");
}

/** The heads that are shown together, each with its colour; with their shares where they are averaged. */
function showChips({ chips, atlas }, kind) {
  const { state, words, actions } = atlas;
  const heads = atlas.panel.scene ? chosenHeads(state, kind) : [];
  chips.hidden = heads.length < 2;
  const shape = JSON.stringify([state.selection, state.more, state.share, state.mean, words("share"), atlas.theme.scheme]);
  if (chips.shape === shape) return;
  chips.shape = shape;
  if (chips.hidden) return chips.replaceChildren();
  const colors = new Map(atlas.panel.scene.heads.map(({ layer, head, color }) => [`${layer}.${head}`, color]));
  chips.replaceChildren(...heads.map((head, place) => chip(atlas, head, place, colors.get(`${head.layer}.${head.head}`))));
  const mean = checkbox(chips, (input) => actions.set({ mean: input.checked }));
  mean.label.textContent = words("average");
  mean.input.checked = state.mean;
}

function chip(atlas, head, place, color) {
  const { state, words, actions } = atlas;
  const name = headName(head, words);
  const element = make("span", "head-chip");
  const dot = element.appendChild(make("i"));
  if (color) dot.style.backgroundColor = color;
  element.append(make("span", "", name));
  if (state.mean) {
    const share = element.appendChild(make("input", "share"));
    Object.assign(share, { type: "number", min: 0, max: 100, step: 0.5, value: head.share });
    share.setAttribute("aria-label", words("share", { head: name }));
    share.addEventListener("change", () => {
      const value = Math.max(0, Math.min(100, Number(share.value) || 0));
      actions.set(place === 0 ? { share: value } : { more: state.more.map((each) => (each === head ? { ...each, share: value } : each)) });
    });
  }
  if (place > 0) {
    const away = button(element, "away", () => actions.set({ more: state.more.filter((each) => each !== head) }));
    away.textContent = "×";
    away.setAttribute("aria-label", words("take_away_head", { head: name }));
  }
  return element;
}

function showMeasures(tools) {
  const { atlas } = tools;
  const { state, words } = atlas;
  const names = measureNames(atlas);
  atlas.overview.bar.hidden = names.length === 0;
  if (state.measure !== "" && !names.includes(state.measure)) Object.assign(state, { measure: "", sort: false, least: null });
  tools.measure.label.textContent = words("sort_by");
  fillSelect(tools.measure, [["", words("by_layers")], ...names.map((name) => [name, words(`fact_${name}`)])], state.measure);
  const limits = state.measure ? measureLimits(atlas) : null;
  tools.how.hidden = !limits;
  tools.sort.label.textContent = words("sort");
  tools.sort.input.checked = state.sort;
  tools.least.label.textContent = words("at_least");
  const { low, high } = limits ?? { low: 0, high: 1 };
  Object.assign(tools.least.input, { min: low, max: high, step: (high - low) / 100 || 0.01, value: state.least ?? low });
  tools.least.value.textContent = formatNumber(state.least ?? low, DECIMALS.fact);
  const importance = state.measure === "importance";
  const complete = atlas.kinds.every((kind) => atlas.importance?.has(`${kind.id}.${kind.layers - 1}`));
  tools.scan.hidden = !importance || (complete && !tools.scanning);
  tools.scan.textContent = words(tools.scanning ? "cancel" : "scan");
  tools.progress.hidden = !tools.scanning;
  tools.state.hidden = !importance;
  const of = atlas.kinds.reduce((sum, kind) => sum + kind.layers, 0);
  const partial = !tools.scanning && atlas.importance?.size > 0 && atlas.importance.size < of;
  tools.state.textContent = tools.failure || (partial ? words("importance_partial", { done: atlas.importance.size, of }) : words("importance_about"));
}

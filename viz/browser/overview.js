// The overview: every head of every kind as a thumbnail; one canvas a kind, one button a head.
import { headMatrix, pooledNote } from "./payload.js";
import { paintMatrix, sizeCanvas } from "./matrix.js";
import { weightColor } from "./theme.js";
import { labelWidths, make } from "./text.js";
import { measureLimits, measureOf } from "./measures.js";
import { DECIMALS, formatNumber } from "./numbers.js";
import { roleGlyph } from "./role_glyph.js";
import { roleOf } from "./facts.js";

const LABEL_SIZE = 12;
const WIDEST_GUTTER = 120;

/** Build an empty overview in `parent`; `select(selection, event)` is called when a head is chosen. */
export function createOverview(parent, select) {
  const element = parent.appendChild(make("div", "overview"));
  const tip = make("div", "tip");
  tip.hidden = true;
  const view = { element, tip, kinds: [], sections: [], shape: "" };
  view.bar = element.appendChild(make("div", "measure-bar")); // what sorts and filters, see measures.js
  view.grids = element.appendChild(make("div", "grids"));
  view.note = element.appendChild(make("p", "caption pooled")); // of long texts
  element.append(tip);
  element.addEventListener("click", (event) => choose(headOf(event.target), event));
  element.addEventListener("keydown", (event) => {
    const target = moveByKey(view, event);
    if (!target) return;
    event.preventDefault();
    target.focus();
    choose(target, event);
    showTip(view, target);
  });
  for (const name of ["pointerover", "focusin"]) {
    element.addEventListener(name, (event) => showTip(view, headOf(event.target)));
  }
  for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, () => showTip(view, null));
  return view;

  function choose(button, event) {
    if (button) select(selectionOf(button), event);
  }
}

function headOf(target) {
  return target.closest?.("button.head") ?? null;
}

function selectionOf(button) {
  const { kind, layer, head } = button.dataset;
  return { kind, layer: Number(layer), head: Number(head) };
}

/** Make the buttons for these kinds, unless they are there already; keeps the focus. */
export function fillOverview(view, kinds, words) {
  const names = kinds.map((kind) => kindName(kind.id, words));
  const shape = JSON.stringify([kinds.map((kind) => [kind.id, kind.layers, kind.heads]), names, words("head_title")]);
  view.kinds = kinds;
  view.note.textContent = kinds.map((kind) => pooledNote(kind, words)).find(Boolean) ?? "";
  if (shape === view.shape) return;
  const active = view.element.getRootNode().activeElement;
  view.shape = shape;
  view.refocus = view.grids.contains(active);
  view.sections = kinds.map((kind, i) => createSection(kind, names[i], words));
  view.grids.setAttribute("aria-label", words("overview"));
  view.grids.setAttribute("role", "group");
  view.grids.replaceChildren(...view.sections.map((section) => section.element));
}

/** The name of a kind of attention on the screen. */
export function kindName(id, words, form = "kind") {
  return ["encoder", "decoder", "cross"].includes(id) ? words(`${form}_${id}`) : words("kind_other", { kind: id });
}

/** The coloured mark of a kind. */
export function kindChip(id) {
  const chip = make("span", "chip");
  chip.dataset.kind = id;
  chip.setAttribute("aria-hidden", "true");
  return chip;
}

function createSection(kind, name, words) {
  const element = make("section", "kind");
  const title = element.appendChild(make("h3", "kind-name"));
  title.append(kindChip(kind.id), make("span", "", name));
  const canvas = element.appendChild(make("canvas", "thumbnails"));
  canvas.setAttribute("aria-hidden", "true");
  const grid = element.appendChild(make("div", "heads"));
  grid.setAttribute("role", "grid");
  grid.setAttribute("aria-label", name);
  grid.append(...Array.from({ length: kind.heads }, (_, head) => numberLabel(head + 1, head + 2)));
  for (let layer = 0; layer < kind.layers; layer++) grid.append(createLayer(kind, layer, name, words));
  const none = element.appendChild(make("p", "caption"));
  none.hidden = true;
  return { kind, name, element, canvas, grid, none, order: "", slots: layerOrder(kind), buttons: [...grid.querySelectorAll("button.head")] };
}

function layerOrder(kind) {
  return Array.from({ length: kind.layers * kind.heads }, (_, i) => ({ layer: Math.floor(i / kind.heads), head: i % kind.heads }));
}

/** How wide the names of kinds and layers are. */
export function gutterWidth(kinds, words, theme) {
  const deepest = Math.max(...kinds.map((kind) => kind.layers));
  const texts = [...kinds.map((kind) => `${kindName(kind.id, words)}---`), words("layer", { layer: deepest })];
  const widths = labelWidths(texts.map((text) => ({ text })), `600 ${LABEL_SIZE}px ${theme.font}`);
  return Math.min(Math.ceil(Math.max(...widths)) + 10, WIDEST_GUTTER);
}

function numberLabel(text, column) {
  const label = make("span", "head-number", text);
  label.style.gridColumn = column;
  label.setAttribute("aria-hidden", "true");
  return label;
}

function createLayer(kind, layer, name, words) {
  const row = make("div", "layer");
  row.setAttribute("role", "row");
  const label = row.appendChild(make("span", "layer-name", words("layer", { layer: layer + 1 })));
  label.setAttribute("role", "rowheader");
  label.style.gridRow = layer + 2;
  for (let head = 0; head < kind.heads; head++) {
    const button = row.appendChild(make("button", "head"));
    button.type = "button";
    button.style.gridArea = `${layer + 2} / ${head + 2}`;
    button.tabIndex = -1;
    button.setAttribute("role", "gridcell");
    Object.assign(button.dataset, { kind: kind.id, layer, head });
  }
  return row;
}

/** Place and paint all thumbnails at a layout; the only drawing the overview ever does. */
export function drawOverview(view, layout, theme) {
  const ratio = window.devicePixelRatio || 1;
  const { rows, ...lengths } = layout;
  for (const [name, value] of Object.entries(lengths)) view.element.style.setProperty(`--${name}`, `${value}px`);
  view.sections.forEach((section, i) => {
    const kind = view.kinds[i];
    section.grid.style.setProperty("--count", kind.heads);
    section.grid.style.minHeight = `${layout.header + rows[i] * layout.pitch}px`;
    drawThumbnails(section, kind, layout, theme, ratio);
  });
}

function drawThumbnails({ canvas, slots }, kind, layout, theme, ratio) {
  const { context, width, height } = sizeCanvas(canvas, kind.heads * layout.pitch, kind.layers * layout.pitch, ratio);
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colorOf = weightColor(theme, kind.limit);
  const side = Math.round(layout.tile * ratio);
  slots.forEach(({ layer, head }, slot) => {
    const x = Math.round((slot % kind.heads) * layout.pitch * ratio);
    const y = Math.round(Math.floor(slot / kind.heads) * layout.pitch * ratio);
    const place = { x, y, width: Math.min(side, width - x), height: Math.min(side, height - y), stride: width };
    paintMatrix(pixels, place, headMatrix(kind, layer, head), colorOf);
  });
  context.putImageData(image, 0, 0);
}

/** Put the heads in the order of the chosen measure, or of layers; says whether the pictures must be drawn anew. */
export function rankHeads(atlas) {
  const { overview, state } = atlas;
  let moved = false;
  overview.sections.forEach((section, i) => {
    const kind = overview.kinds[i];
    const slots = layerOrder(kind);
    const value = ({ layer, head }) => measureOf(atlas, kind, layer, head) ?? -Infinity;
    const sorted = state.sort && state.measure !== "";
    if (sorted) slots.sort((a, b) => value(b) - value(a) || a.layer - b.layer || a.head - b.head);
    const order = JSON.stringify(slots);
    section.element.classList.toggle("sorted", sorted);
    if (order === section.order) return;
    moved = true;
    section.order = order;
    section.slots = slots;
    section.buttons.forEach((button, slot) => Object.assign(button.dataset, slots[slot]));
  });
  return moved;
}

/** Mark the selected heads, those shown with them, those switched off, and what the chosen measure says of each. */
export function markHeads(view, atlas) {
  const { state, words, changes } = atlas;
  const { selection, more, measure } = state;
  const measured = measure ? measureLimits(atlas) : null;
  const changed = new Set(changes.filter((change) => change.type === "head").map(({ kind, layer, head }) => `${kind}.${layer}.${head}`));
  const focused = view.grids.contains(view.element.getRootNode().activeElement);
  view.sections.forEach((section, i) => {
    const kind = view.kinds[i];
    section.none.hidden = !measure || measure === "importance" || section.slots.some(({ layer, head }) => measureOf(atlas, kind, layer, head) !== null);
    if (!section.none.hidden) section.none.textContent = words("measure_none", { measure: words(`fact_${measure}`) });
    section.buttons.forEach((button) => {
      const { layer, head } = selectionOf(button);
      const selected = kind.id === selection.kind && layer === selection.layer && head === selection.head;
      const beside = kind.id === selection.kind && more.some((each) => each.layer === layer && each.head === head);
      const value = measured ? measureOf(atlas, kind, layer, head) : null;
      button.setAttribute("aria-selected", String(selected || beside));
      button.classList.toggle("beside", beside);
      button.classList.toggle("changed", changed.has(`${kind.id}.${layer}.${head}`));
      button.classList.toggle("faint", value !== null && state.least !== null && value < state.least);
      button.tabIndex = selected ? 0 : -1;
      button.style.setProperty("--share", value > 0 ? value / measured.high : 0); // from zero, and alike for all kinds
      const tip = [words("head_tip", { layer: layer + 1, head: head + 1 })];
      if (value !== null) tip.push(`${words(`fact_${measure}`)} ${formatNumber(value, DECIMALS.fact)}`);
      if (button.classList.contains("changed")) tip.push(words("changed"));
      const role = roleOf(atlas.header, kind, layer, head);
      const sorted = state.sort && measure !== "";
      const marks = [...(role ? [roleGlyph(role.name)] : []), ...(sorted ? [make("span", "name", `${layer + 1}.${head + 1}`)] : [])];
      button.replaceChildren(...marks);
      if (role) tip.push(words(`fact_${role.name}`));
      button.dataset.tip = tip.join(" · ");
      button.setAttribute("aria-label", `${section.name} · ${button.dataset.tip}`);
      if (selected && (view.refocus || (focused && headOf(view.element.getRootNode().activeElement) !== button))) button.focus();
    });
  });
  view.element.classList.toggle("measured", Boolean(measured));
  view.refocus = false;
}

/** The button an arrow, Home, End or page key leads to; the stacked kinds are one tall grid. */
function moveByKey(view, event) {
  const button = headOf(event.target);
  if (!button || event.altKey || event.metaKey) return null;
  const rows = [...view.element.querySelectorAll(".layer")];
  const cells = (row) => [...row.querySelectorAll("button.head")];
  const y = rows.indexOf(button.parentElement);
  const x = cells(rows[y]).indexOf(button);
  const at = (row, column) => {
    const line = cells(rows[Math.max(0, Math.min(rows.length - 1, row))]);
    return line[Math.max(0, Math.min(line.length - 1, column))];
  };
  const far = event.ctrlKey;
  const moves = {
    ArrowLeft: () => at(y, x - 1), ArrowRight: () => at(y, x + 1), ArrowUp: () => at(y - 1, x), ArrowDown: () => at(y + 1, x),
    Home: () => at(far ? 0 : y, 0), End: () => at(far ? rows.length : y, Infinity),
    PageUp: () => at(0, x), PageDown: () => at(rows.length, x),
  };
  return Object.hasOwn(moves, event.key) ? moves[event.key]() : null;
}

function showTip(view, button) {
  view.tip.hidden = !button;
  if (!button) return;
  view.tip.textContent = button.dataset.tip;
  const area = view.element.getBoundingClientRect();
  const box = button.getBoundingClientRect();
  const half = view.tip.offsetWidth / 2;
  const center = box.left - area.left + box.width / 2;
  view.tip.style.left = `${Math.max(half, Math.min(area.width - half, center))}px`;
  view.tip.style.top = `${box.top - area.top - 4}px`;
}

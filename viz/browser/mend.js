// A link that names what is not here: it is put right, and each thing that was changed is said in a sentence.
import { measureNames } from "./measures.js";
import { kindName } from "./overview.js";
import { subtrahend } from "./scene.js";

const LONGEST = 24; // characters of a link's word that are said again

/** Put right what a link said of the state and `atlas` does not have; the head that is shown, and sentences: {selection, said}. */
export function mendState(atlas, { named, unread }) {
  const { words } = atlas;
  const said = unread.map(({ name, given }) => words("mend_unread", { name, given: cut(given) }));
  const selection = named && mendSelection(atlas, named, said);
  const kind = atlas.kinds.find(({ id }) => id === (selection ?? firstSelection(atlas)).kind);
  mendHeads(atlas, kind, said);
  mendPins(atlas, kind, said);
  mendDecoding(atlas, said);
  const { state } = atlas;
  const scene = { ...atlas, state: { ...state, selection: selection ?? firstSelection(atlas) } };
  if (state.minus && !subtrahend(scene, kind)) leaveOut(state, "minus", "minus", said, words);
  if (state.measure && !measureNames(atlas).includes(state.measure)) leaveOut(state, "measure", "measure", said, words);
  return { selection, said };
}

/** The head that opens where no other is named. */
export function firstSelection({ header, kinds }) {
  const { kind, layer, head } = header.selection ?? {};
  const found = kinds.find(({ id }) => id === kind);
  return found && layer < found.layers && head < found.heads ? { kind, layer, head } : { kind: kinds[0].id, layer: 0, head: 0 };
}

function mendSelection(atlas, named, said) {
  const { kinds, words } = atlas;
  const first = firstSelection(atlas);
  const kind = kinds.find(({ id }) => id === (named.kind ?? first.kind));
  if (!kind) {
    said.push(words("mend_kind", { given: cut(named.kind), shown: kindName(first.kind, words, "title") }));
    return first;
  }
  const place = (name, count) => {
    if (named[name] === undefined) return 0;
    if (named[name] < count) return named[name];
    said.push(words(`mend_${name}`, { given: cut(named.text(name)), count }));
    return 0;
  };
  return { kind: kind.id, layer: place("layer", kind.layers), head: place("head", kind.heads) };
}

function mendHeads({ state, words }, kind, said) {
  const here = state.more.filter(({ layer, head }) => layer >= 0 && head >= 0 && layer < kind.layers && head < kind.heads);
  if (here.length < state.more.length) said.push(words("mend_heads", { count: state.more.length - here.length }));
  state.more = here;
}

function mendPins({ state, axes, words }, kind, said) {
  const { queries, keys } = axes.get(kind.id);
  const here = (set, labels) => new Set([...set].filter((place) => place >= 0 && place < labels.length));
  const mended = { queries: here(state.pinned.queries, queries), keys: here(state.pinned.keys, keys) };
  const count = (pins) => pins.queries.size + pins.keys.size;
  if (count(mended) < count(state.pinned)) said.push(words("mend_pins", { count: count(state.pinned) - count(mended) }));
  state.pinned = mended;
}

function mendDecoding({ state, kinds, header, words }, said) {
  const steps = kinds.map(({ queryAxis }) => queryAxis.writes?.length ?? 0).find((count) => count > 0) ?? 1;
  if (state.step >= steps) {
    said.push(words("mend_step", { given: state.step + 1, count: steps }));
    state.step = 0;
  }
  if (header.temperatures && !header.temperatures.includes(state.temperature)) leaveOut(state, "temperature", "temperature", said, words, 1);
}

function leaveOut(state, key, name, said, words, usual = "") {
  said.push(words("mend_unread", { name, given: cut(String(state[key])) }));
  state[key] = usual;
}

function cut(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

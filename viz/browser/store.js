// What the reader has chosen: one plain object, and its form in the page's address. Positions are those of the pieces.
import { replaceAddress } from "./address.js";

export const VIEWS = ["lines", "matrix", "neuron", "meaning", "facts", "decoding"];

/** A fresh state: nothing chosen yet. */
export function createState() {
  return {
    view: "lines",
    selection: null, // {kind, layer, head}, counted from 0
    more: [], // further heads of the same kind, shown together: {layer, head, share}
    share: 1, // of the selected head, where heads are averaged
    mean: false,
    pinned: { queries: new Set(), keys: new Set() },
    cell: null,
    count: null, // lines a query: 0 is all, null as many as can be told apart
    threshold: 0.02,
    merge: false,
    hide: false,
    scale: "sqrt",
    minus: "", // "", "before" or a head as `layer.head`, counted from 1
    measure: "", // what sorts or filters the overview
    sort: false,
    least: null, // no filter
  };
}

const flag = { write: (on) => (on ? "1" : ""), read: (text) => text === "1" };
const oneOf = (...values) => ({ write: (value) => value, read: (text) => (values.includes(text) ? text : values[0]) });
const number = (low, high, fallback) => ({
  write: (value) => (value === fallback ? "" : String(value)),
  read: (text) => (text !== null && text !== "" && Number(text) >= low && Number(text) <= high ? Number(text) : fallback),
});
const word = { write: (value) => value, read: (text) => (/^[\w.]{0,24}$/.test(text ?? "") ? text ?? "" : "") };

/** The address's parameters beside kind, layer and head: name -> [key of the state, how it is written and read]. */
const PARAMETERS = {
  view: ["view", oneOf(...VIEWS)],
  heads: ["more", { write: writeHeads, read: readHeads }],
  share: ["share", number(0, 100, 1)],
  mean: ["mean", flag],
  pins: ["pinned", { write: writePins, read: readPins }],
  top: ["count", number(0, 99, null)],
  weight: ["threshold", number(0, 1, 0.02)],
  words: ["merge", flag],
  hide: ["hide", flag],
  scale: ["scale", oneOf("sqrt", "linear")],
  minus: ["minus", word],
  measure: ["measure", word],
  sort: ["sort", flag],
  least: ["least", number(-1000, 1000, null)],
};

function writeHeads(heads) {
  return heads.map(({ layer, head, share }) => [layer + 1, head + 1, ...(share === 1 ? [] : [share])].join(".")).join("_");
}

function readHeads(text) {
  const found = [...(text ?? "").matchAll(/(\d{1,3})\.(\d{1,3})(?:\.(\d+(?:\.\d+)?))?(?:_|$)/g)];
  return found.slice(0, 16).map(([, layer, head, share]) => ({ layer: layer - 1, head: head - 1, share: Number(share ?? 1) }));
}

function writePins({ queries, keys }) {
  const line = (letter, set) => [...set].sort((a, b) => a - b).map((position) => `${letter}${position + 1}`);
  return [...line("q", queries), ...line("k", keys)].join(".");
}

function readPins(text) {
  const pins = { queries: new Set(), keys: new Set() };
  for (const [, letter, position] of (text ?? "").matchAll(/([qk])(\d{1,4})/g)) {
    pins[letter === "q" ? "queries" : "keys"].add(position - 1);
  }
  return pins;
}

/** Read the address: what it says of the state, and the head it names (or null where none of these kinds has it). */
export function readAddress(state, kinds) {
  const query = new URLSearchParams(window.location.search);
  for (const [name, [key, form]] of Object.entries(PARAMETERS)) state[key] = form.read(query.get(name));
  const position = (text) => (/^\d{1,4}$/.test(text ?? "") ? Number(text) - 1 : -1);
  const named = { kind: query.get("kind"), layer: position(query.get("layer")), head: position(query.get("head")) };
  return validSelection(named, kinds);
}

/** The selection {kind, layer, head} if such a head exists, else null. */
export function validSelection(selection, kinds) {
  const kind = kinds.find((each) => each.id === selection?.kind);
  const inside = (place, count) => Number.isInteger(place) && place >= 0 && place < count;
  if (!kind || !inside(selection.layer, kind.layers) || !inside(selection.head, kind.heads)) return null;
  return { kind: kind.id, layer: selection.layer, head: selection.head };
}

/** The page's address with the state in it; every other parameter and the hash stay. */
export function addressOf(state, withHead = true) {
  const url = new URL(window.location.href);
  const set = (name, text) => (text === "" ? url.searchParams.delete(name) : url.searchParams.set(name, text));
  for (const [name, [key, form]] of Object.entries(PARAMETERS)) {
    const text = form.write(state[key]);
    set(name, text === form.write(form.read(null)) ? "" : text);
  }
  if (withHead) {
    set("kind", state.selection.kind);
    set("layer", String(state.selection.layer + 1));
    set("head", String(state.selection.head + 1));
  }
  return url;
}

/** Write the state into the address without a page load. */
export function writeAddress(state, withHead) {
  replaceAddress(addressOf(state, withHead));
}

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
    step: 0, // of decoding
    temperature: 1,
    beam: "", // "": open where a beam wrote the output; "closed"; or open, as `beams-penalty`
  };
}

/** How a value is written; `read` gives undefined for what is none. */
const flag = { write: (on) => (on ? "1" : ""), read: (text) => ({ 1: true, 0: false })[text] };
const oneOf = (...values) => ({ write: (value) => value, read: (text) => (values.includes(text) ? text : undefined) });
const number = (low, high, usual) => ({
  write: (value) => (value === usual ? "" : String(value)),
  read: (text) => (text.trim() !== "" && Number(text) >= low && Number(text) <= high ? Number(text) : undefined),
});
const matching = (pattern) => ({ write: (value) => value, read: (text) => (pattern.test(text) ? text : undefined) });

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
  minus: ["minus", matching(/^(before|\d{1,3}\.\d{1,3})$/)],
  measure: ["measure", matching(/^[\w.]{1,24}$/)],
  sort: ["sort", flag],
  least: ["least", number(-1000, 1000, null)],
  at: ["step", { write: (step) => (step ? String(step + 1) : ""), read: (text) => readPlace(text) }],
  temperature: ["temperature", number(0.1, 10, 1)],
  beam: ["beam", matching(/^(closed|[2-8]-([01](\.\d)?|2(\.0)?))$/)],
};

/** A place that an address names, counted from 0; undefined for what is none. */
function readPlace(text) {
  return /^[1-9]\d{0,3}$/.test(text ?? "") ? Number(text) - 1 : undefined;
}

function writeHeads(heads) {
  return heads.map(({ layer, head, share }) => [layer + 1, head + 1, ...(share === 1 ? [] : [share])].join(".")).join("_");
}

function readHeads(text) {
  const found = text.split("_").map((each) => /^(\d{1,3})\.(\d{1,3})(?:\.(\d+(?:\.\d+)?))?$/.exec(each));
  if (found.includes(null)) return undefined;
  return found.slice(0, 16).map(([, layer, head, share]) => ({ layer: layer - 1, head: head - 1, share: Number(share ?? 1) }));
}

function writePins({ queries, keys }) {
  const line = (letter, set) => [...set].sort((a, b) => a - b).map((position) => `${letter}${position + 1}`);
  return [...line("q", queries), ...line("k", keys)].join(".");
}

function readPins(text) {
  if (!/^[qk]\d{1,4}(\.[qk]\d{1,4})*$/.test(text)) return undefined;
  const pins = { queries: new Set(), keys: new Set() };
  for (const [, letter, position] of text.matchAll(/([qk])(\d+)/g)) pins[letter === "q" ? "queries" : "keys"].add(position - 1);
  return pins;
}

/**
 * Read the address into the state; `kept` stands for one that says nothing.
 *
 * Returns {named, unread}: the head it names, {kind, layer, head} with undefined for what it leaves open and NaN for
 * what is no number, or null; and what cannot be read, [{name, given}], in whose places the state has what is usual.
 */
export function readAddress(state, kept = "") {
  const query = new URLSearchParams(window.location.search || kept);
  const usual = createState();
  const unread = [];
  for (const [name, [key, form]] of Object.entries(PARAMETERS)) {
    const given = query.get(name) ?? "";
    const value = given === "" ? usual[key] : form.read(given);
    if (value === undefined) unread.push({ name, given });
    state[key] = value ?? usual[key];
  }
  const place = (name) => (query.get(name) === null ? undefined : readPlace(query.get(name)) ?? NaN);
  const named = { kind: query.get("kind") ?? undefined, layer: place("layer"), head: place("head"), text: (name) => query.get(name) };
  return { named: Object.values(named).slice(0, 3).every((part) => part === undefined) ? null : named, unread };
}

/** The selection {kind, layer, head} if such a head exists, else null. */
export function validSelection(selection, kinds) {
  const kind = kinds.find((each) => each.id === selection?.kind);
  const inside = (place, count) => Number.isInteger(place) && place >= 0 && place < count;
  if (!kind || !inside(selection.layer, kind.layers) || !inside(selection.head, kind.heads)) return null;
  return { kind: kind.id, layer: selection.layer, head: selection.head };
}

/** The page's address with the state in it; every other parameter and the hash stay. */
export function addressOf(state, withHead = true, url = new URL(window.location.href)) {
  const usual = createState();
  const set = (name, text) => (text === "" ? url.searchParams.delete(name) : url.searchParams.set(name, text));
  for (const [name, [key, form]] of Object.entries(PARAMETERS)) {
    const text = form.write(state[key]);
    set(name, text === form.write(usual[key]) ? "" : text);
  }
  if (withHead) {
    set("kind", state.selection.kind);
    set("layer", String(state.selection.layer + 1));
    set("head", String(state.selection.head + 1));
  }
  return url;
}

/** The state alone, in the form that it has in an address. */
export function writtenState(state) {
  return addressOf(state, true, new URL("file:///")).search;
}

/** Write the state into the address without a page load. */
export function writeAddress(state, withHead) {
  replaceAddress(addressOf(state, withHead));
}

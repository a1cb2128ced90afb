// The facts of the chosen head: where its weight goes, on this sentence and on many, and its role where it has one.
import { numberOf, phrase, rounded, setRounded } from "./numbers.js";
import { roleGlyph } from "./role_glyph.js";
import { make } from "./text.js";

const FACT_DECIMALS = 2;
const UNBOUNDED = new Set(["entropy", "distance"]); // in bits and positions; all other facts are shares, 0 to 1
const FACT_ORDER = [
  "entropy", "breadth", "distance", "self", "previous", "next", "first", "end", "punctuation", "alignment", "written", "read",
];

/** Build the empty facts in `parent`. */
export function createFacts(parent) {
  const element = parent.appendChild(make("section", "facts"));
  const title = element.appendChild(make("h4", "facts-title"));
  const role = element.appendChild(make("p", "facts-role"));
  const table = element.appendChild(make("table"));
  const note = element.appendChild(make("p", "caption"));
  const details = element.appendChild(make("details"));
  const summary = details.appendChild(make("summary"));
  const meanings = details.appendChild(make("dl", "definitions"));
  return { element, title, role, table, note, summary, meanings, shown: null };
}

/** The role that a head has over the shipped sentences: {id, value, threshold, holds, steady}, or null. */
export function roleOf(header, kind, layer, head) {
  return header.corpus?.kinds[kind.id]?.roles[layer * kind.heads + head] ?? null;
}

/** Show the facts of a scene's selected head; nothing where the data have none. */
export function showFacts(view, scene) {
  const { header, kind, selection, words } = scene;
  const shown = JSON.stringify(selection);
  if (view.shown?.header === header && view.shown.selection === shown) return;
  view.shown = { header, selection: shown };
  const sets = [factSet(header.facts?.[kind.id]), factSet(header.corpus?.kinds[kind.id])];
  view.element.hidden = !sets[0];
  if (!sets[0]) return;
  view.title.textContent = words("facts_title");
  showRole(view.role, scene);
  const head = selection.layer * kind.heads + selection.head;
  const titles = [words("facts_here"), words("facts_corpus", { count: header.corpus?.sentences })];
  const columns = sets.flatMap((set, i) => (set ? [{ title: titles[i], set }] : []));
  const names = FACT_ORDER.filter((name) => columns.some(({ set }) => set.at(name, head) !== null));
  const top = make("tr");
  top.append(make("td"), ...columns.map(({ title }) => heading(title, "col")));
  view.table.replaceChildren(top, ...names.map((name) => factRow(name, columns, head, words)));
  view.table.style.setProperty("--columns", columns.length);
  const longest = names.filter((name) => UNBOUNDED.has(name))
    .map((name) => `${words(`fact_${name}`)} ${rounded(limitOf(name, columns), FACT_DECIMALS)}`);
  view.note.textContent = words("facts_scale", { longest: longest.join(", ") });
  view.summary.textContent = words("facts_meanings");
  view.meanings.replaceChildren(...names.flatMap((name) =>
    [make("dt", "", words(`fact_${name}`)), make("dd", "", words(`means_${name}`))]));
}

/** One table of facts, {names, values}, as {at(name, head), all(name)}; numbers that do not apply are null. */
function factSet(facts) {
  if (!facts) return null;
  const column = (name) => facts.names.indexOf(name);
  return {
    at: (name, head) => (column(name) < 0 ? null : facts.values[head][column(name)]),
    all: (name) => (column(name) < 0 ? [] : facts.values.map((row) => row[column(name)]).filter((value) => value !== null)),
  };
}

/** Where a fact's bar is full: at 1 for shares, else at the largest of all heads of the kind. */
function limitOf(name, columns) {
  return UNBOUNDED.has(name) ? Math.max(0, ...columns.flatMap(({ set }) => set.all(name))) : 1;
}

function factRow(name, columns, head, words) {
  const row = make("tr");
  const limit = limitOf(name, columns);
  row.append(heading(words(`fact_${name}`), "row"), ...columns.map(({ set }) => {
    const value = set.at(name, head);
    const cell = make("td", "fact");
    if (value === null) cell.textContent = "–";
    else cell.append(numberOf(value, FACT_DECIMALS));
    cell.style.setProperty("--share", limit > 0 ? (value ?? 0) / limit : 0);
    return cell;
  }));
  return row;
}

function heading(text, scope) {
  const cell = make("th", "", text);
  cell.scope = scope;
  return cell;
}

/** Say what role the head has, with its number and what it takes to have one; or that it has none. */
function showRole(element, { header, kind, selection, words }) {
  const role = roleOf(header, kind, selection.layer, selection.head);
  element.hidden = !header.corpus?.kinds[kind.id];
  if (element.hidden) return;
  const glyph = roleGlyph(role?.holds ? role.id : null);
  if (!role) return void element.replaceChildren(glyph, words("role_unknown"));
  const parts = {
    role: words(`role_${role.id}`), sentences: String(header.corpus.sentences),
    value: numberOf(role.value, FACT_DECIMALS), threshold: rounded(role.threshold, FACT_DECIMALS),
  };
  if (!role.holds) return void element.replaceChildren(glyph, ...phrase(words("role_none"), parts));
  const steady = make("data");
  setRounded(steady, role.steady, FACT_DECIMALS);
  steady.textContent = `${Math.round(100 * role.steady)} %`;
  element.replaceChildren(glyph, ...phrase(words("role_measured"), { ...parts, steady }));
}

// Facts of the chosen head: its role if it has a clear one, and what it does on this sentence and on many others.
import { DECIMALS, formatNumber } from "./numbers.js";
import { make } from "./text.js";

/** Build the empty view. */
export function createFacts(parent) {
  const element = parent.appendChild(make("div", "facts"));
  const view = { element, shown: null };
  view.role = element.appendChild(make("p", "role"));
  view.measured = element.appendChild(make("p", "caption"));
  view.table = element.appendChild(make("table"));
  view.notes = element.appendChild(make("div", "caption notes"));
  return view;
}

/** Show the facts of the selected head. */
export function showFacts(view, { header, kind, selection, words }) {
  const place = selection.layer * kind.heads + selection.head;
  const found = [header.facts?.[kind.id], header.corpus?.kinds[kind.id], place, words("view_facts")];
  if (view.shown?.every((part, i) => part === found[i])) return;
  view.shown = found;
  const [sentence, corpus] = found;
  showRole(view, header.corpus, roleOf(header, kind, selection.layer, selection.head), words);
  const names = [...new Set([...(sentence?.names ?? []), ...(corpus?.names ?? [])])];
  view.table.hidden = names.length === 0;
  const columns = [sentence && onSentence(sentence, place, words), corpus && onCorpus(header.corpus, corpus, place, words), corpus && evenHead(header.corpus, corpus, words)];
  fillTable(view.table, names, columns.filter(Boolean), words);
  showNotes(view.notes, names, header.corpus, words);
}

/** What the corpus says of a head: {name, value, steady}, null for no clear role, undefined where nothing was measured. */
export function roleOf(header, kind, layer, head) {
  return header.corpus?.kinds[kind.id]?.roles[layer * kind.heads + head];
}

function showRole(view, corpus, role, words) {
  const whole = (share) => Math.round(100 * share);
  view.measured.hidden = role === undefined;
  if (role === undefined) {
    view.role.textContent = words("role_unknown");
    return;
  }
  const { sentences, threshold, steady } = corpus;
  const numbers = { sentences, threshold: formatNumber(threshold, DECIMALS.fact), steady: whole(role?.steady ?? steady) };
  view.role.textContent = role ? words(`role_${role.name}`, { value: formatNumber(role.value, DECIMALS.fact) }) : words("no_role");
  view.measured.textContent = words(role ? "role_measured" : "no_role_measured", numbers);
}

function onSentence(facts, place, words) {
  return { title: words("this_sentence"), text: (name) => number(facts.values[place][facts.names.indexOf(name)]) };
}

function onCorpus({ sentences }, facts, place, words) {
  const text = (name) => {
    const column = facts.names.indexOf(name);
    if (column < 0) return number(undefined);
    const [mean, low, high] = [facts.mean, facts.low, facts.high].map((rows) => number(rows[place][column]));
    return words("mean_and_range", { mean, low, high });
  };
  return { title: words("held_out", { sentences }), text };
}

function evenHead({ sentences }, facts, words) {
  return { title: words("even_head", { sentences }), text: (name) => number(facts.even[facts.names.indexOf(name)]) };
}

function number(value) {
  return formatNumber(value, DECIMALS.fact);
}

function fillTable(table, names, columns, words) {
  const top = make("tr");
  top.append(make("td"), ...columns.map(({ title }) => headerCell("col", title)));
  const rows = names.map((name) => {
    const row = make("tr");
    const header = headerCell("row", words(`fact_${name}`));
    header.append(make("span", "caption", words(`about_${name}`)));
    row.append(header, ...columns.map(({ text }) => make("td", "", text(name))));
    return row;
  });
  table.replaceChildren(top, ...rows);
}

function headerCell(scope, text) {
  const cell = make("th", "", text);
  cell.scope = scope;
  return cell;
}

function showNotes(notes, names, corpus, words) {
  const texts = [];
  if (corpus) texts.push(words("range_about"));
  if (corpus && names.includes("alignment")) {
    texts.push(words("alignment_check", { links: corpus.alignment.links, correlation: number(corpus.alignment.correlation) }));
  }
  notes.replaceChildren(...texts.map((text) => make("p", "", text)));
}

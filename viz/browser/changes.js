// What if: what the reader changed in the model or in what it reads and writes, in words, with undo, redo and reset.
import { button, fillSelect, selectBox } from "./controls.js";
import { kindName } from "./overview.js";
import { headName } from "./scene.js";
import { make } from "./text.js";

/** Build the bar of changes; the host is told the whole list each time. */
export function createChanges(atlas) {
  const element = make("div", "changes");
  atlas.panel.element.insertBefore(element, atlas.tools.chips);
  const changer = { atlas, element, past: [], future: [] };
  const row = element.appendChild(make("div", "change-row"));
  changer.title = row.appendChild(make("span", "caption"));
  changer.head = selectBox(row, (input) => changeHead(changer, input.value));
  changer.mask = selectBox(row, (input) => {
    if (input.value !== "") add(changer, { type: "mask", position: Number(input.value) });
  });
  changer.undo = button(row, "icon", () => step(changer, changer.past, changer.future));
  changer.redo = button(row, "icon", () => step(changer, changer.future, changer.past));
  changer.reset = button(row, "", () => replace(changer, []));
  changer.undo.textContent = "↶";
  changer.redo.textContent = "↷";
  changer.note = element.appendChild(make("p", "caption"));
  changer.list = element.appendChild(make("ol", "change-list"));
  changer.add = (change) => add(changer, change);
  return changer;
}

/** Whether a change takes the place of another one, `a`. */
function sameSubject(a, b) {
  if (a.type !== b.type) return false;
  if (a.type === "head") return a.kind === b.kind && a.layer === b.layer && a.head === b.head;
  return a.type === "mask" ? a.position === b.position : a.position >= b.position; // what follows a forced piece is written anew
}

function changeHead(changer, value) {
  const { selection } = changer.atlas.state;
  const change = { type: "head", ...selection };
  if (value === "") return replace(changer, changer.atlas.changes.filter((each) => !sameSubject(each, change)));
  const [how, token] = value.split(".");
  return add(changer, { ...change, how, ...(token === undefined ? {} : { token: Number(token) }) });
}

function add(changer, change) {
  replace(changer, [...changer.atlas.changes.filter((each) => !sameSubject(each, change)), change]);
}

function replace(changer, changes) {
  changer.past.push(changer.atlas.changes);
  changer.future.length = 0;
  tell(changer, changes);
}

function step(changer, from, to) {
  if (!from.length) return;
  to.push(changer.atlas.changes);
  tell(changer, from.pop());
}

function tell(changer, changes) {
  const { atlas } = changer;
  atlas.changes = changes;
  atlas.root.classList.add("waiting");
  atlas.root.setAttribute("aria-busy", "true");
  changer.number = atlas.host.changed?.(changes) ?? 0;
  showChanges(changer);
}

/** Show what can be changed about the selected head, and what is changed. */
export function showChanges(changer) {
  const { atlas, element } = changer;
  const { words, state, changes } = atlas;
  element.hidden = !atlas.host.changed || !(atlas.header.offers ?? []).includes("changes");
  if (element.hidden) return;
  const { queries, keys } = atlas.axes.get(state.selection.kind);
  const source = atlas.axes.get("encoder")?.keys ?? [];
  changer.title.textContent = words("what_if");
  changer.head.label.textContent = words("this_head");
  changer.mask.label.textContent = words("hide_word");
  const now = changes.find((each) => each.type === "head" && sameSubject(each, { type: "head", ...state.selection }));
  const named = (labels) => labels.map((label, position) => [String(position), `${label.text}`]);
  fillSelect(changer.head, [
    ["", words("head_as_is")], ["off", words("head_off")], ["uniform", words("head_uniform")],
    [words("head_token"), named(keys).map(([position, text]) => [`token.${position}`, text])],
  ], now ? [now.how, ...(now.token === undefined ? [] : [now.token])].join(".") : "");
  changer.note.textContent = notesOf(atlas).join(" ");
  changer.note.hidden = changer.note.textContent === "";
  const masked = new Set(changes.filter((each) => each.type === "mask").map((each) => each.position));
  fillSelect(changer.mask, [["", words("no_word")], ...named(source).filter(([position]) => !masked.has(Number(position)))], "");
  const texts = { undo: "undo", redo: "redo", reset: "reset" };
  for (const [name, key] of Object.entries(texts)) changer[name].setAttribute("aria-label", words(key));
  changer.undo.title = words("undo");
  changer.redo.title = words("redo");
  changer.reset.textContent = words("reset");
  changer.undo.disabled = !changer.past.length;
  changer.redo.disabled = !changer.future.length;
  changer.reset.hidden = !changes.length;
  changer.list.hidden = !changes.length;
  changer.list.replaceChildren(...changes.map((change) => entry(changer, change, source, queries)));
}

/** What is changed about the heads that are shown, a sentence a head. */
function notesOf({ panel, state, changes, words }) {
  const { kind } = state.selection;
  return panel.scene.heads.flatMap(({ layer, head, name }) => {
    const change = changes.find((each) => each.type === "head" && sameSubject(each, { type: "head", kind, layer, head }));
    return change ? [words(`note_${change.how}`, { head: name })] : [];
  });
}

function entry(changer, change, source) {
  const { atlas } = changer;
  const element = make("li");
  const text = sentenceOf(atlas, change, source);
  if (change.type === "head") {
    const open = button(element, "link", () => atlas.actions.select({ kind: change.kind, layer: change.layer, head: change.head }));
    open.textContent = text;
  } else {
    element.append(make("span", "", text));
  }
  const away = button(element, "away", () => replace(changer, atlas.changes.filter((each) => each !== change)));
  away.textContent = "×";
  away.setAttribute("aria-label", atlas.words("undo_one", { change: text }));
  return element;
}

/** All changes in words. */
export function changeSentences(atlas) {
  const source = atlas.axes.get("encoder")?.keys ?? [];
  return atlas.changes.map((change) => sentenceOf(atlas, change, source));
}

/** A change in words. */
function sentenceOf(atlas, change, source) {
  const { words } = atlas;
  if (change.type === "mask") return words("says_mask", { token: source[change.position]?.text ?? "?" });
  if (change.type === "force") return words("says_force", { token: change.piece, step: change.position + 1 });
  const head = `${kindName(change.kind, words)} · ${headName(change, words)}`;
  const keys = atlas.axes.get(change.kind)?.keys ?? [];
  return words(`says_${change.how}`, { head, token: keys[change.token]?.text ?? "?" });
}

/** A message came: where it answers the last change, the list is what it says, and the picture no longer waits. */
export function changesArrived(changer) {
  const { atlas } = changer;
  if ((atlas.header.change_number ?? 0) < (changer.number ?? 0)) return;
  atlas.changes = atlas.header.changes ?? [];
  atlas.root.classList.remove("waiting");
  atlas.root.removeAttribute("aria-busy");
}

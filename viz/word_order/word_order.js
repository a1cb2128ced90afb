// Words in a row that may be put in another order. The order lists, for each place, the number of the word there.
import { make, tokenElement, tokenLabels, translator } from "./text.js";
import { swapped, taken } from "./moves.js";
import { readTheme } from "./theme.js";

/** A row of words in `parent`: {root, update(data), moved}; `moved(order)` is called after every change. */
export function createWordOrder(parent) {
  const root = parent.appendChild(make("section", "word-order"));
  const title = root.appendChild(make("h3"));
  const list = root.appendChild(make("ol"));
  const line = root.appendChild(make("p", "how"));
  line.setAttribute("aria-live", "polite");
  const view = { root, title, list, line, moved: () => {}, data: null, chosen: null, dragged: null };
  view.update = (data) => {
    readTheme(root);
    const same = JSON.stringify(view.data) === JSON.stringify(data); // the server's echo must not end a drag
    if (same) return;
    if (String(view.data?.order) !== String(data.order)) view.chosen = null;
    view.data = data;
    draw(view);
  };
  return view;
}

function draw(view) {
  const { data, list } = view;
  const words = translator(data.strings, STRINGS);
  view.root.lang = data.language;
  view.title.textContent = words("your_words");
  const focused = list.contains(view.root.getRootNode().activeElement);
  list.replaceChildren(...data.order.map((word, place) => wordAt(view, word, place, words)));
  view.line.textContent = view.chosen === null ? words("how") : words("swap_with", { word: textOf(data, view.chosen) });
  if (focused && view.focus !== undefined) list.children[view.focus]?.firstChild.focus();
}

function textOf(data, word) {
  return tokenLabels(data.words[word], data.lang).map((label) => label.text).join("");
}

function wordAt(view, word, place, words) {
  const { data } = view;
  const item = make("li");
  const button = item.appendChild(make("button", word === place ? "" : "away"));
  button.type = "button";
  button.draggable = true;
  button.setAttribute("aria-pressed", String(view.chosen === word));
  button.setAttribute(
    "aria-label",
    words("word", { word: textOf(data, word), place: place + 1, places: data.order.length, home: word + 1 }),
  );
  button.append(...tokenLabels(data.words[word], data.lang).map((label) => tokenElement(label)));
  const home = button.appendChild(make("span", "home", String(word + 1)));
  home.setAttribute("aria-hidden", "true");
  button.addEventListener("click", () => clicked(view, word, place));
  button.addEventListener("keydown", (event) => pressed(view, event, place));
  button.addEventListener("dragstart", (event) => {
    view.dragged = place;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });
  button.addEventListener("dragend", () => { view.dragged = null; });
  item.addEventListener("dragover", (event) => {
    if (view.dragged === null) return;
    event.preventDefault();
    item.classList.add("over");
  });
  item.addEventListener("dragleave", () => item.classList.remove("over"));
  item.addEventListener("drop", (event) => {
    if (view.dragged === null) return;
    event.preventDefault();
    change(view, taken(data.order, view.dragged, place), place);
  });
  return item;
}

function clicked(view, word, place) {
  const { order } = view.data;
  if (view.chosen === null || view.chosen === word) {
    view.chosen = view.chosen === word ? null : word;
    view.focus = place;
    draw(view);
  } else change(view, swapped(order, order.indexOf(view.chosen), place), place);
}

function pressed(view, event, place) {
  const { order } = view.data;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === "Escape" && view.chosen !== null) {
    view.chosen = null;
    view.focus = place;
    draw(view);
  } else if (step && !event.altKey && !event.ctrlKey && !event.metaKey && order[place + step] !== undefined) {
    change(view, taken(order, place, place + step), place + step);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function change(view, order, focus) {
  view.chosen = null;
  view.focus = focus;
  if (String(order) === String(view.data.order)) return draw(view);
  view.data = { ...view.data, order };
  draw(view);
  view.moved(order);
}

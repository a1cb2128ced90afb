// A list to choose a query from, for views that are about one query.
import { make } from "./text.js";

/** Build the list in `parent`; `chosen(query)` is called when the reader chooses one. */
export function createQueryChoice(parent, chosen) {
  const element = parent.appendChild(make("select", "query-choice query"));
  element.addEventListener("change", () => chosen(Number(element.value)));
  return { element, queries: null };
}

/** Offer a scene's queries, numbered as words repeat, and show the one that is chosen. */
export function showQueryChoice(choice, scene, query) {
  if (choice.queries !== scene.queries) {
    choice.queries = scene.queries;
    choice.element.replaceChildren(...scene.queries.map((label, i) => new Option(`${i + 1} ${label.text}`, i)));
  }
  choice.element.value = String(query);
  choice.element.setAttribute("aria-label", scene.words("query"));
}

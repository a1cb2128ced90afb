// What the reader should know once: a few sentences over the picture, until they are put away.
import { button } from "./controls.js";
import { make } from "./text.js";

/** Build the empty note of a panel, under its tabs. */
export function createNote({ element: panel, body }) {
  const element = make("div", "note");
  element.hidden = true;
  panel.insertBefore(element, body);
  const text = element.appendChild(make("div"));
  text.setAttribute("role", "status");
  const away = button(element, "away", () => { element.hidden = true; });
  away.textContent = "×";
  return { element, text, away };
}

/** Say sentences instead of those before; none put them away. */
export function sayNote(note, sentences, words) {
  note.element.hidden = sentences.length === 0;
  note.text.replaceChildren(...sentences.map((sentence) => make("p", "", sentence)));
  note.away.setAttribute("aria-label", words("note_away"));
}

// The small sign of a head's role, in the colour of the text around it.

/** Shapes in a square of 11 px: arrows and bars for places, a comma, bars of one height, two words joined. */
const GLYPHS = {
  previous: "M1 5.5L6 1v3h4v3H6v3z",
  next: "M10 5.5L5 1v3H1v3h4v3z",
  self: "M5.5 1.5a4 4 0 1 0 .01 0z",
  first: "M0 1h2v9H0zM3 5.5L7 1.5v2.7h4v2.6H7v2.7z",
  end: "M11 1H9v9h2zM8 5.5L4 1.5v2.7H0v2.6h4v2.7z",
  punctuation: "M5.5 2a2.2 2.2 0 0 1 2.2 2.4C7.7 7 6.4 8.8 4 9.8L3.4 8.7C4.7 8 5.3 7.3 5.3 6.4A2.2 2.2 0 0 1 5.5 2z",
  breadth: "M1 2h2v7H1zM4.5 2h2v7h-2zM8 2h2v7H8z",
  written: "M0 0h4v4H0zM7 7h4v4H7zM3.3 4.7l1.4-1.4 3 3-1.4 1.4z",
  read: "M7 0h4v4H7zM0 7h4v4H0zM6.3 3.3l1.4 1.4-3 3-1.4-1.4z",
};
const NO_ROLE = "M3 4.7h5v1.6H3z";

/** An element with the sign of a role; a short dash for none. It is hidden from screen readers: its name is the caller's. */
export function roleGlyph(id) {
  const element = document.createElement("span");
  element.className = "role-glyph";
  element.style.clipPath = `path("${Object.hasOwn(GLYPHS, id) ? GLYPHS[id] : NO_ROLE}")`;
  element.setAttribute("aria-hidden", "true");
  return element;
}

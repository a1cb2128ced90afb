// Small form controls that the browser's tools are made of: labelled, quiet, and built once.
import { make } from "./text.js";

let controls = 0;

/** A button with a text. */
export function button(parent, className, action) {
  const element = parent.appendChild(make("button", `plain ${className ?? ""}`.trim()));
  element.type = "button";
  element.addEventListener("click", action);
  return element;
}

/** A labelled control of one kind: {row, label, input}; `changed(input)` is called when the reader changed it. */
function labelled(parent, input, changed, event = "change") {
  const row = parent.appendChild(make("div", "control"));
  const label = make("label");
  input.id = label.htmlFor = `atlas-control-${controls++}`;
  input.addEventListener(event, () => changed(input));
  if (input.type === "checkbox") row.append(input, label);
  else row.append(label, input);
  return { row, label, input };
}

/** A checkbox. */
export function checkbox(parent, changed) {
  const input = make("input");
  input.type = "checkbox";
  return labelled(parent, input, changed);
}

/** A slider with its value beside it. */
export function slider(parent, { min, max, step }, changed) {
  const input = make("input");
  Object.assign(input, { type: "range", min, max, step });
  const control = labelled(parent, input, changed, "input");
  control.value = control.row.appendChild(make("output", "value"));
  return control;
}

/** A select box; `fillSelect` gives it its options. */
export function selectBox(parent, changed) {
  return labelled(parent, make("select"), changed);
}

/** Options as [value, text], or as [title, [[value, text], ...]] for a group; kept as they are where nothing changed. */
export function fillSelect({ input }, options, value) {
  const shape = JSON.stringify(options);
  if (input.shape !== shape) {
    input.shape = shape;
    input.replaceChildren(...options.map(([first, second]) => (Array.isArray(second) ? group(first, second) : option(first, second))));
  }
  input.value = value;
}

function option(value, text) {
  const element = make("option", "", text);
  element.value = value;
  return element;
}

function group(title, options) {
  const element = make("optgroup");
  element.label = title;
  element.append(...options.map(([value, text]) => option(value, text)));
  return element;
}

/** A button that opens a small sheet under it; Escape and a click elsewhere close it. */
export function popover(parent, className) {
  const element = parent.appendChild(make("details", `popover ${className}`));
  const summary = element.appendChild(make("summary"));
  const sheet = element.appendChild(make("div", "sheet"));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.open) return;
    event.stopPropagation();
    element.open = false;
    summary.focus();
  });
  element.addEventListener("toggle", () => {
    const outside = (event) => {
      if (element.isConnected && event.composedPath().includes(element)) return;
      element.open = false;
      document.removeEventListener("pointerdown", outside, true);
    };
    if (element.open) document.addEventListener("pointerdown", outside, true);
  });
  return { element, summary, sheet };
}

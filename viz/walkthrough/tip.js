// What the read-out line says, at the pointer: the line itself may be below what the window shows.
import { make } from "./text.js";
import { numberElement } from "./numerals.js";

const ASIDE = 14; // px from the pointer

/** A tip in `root`: `show(line, x, y)` repeats a read-out line at a place of the window, `hide()` takes it away. */
export function createTip(root) {
  const tip = root.appendChild(make("div", "tip"));
  tip.setAttribute("aria-hidden", "true"); // the line says the same
  tip.hidden = true;
  const beside = (at, size, room) => (at + ASIDE + size <= room ? at + ASIDE : Math.max(0, at - ASIDE - size));
  return {
    show(line, x, y) {
      tip.replaceChildren(...[...line.childNodes].map((node) => node.cloneNode(true)));
      tip.hidden = !tip.hasChildNodes();
      tip.style.left = `${beside(x, tip.offsetWidth, window.innerWidth)}px`;
      tip.style.top = `${beside(y, tip.offsetHeight, window.innerHeight)}px`;
    },
    hide() { tip.hidden = true; },
  };
}

/** Tell `read(place)` which of `count()` numbers in a row the pointer is on, and show its read-out there. */
export function readAlong(canvas, count, stage, read) {
  canvas.addEventListener("pointermove", (event) => {
    const area = canvas.getBoundingClientRect();
    read(Math.max(0, Math.min(count() - 1, Math.floor(((event.clientX - area.left) / area.width) * count()))));
    stage.tip.show(stage.readout, event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", stage.tip.hide);
}

/** Read out the numbers of a strip with its name and their places, counted from 1. */
export function readNumbers(canvas, array, stage, name) {
  readAlong(canvas, () => array.values.length, stage, (place) => {
    stage.readout.replaceChildren(make("span", "", name), make("span", "place", String(place + 1)), numberElement(array.values[place]));
  });
}

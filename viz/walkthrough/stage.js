// renderScene(element, bytes): a scene's figures, one after the other, and the line that reads numbers out.
import { decodeScene } from "./message.js";
import { drawBars, drawTable } from "./bars.js";
import { drawBeam } from "./beam.js";
import { drawCache } from "./cache_figure.js";
import { drawCurves } from "./curves.js";
import { drawJourney } from "./journey.js";
import { drawLinks } from "./links.js";
import { drawMachine } from "./machine.js";
import { drawMatrices } from "./matrices.js";
import { drawProduct } from "./product.js";
import { drawSteps } from "./steps.js";
import { drawWriting } from "./writing.js";
import { createChoices } from "./choices.js";
import { make, translator } from "./text.js";
import { readTheme } from "./theme.js";
import { createTip } from "./tip.js";

const FIGURES = {
  matrix: drawMatrices, product: drawProduct, bars: drawBars, table: drawTable, curves: drawCurves, links: drawLinks,
  steps: drawSteps, machine: drawMachine, writing: drawWriting, beam: drawBeam, cache: drawCache, journey: drawJourney,
  readout: drawReadout,
};
const READ_OUT = new Set(["matrix", "steps", "journey"]);
const NARROW_STAGE = 640;
const GUTTER = 24;

/** Show a scene in an element, or update what is there; `onward` turns to the next leaf. Returns {lang, update, destroy}. */
export function renderScene(element, bytes, onward) {
  element.walkStage ??= createStage(element, onward);
  element.walkStage.update(bytes);
  return element.walkStage;
}

function createStage(element, onward) {
  const root = element.appendChild(make("div", "walk"));
  const state = { root, width: 0, cleanups: [], choices: createChoices(), scene: null, onward };
  const redraw = () => drawScene(state);
  const observer = new ResizeObserver(() => { if (root.clientWidth !== state.width) redraw(); });
  observer.observe(root);
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", redraw);
  const pointer = element.appendChild(make("div", "walk-pointer")); // shown where the page says --walk-pointer: block
  const follow = (event) => {
    pointer.style.setProperty("translate", `${event.clientX}px ${event.clientY}px`);
    pointer.classList.add("placed");
  };
  window.addEventListener("pointermove", follow);
  // The server writes addresses that lack what was chosen here; steps back have what was chosen there.
  const path = window.location.pathname;
  const moved = ({ navigationType }) => { if (navigationType !== "traverse" && window.location.pathname === path && state.scene) state.choices.keep(); };
  window.navigation?.addEventListener("currententrychange", moved);
  return {
    lang: () => state.scene?.lang,
    chosen: () => state.choices.text(),
    update(bytes) {
      try {
        state.scene = decodeScene(bytes);
      } catch (error) {
        root.replaceChildren(make("p", "problem", translator({}, STRINGS)("unreadable", { reason: error.message })));
        return;
      }
      drawScene(state);
    },
    destroy() {
      observer.disconnect();
      scheme.removeEventListener("change", redraw);
      window.removeEventListener("pointermove", follow);
      window.navigation?.removeEventListener("currententrychange", moved);
      pointer.remove();
      state.cleanups.forEach((clean) => clean());
      root.remove();
      delete element.walkStage;
    },
  };
}

function drawScene(state) {
  const { root, scene } = state;
  if (!scene || !root.clientWidth) return;
  const began = performance.now();
  state.cleanups.splice(0).forEach((clean) => clean());
  root.lang = scene.lang ?? "en";
  root.replaceChildren();
  const theme = readTheme(root);
  theme.style = getComputedStyle(root);
  state.width = root.clientWidth;
  state.choices.turn(`${scene.id} ${scene.about}`);
  const stage = {
    theme, words: translator(scene.strings, STRINGS), links: new Map(), cleanups: state.cleanups,
    headColors: HEAD_COLORS[root.dataset.scheme], readout: make("p", "readout"),
    cells: scene.figures.some(({ kind }) => kind === "matrix"), remember: state.choices.remember, keep: state.choices.keep, onward: state.onward,
  };
  stage.tip = createTip(root);
  const area = root.appendChild(make("div", "figures"));
  const room = Math.floor(root.getBoundingClientRect().width); // clientWidth may be rounded up
  for (const figure of scene.figures) {
    const share = state.width < NARROW_STAGE ? 1 : (figure.width ?? 1);
    const cell = area.appendChild(make("div", "figure-cell"));
    cell.style.width = `${Math.floor(share * (room + GUTTER)) - GUTTER}px`;
    FIGURES[figure.kind](cell, figure, stage);
  }
  if (!stage.readout.isConnected && scene.figures.some((figure) => READ_OUT.has(figure.kind)) && root.querySelector("canvas")) drawReadout(root, null, stage);
  alignTitles(area);
  root.dataset.scene = scene.id;
  state.choices.keep();
  performance.measure("walk-scene", { start: began });
}

/** Give the titles of pictures that stand side by side the height of the tallest, so that the pictures begin together. */
function alignTitles(area) {
  const rows = new Map();
  for (const cell of area.children) {
    const title = cell.querySelector(":scope > figure > .grid-title");
    if (title) rows.set(cell.offsetTop, [...(rows.get(cell.offsetTop) ?? []), title]);
  }
  for (const titles of rows.values()) {
    const height = Math.max(...titles.map((title) => title.offsetHeight));
    if (titles.length > 1) titles.forEach((title) => { title.style.minHeight = `${height}px`; });
  }
}

function drawReadout(parent, figure, stage) {
  parent.append(stage.readout, make("p", "hint", stage.cells ? stage.words("hint_cells") : stage.words("hint")));
}

// renderLens(element, bytes, choose): one view of the kernel lens, drawn again when its data, size or theme changes.
import { createGallery, showGallery } from "./gallery.js";
import { createRunning, showRunning } from "./running.js";
import { createSmoother, showSmoother } from "./smoother.js";
import { decodeReply } from "./reply.js";
import { createZoo, showZoo } from "./zoo.js";
import { make, tokenLabels, translator } from "./text.js";
import { readTheme } from "./theme.js";

const VIEWS = {
  smoother: [createSmoother, showSmoother], gallery: [createGallery, showGallery], running: [createRunning, showRunning],
  zoo: [createZoo, showZoo],
};
const NARROW_LENS = 760;

/** Show a message in an element, or update what is there; `choose` tells the host of a choice. */
export function renderLens(element, bytes, choose) {
  element.atlasLens ??= createLens(element);
  element.atlasLens.update(bytes, choose);
  return element.atlasLens;
}

function createLens(element) {
  const root = element.appendChild(make("div", "atlas lens"));
  const state = { root, message: null, bytes: null, view: null, name: null, choose: null };
  const again = () => showLens(state);
  const observer = new ResizeObserver(() => { if (root.clientWidth !== state.width) again(); });
  observer.observe(root);
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", again);
  document.fonts.addEventListener("loadingdone", again); // a canvas asks for a font, and shows it at the next drawing
  return {
    lang: () => state.message?.header.lang ?? "en",
    update(bytes, choose) {
      state.choose = choose;
      if (bytes !== state.bytes) {
        state.bytes = bytes;
        state.message = decodeReply(bytes);
      }
      again();
    },
    destroy() {
      observer.disconnect();
      scheme.removeEventListener("change", again);
      document.fonts.removeEventListener("loadingdone", again);
      root.remove();
      delete element.atlasLens;
    },
  };
}

function showLens(state) {
  const { root, message } = state;
  if (!message || !root.clientWidth) return;
  const began = performance.now();
  const { header, arrays } = message;
  state.width = root.clientWidth;
  root.lang = header.lang;
  root.classList.toggle("narrow", state.width < NARROW_LENS);
  if (state.name !== header.view) {
    root.replaceChildren();
    state.name = header.view;
    state.view = VIEWS[header.view][0](root);
  }
  VIEWS[header.view][1](state.view, {
    header, arrays, width: state.width, narrow: state.width < NARROW_LENS, theme: readTheme(root),
    words: translator(header.strings, STRINGS), choose: state.choose,
    queries: tokenLabels(header.queries ?? [], header.query_lang), keys: tokenLabels(header.keys ?? [], header.key_lang),
  });
  root.dataset.view = header.view;
  performance.measure("atlas-lens", { start: began });
}

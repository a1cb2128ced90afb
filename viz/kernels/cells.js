// Several maps of the same queries and keys: one cell is pointed at in all of them, by mouse or by arrow keys.
import { createPicture } from "./picture.js";

/** A map's picture; `state.cell` is the cell of all maps, `state.redraw()` draws them again. */
export function createMap(parent, state) {
  const picture = createPicture(parent, () => {});
  const { canvas } = picture;
  const point = (cell) => {
    if (cell?.query === state.cell?.query && cell?.key === state.cell?.key) return;
    state.cell = cell;
    state.redraw();
  };
  canvas.tabIndex = 0;
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    point(picture.drawing?.cellAt(event.clientX - box.left, event.clientY - box.top) ?? null);
  });
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Escape: null };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    point(moves[event.key] && moved(state.cell, moves[event.key], picture.matrix));
  });
  return picture;
}

function moved(cell, [down, right], { rows, columns }) {
  const inside = (value, count) => Math.max(0, Math.min(count - 1, value));
  if (!cell) return { query: 0, key: 0 };
  return { query: inside(cell.query + down, rows), key: inside(cell.key + right, columns) };
}

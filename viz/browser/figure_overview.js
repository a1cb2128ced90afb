// Every head of every kind as a figure.
import { drawOutline, framed, typeOf } from "./frame.js";
import { paintMatrix, sizeCanvas } from "./matrix.js";
import { kindName } from "./overview.js";
import { headMatrix } from "./payload.js";
import { labelWidths } from "./text.js";
import { weightColor } from "./theme.js";

const TILE = 40; // px
const PITCH = 44;
const HEADER = 22; // a kind's name and the numbers of its heads
const SHARPNESS = 2; // pixels a CSS pixel

/** All thumbnails as a figure; `atlas` has {kinds, words, theme}. */
export function overviewFigure({ kinds, words, theme }, about) {
  const names = kinds.map((kind) => kindName(kind.id, words));
  const deepest = Math.max(...kinds.map((kind) => kind.layers));
  const layers = Array.from({ length: deepest }, (_, layer) => words("layer", { layer: layer + 1 }));
  const widths = labelWidths([...names, ...layers].map((text) => ({ text })), typeOf(theme, 600));
  const gutter = Math.ceil(Math.max(...widths)) + 14;
  const heights = kinds.map((kind) => HEADER + kind.layers * PITCH + 12);
  const draw = (pen) => kinds.forEach((kind, i) => {
    const top = heights.slice(0, i).reduce((sum, height) => sum + height, 0);
    pen.at(0, top, () => drawKind(pen, kind, { name: names[i], layers, gutter, theme }));
  });
  const width = gutter + Math.max(...kinds.map((kind) => kind.heads)) * PITCH;
  return framed({ width, height: heights.reduce((sum, height) => sum + height, -12), draw }, about, theme);
}

function drawKind(pen, kind, { name, layers, gutter, theme }) {
  pen.text(0, 8, name, { color: theme.color("text"), weight: 600 });
  pen.image(gutter, HEADER, kind.heads * PITCH, kind.layers * PITCH, thumbnails(kind, theme));
  for (let head = 0; head < kind.heads; head++) {
    pen.text(gutter + head * PITCH + TILE / 2, 8, String(head + 1), { color: theme.color("quiet"), anchor: "middle" });
    for (let layer = 0; layer < kind.layers; layer++) {
      drawOutline(pen, gutter + head * PITCH, HEADER + layer * PITCH, TILE, TILE, theme.color("hairline"));
    }
  }
  for (let layer = 0; layer < kind.layers; layer++) {
    pen.text(0, HEADER + layer * PITCH + TILE / 2, layers[layer], { color: theme.color("quiet") });
  }
}

/** The thumbnails of one kind on one canvas. */
function thumbnails(kind, theme) {
  const canvas = document.createElement("canvas");
  const { context, width, height } = sizeCanvas(canvas, kind.heads * PITCH, kind.layers * PITCH, SHARPNESS);
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const color = weightColor(theme, kind.limit);
  const side = SHARPNESS * TILE;
  for (let layer = 0; layer < kind.layers; layer++) {
    for (let head = 0; head < kind.heads; head++) {
      const [x, y] = [SHARPNESS * head * PITCH, SHARPNESS * layer * PITCH];
      const place = { x, y, width: side, height: side, stride: width };
      paintMatrix(pixels, place, headMatrix(kind, layer, head), color);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

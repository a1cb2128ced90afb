// Where things go: pure arithmetic on numbers of CSS pixels, no document.

const NARROW = 720; // below this the detail goes under the overview
const PICTURE_HEIGHT = 620;
const SIDE_WIDTH = 200; // readout, strongest keys and scale
const SECTION_HEADER = 20; // a kind's name and the numbers of its heads
const SECTION_GAP = 10;
const LABEL_HEIGHT = 14;
const LABEL_LIMIT = 108;
const AXIS_TITLE = 20;
const LABEL_MARGIN = 8;
const SLANT = 50; // degrees, while a column is wide enough for it
const SLANT_CELL = 17;
const LARGEST_CELL = 36;
const LARGEST_THUMBNAIL = 48; // with its gap

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** Widths of the two halves of the picture, or the whole width for both where it is narrow. */
export function halves(width, overviewWidth) {
  const narrow = width < NARROW;
  const detail = narrow ? width : width - overviewWidth - 32;
  return { narrow, detail };
}

/** The shapes {id, layers, heads} of kinds with room for those of a browser beside it, so that same heads are level. */
export function sharedShapes(kinds, beside = []) {
  return kinds.map(({ id, layers, heads }) => {
    const other = beside.find((each) => each.id === id) ?? { layers: 0, heads: 0 };
    return { id, layers: Math.max(layers, other.layers), heads: Math.max(heads, other.heads) };
  });
}

/** The pitch of the thumbnails and the sizes that follow, for every kind at once. */
export function overviewLayout(width, kinds, gutter) {
  const room = width < NARROW ? width : Math.min(0.42 * width, width - 400);
  const layers = kinds.reduce((sum, kind) => sum + kind.layers, 0);
  const heads = Math.max(...kinds.map((kind) => kind.heads));
  const titles = kinds.length * SECTION_HEADER + (kinds.length - 1) * SECTION_GAP;
  const byHeight = Math.floor((PICTURE_HEIGHT - titles) / layers);
  const byWidth = Math.floor((room - gutter) / heads);
  const pitch = clamp(Math.min(Math.max(byHeight, 26), byWidth), 8, LARGEST_THUMBNAIL);
  const gap = pitch > 20 ? 4 : 2;
  return { pitch, gap, tile: pitch - gap, gutter, header: SECTION_HEADER, width: gutter + heads * pitch };
}

/**
 * Sizes of one kind's large matrix with its labels.
 *
 * `rowWidths` and `columnWidths` are the label widths; `room` is {width, height, ratio}. Returns the cell, the
 * gutter at the left, the height above the matrix, the slant of the column labels and the whole size.
 */
export function matrixLayout(rowWidths, columnWidths, room) {
  const rows = rowWidths.length;
  const columns = columnWidths.length;
  const labels = Math.min(Math.max(...rowWidths), LABEL_LIMIT, 0.26 * room.width);
  const gutter = Math.ceil(AXIS_TITLE + labels + LABEL_MARGIN);
  const widest = Math.min(Math.max(...columnWidths), LABEL_LIMIT);
  const free = (room.width - gutter) / columns;
  const slanted = layoutAt(SLANT);
  return slanted.cell >= SLANT_CELL ? slanted : layoutAt(90);

  function layoutAt(angle) {
    const radians = (angle * Math.PI) / 180;
    const above = Math.ceil(AXIS_TITLE + widest * Math.sin(radians) + LABEL_HEIGHT * Math.cos(radians) + 6);
    const overhang = (cell) => Math.max(0, ...columnWidths.map((width, k) =>
      Math.min(width, LABEL_LIMIT) * Math.cos(radians) + LABEL_HEIGHT * Math.sin(radians) - (columns - k - 0.5) * cell));
    const byWidth = (room.width - gutter - overhang(Math.min(free, LARGEST_CELL))) / columns;
    const cell = snap(Math.min(byWidth, (room.height - above) / rows, LARGEST_CELL), room.ratio);
    const width = Math.ceil(gutter + columns * cell + overhang(cell));
    return { cell, gutter, above, angle, labels, widest, width, height: Math.ceil(above + rows * cell) };
  }
}

/** Cells as whole numbers of device pixels where that loses little. */
function snap(cell, ratio) {
  const pixels = cell * ratio;
  return pixels >= 3 ? Math.floor(pixels) / ratio : Math.max(cell, 0.5);
}

/** How many labels to step over so that the shown ones do not touch. */
export function labelStep(cell) {
  return Math.max(1, Math.ceil(LABEL_HEIGHT / cell));
}

/** The room of the large matrix, and whether its numbers stand beside it. */
export function matrixRoom(room, narrow) {
  const beside = !narrow && room.width >= 640;
  return { ...room, width: room.width - (beside ? SIDE_WIDTH + 24 : 0), beside };
}

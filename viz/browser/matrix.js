// The matrix primitive: any matrix, any colour function, any size. Knows nothing of attention.

/**
 * Paint a matrix {values, rows, columns} into a Uint32Array of pixels.
 *
 * `place` is {x, y, width, height, stride} in pixels; `colorOf(value)` returns a packed pixel. Each pixel shows
 * its cell; where several cells share a pixel, the one of greatest size is shown, so that no peak is lost.
 */
export function paintMatrix(pixels, place, matrix, colorOf) {
  const { x, y, width, height, stride } = place;
  const columns = cellRanges(matrix.columns, width);
  const rows = cellRanges(matrix.rows, height);
  const line = new Uint32Array(width);
  let painted = -1;
  for (let py = 0; py < height; py++) {
    const from = rows[2 * py];
    const to = rows[2 * py + 1];
    const key = from * (matrix.rows + 1) + to;
    if (key !== painted) {
      paintLine(line, matrix, from, to, columns, colorOf);
      painted = key;
    }
    pixels.set(line, (y + py) * stride + x);
  }
}

function paintLine(line, matrix, rowFrom, rowTo, columns, colorOf) {
  const { values } = matrix;
  for (let px = 0; px < line.length; px++) {
    let shown = 0;
    for (let row = rowFrom; row < rowTo; row++) {
      const end = row * matrix.columns + columns[2 * px + 1];
      for (let i = row * matrix.columns + columns[2 * px]; i < end; i++) {
        if (Math.abs(values[i]) > Math.abs(shown)) shown = values[i];
      }
    }
    line[px] = colorOf(shown);
  }
}

/** For each of `pixels` pixels the half-open range of cells under it, flattened. */
function cellRanges(cells, pixels) {
  const ranges = new Uint32Array(2 * pixels);
  for (let p = 0; p < pixels; p++) {
    const from = Math.floor((p * cells) / pixels);
    ranges[2 * p] = from;
    ranges[2 * p + 1] = Math.max(from + 1, Math.floor(((p + 1) * cells) / pixels));
  }
  return ranges;
}

/** Give a canvas a size in CSS pixels at the screen's resolution; returns its context and pixel size. */
export function sizeCanvas(canvas, width, height, ratio) {
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return { context: canvas.getContext("2d"), width: canvas.width, height: canvas.height };
}

/** Draw one matrix over a whole canvas; `size` in CSS pixels. */
export function drawMatrix(canvas, size, matrix, colorOf, ratio = window.devicePixelRatio || 1) {
  const { context, width, height } = sizeCanvas(canvas, size.width, size.height, ratio);
  const image = context.createImageData(width, height);
  paintMatrix(new Uint32Array(image.data.buffer), { x: 0, y: 0, width, height, stride: width }, matrix, colorOf);
  context.putImageData(image, 0, 0);
}

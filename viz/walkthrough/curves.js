// Lines over one axis, plain or logarithmic, upwards or on both sides.
import { make } from "./text.js";
import { sizeCanvas } from "./matrix.js";
import { shortNumber } from "./numerals.js";
import { titleOf } from "./bars.js";

const HEIGHT = 280;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]]; // lines that lie on each other, or look alike, are told apart
const EDGE = { left: 62, right: 12, top: 10, bottom: 40 };

/** Draw one line a series, with its name in a legend. */
export function drawCurves(parent, figure, stage) {
  const box = parent.appendChild(make("figure", "curves"));
  box.append(titleOf(figure.title, "text"));
  const legend = box.appendChild(make("ul", "legend"));
  const colors = stage.headColors;
  figure.labels.forEach((label, i) => {
    const entry = legend.appendChild(make("li", "", label));
    entry.style.setProperty("--mark", colors[(5 * i + 1) % colors.length]);
    entry.dataset.line = i % DASHES.length;
  });
  const canvas = box.appendChild(make("canvas"));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${figure.title}: ${figure.labels.join(", ")}`);
  const width = Math.min(parent.clientWidth, 760);
  const ratio = window.devicePixelRatio || 1;
  const { context } = sizeCanvas(canvas, width, HEIGHT, ratio);
  context.scale(ratio, ratio);
  paintCurves(context, figure, stage, width);
  if (figure.note) box.append(make("p", "note", figure.note));
}

function paintCurves(context, figure, stage, width) {
  const upwards = figure.logarithmic || figure.logarithmic_y;
  const plain = (value) => value;
  const xs = [...figure.x.values].map(figure.logarithmic ? Math.log10 : plain);
  const ys = [...figure.values.values].map(upwards ? Math.log10 : plain);
  const range = (values) => { const low = Math.min(...values), high = Math.max(...values); return [low, high > low ? high : low + 1]; };
  const [xLow, xHigh] = range(xs);
  const [yLow, yHigh] = range(figure.from_zero ? [0, ...ys] : ys);
  const x = (value) => EDGE.left + ((value - xLow) / (xHigh - xLow)) * (width - EDGE.left - EDGE.right);
  const y = (value) => HEIGHT - EDGE.bottom - ((value - yLow) / (yHigh - yLow)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const style = stage.theme.style;
  context.font = `12px ${stage.theme.font}`;
  context.fillStyle = style.getPropertyValue("--atlas-quiet");
  context.strokeStyle = style.getPropertyValue("--atlas-hairline");
  context.textBaseline = "middle";
  const back = (value) => (upwards ? 10 ** value : value);
  for (const at of steps(yLow, yHigh, upwards)) {
    line(context, [[EDGE.left, y(at)], [width - EDGE.right, y(at)]]);
    context.textAlign = "right";
    context.fillText(shortNumber(back(at), upwards && back(at) < 1 ? 2 : 1), EDGE.left - 6, y(at));
  }
  context.textAlign = "center";
  for (const at of figure.logarithmic ? xs : steps(xLow, xHigh, false)) context.fillText(shortNumber(figure.logarithmic ? back(at) : at, 0), x(at), HEIGHT - EDGE.bottom + 14);
  context.fillText(figure.x_title, (EDGE.left + width) / 2, HEIGHT - 8);
  context.save();
  context.translate(10, (HEIGHT - EDGE.bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(figure.y_title, 0, 0);
  context.restore();
  context.lineWidth = 2;
  figure.labels.forEach((_, i) => {
    context.strokeStyle = stage.headColors[(5 * i + 1) % stage.headColors.length];
    context.setLineDash(DASHES[i % DASHES.length]);
    line(context, xs.map((value, j) => [x(value), y(ys[i * xs.length + j])]));
  });
}

function steps(low, high, logarithmic) {
  const least = logarithmic ? 1 : 10 ** Math.floor(Math.log10((high - low) / 2));
  const step = (high - low) / least > 8 ? 2 * least : least;
  const from = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - from + 1 }, (_, i) => (from + i) * step);
}

function line(context, points) {
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

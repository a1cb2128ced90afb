// The two planes of a smoother: queries and keys under the kernel, and the values with their weighted mean.
import { discMarks, drawDiamond, drawDiscs, drawField, drawPlaneEdge, evenContours, nameDiscs, planeField, planeFrame, powerContours } from "./plane_figure.js";
import { lifted, projected, rowsOf, SMOOTHERS } from "./smoothing.js";

const LIGHTEST_LINK = 0.004; // a weight below this has no line

function planeOf(arrays, name, d) {
  return { origin: Array.from(arrays[`${name}_origin`]), axes: rowsOf(arrays[`${name}_axes`], d) };
}

/** Keys and the query in their plane, over the kernel of that query, as a drawing. */
export function keyPlane({ shown, labels, query, pointed, theme, rows, scene }, width, height) {
  const { d } = scene.header;
  const plane = planeOf(scene.arrays, "plane", d);
  const places = rows.k.map((k) => projected(k, plane));
  const [qx, qy] = projected(shown.q, plane);
  const others = rows.q.map((q) => projected(q, plane));
  const frame = planeFrame([...places, ...others], width, height);
  const { along, profile, signed } = SMOOTHERS[shown.kernel.name];
  const { options, bandwidth } = shown.kernel;
  const alongs = planeField(frame, (place) => along(shown.q, lifted(place, plane), options));
  const field = signed ? evenContours(alongs.map(shown.curve)) : powerContours(alongs, (x) => profile(x, options), bandwidth);
  const marks = discMarks(frame, places, shown.weights, shown.visible);
  return {
    width, height, marks, factor: field.factor,
    draw(pen) {
      drawField(pen, frame, field, theme);
      drawPlaneEdge(pen, frame, theme);
      others.forEach(([x, y]) => pen.discs([frame.x(x), frame.y(y), 1.5], { color: theme.color("query"), opacity: 0.6 }));
      drawDiscs(pen, marks, shown.weights, { color: theme.color("key"), pointed, theme });
      const own = { x: frame.x(qx), y: frame.y(qy), radius: 9, label: query, color: theme.color("query") };
      nameDiscs(pen, frame, marks, labels, shown.weights, { pointed, theme, more: [own] });
      drawDiamond(pen, frame.x(qx), frame.y(qy), 8, theme.color("query"));
    },
  };
}

/** Values in their plane, and the mean under the weights: each pulls by its weight. */
export function valuePlane({ shown, labels, pointed, theme, words, rows, scene }, width, height) {
  const plane = planeOf(scene.arrays, "value", scene.header.d);
  const places = rows.v.map((v) => projected(v, plane));
  const [ox, oy] = projected(shown.output, plane);
  const [rx, ry] = projected(shown.recordedOutput, plane);
  const frame = planeFrame([...places, [rx, ry], [ox, oy]], width, height);
  const marks = discMarks(frame, places, shown.weights, shown.visible);
  return {
    width, height, marks,
    draw(pen) {
      drawPlaneEdge(pen, frame, theme);
      marks.forEach(({ x, y, key }) => {
        const weight = Math.abs(shown.weights[key]);
        if (weight < LIGHTEST_LINK) return;
        const color = shown.weights[key] < 0 ? theme.color("negative") : theme.color("value");
        pen.lines([x, y, frame.x(ox), frame.y(oy)], { color, width: 1 + 4 * Math.min(1, weight), opacity: 0.6 });
      });
      drawDiscs(pen, marks, shown.weights, { color: theme.color("value"), pointed, theme });
      pen.rings([frame.x(rx), frame.y(ry), 11], { color: theme.color("quiet"), width: 2 });
      const mean = { text: words("output"), full: "", style: "word" };
      const own = { x: frame.x(ox), y: frame.y(oy), radius: 10, label: mean, color: theme.color("text") };
      nameDiscs(pen, frame, marks, labels, shown.weights, { pointed, theme, more: [own] });
      drawDiamond(pen, frame.x(ox), frame.y(oy), 7, theme.color("text"));
    },
  };
}

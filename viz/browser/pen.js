// One pen, two papers: the same strokes on a canvas and as SVG text. Tokens stay text: escaped, never markup.
import { textWidth } from "./text.js";

const BASELINE = 0.35; // of the size of type, below the middle of a line
const STRUCK = 0.28; // of the size of type, from the baseline up to the line through what is struck out
const BEND = 0.42; // how far a curve's handles reach, of its width
const UNPRINTABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu; // what XML 1.0 forbids
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as XML character data, safe in attributes too. */
export function escapeXml(text) {
  return String(text).replace(UNPRINTABLE, "\ufffd").replace(/[&<>"']/g, (char) => ENTITIES[char]);
}

/**
 * A pen on a canvas context, in CSS pixels.
 *
 * Boxes are flat arrays x, y, width, height; segments are flat arrays x0, y0, x1, y1; discs and rings are flat arrays
 * x, y, radius. A box is [x, y, width, height] with `radii` of its corners, filled, or drawn as a `line` so wide. The `y`
 * of a text is its middle; a `struck` one has a line through it.
 */
export function canvasPen(context, font) {
  const stroke = ({ color, width = 1, opacity = 1 }) => {
    Object.assign(context, { strokeStyle: color, lineWidth: width, globalAlpha: opacity, lineCap: "butt" });
    context.stroke();
    context.globalAlpha = 1;
  };
  return {
    rects(boxes, { color, opacity = 1 }) {
      Object.assign(context, { fillStyle: color, globalAlpha: opacity });
      for (let i = 0; i < boxes.length; i += 4) context.fillRect(boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]);
      context.globalAlpha = 1;
    },
    discs(circles, { color, opacity = 1 }) {
      Object.assign(context, { fillStyle: color, globalAlpha: opacity });
      circlePath(context, circles);
      context.fill();
      context.globalAlpha = 1;
    },
    rings(circles, style) {
      circlePath(context, circles);
      stroke(style);
    },
    lines(segments, style) {
      context.beginPath();
      for (let i = 0; i < segments.length; i += 4) {
        context.moveTo(segments[i], segments[i + 1]);
        context.lineTo(segments[i + 2], segments[i + 3]);
      }
      stroke(style);
    },
    box([x, y, width, height], { radii = [0], line = 0, ...style }) {
      context.beginPath();
      context.roundRect(x, y, width, height, radii);
      if (line) return stroke({ ...style, width: line });
      Object.assign(context, { fillStyle: style.color, globalAlpha: style.opacity ?? 1 });
      context.fill();
      context.globalAlpha = 1;
    },
    curves(segments, style) {
      context.beginPath();
      for (let i = 0; i < segments.length; i += 4) {
        const [x0, y0, x1, y1] = [segments[i], segments[i + 1], segments[i + 2], segments[i + 3]];
        const reach = (style.bend ?? BEND) * (x1 - x0);
        context.moveTo(x0, y0);
        context.bezierCurveTo(x0 + reach, y0, x1 - reach, y1, x1, y1);
      }
      stroke(style);
    },
    text(x, y, text, { color, size = 12, anchor = "start", weight = 400, italic = false, angle = 0, opacity = 1, struck = false }) {
      context.save();
      context.translate(x, y);
      context.rotate((angle * Math.PI) / 180);
      Object.assign(context, {
        font: fontOf({ size, weight, italic }, font), fillStyle: color, globalAlpha: opacity, textBaseline: "alphabetic",
        textAlign: { start: "left", middle: "center", end: "right" }[anchor],
      });
      context.fillText(text, 0, BASELINE * size);
      if (struck) {
        const wide = context.measureText(text).width;
        context.fillRect(-{ start: 0, middle: wide / 2, end: wide }[anchor], (BASELINE - STRUCK) * size, wide, 1);
      }
      context.restore();
    },
    image(x, y, width, height, canvas, opacity = 1) {
      Object.assign(context, { imageSmoothingEnabled: false, globalAlpha: opacity });
      context.drawImage(canvas, x, y, width, height);
      context.globalAlpha = 1;
    },
    /** Draw with the origin moved to x, y. */
    at(x, y, draw) {
      context.save();
      context.translate(x, y);
      draw(this);
      context.restore();
    },
  };
}

function circlePath(context, circles) {
  context.beginPath();
  for (let i = 0; i < circles.length; i += 3) {
    context.moveTo(circles[i] + circles[i + 2], circles[i + 1]);
    context.arc(circles[i], circles[i + 1], circles[i + 2], 0, 2 * Math.PI);
  }
}

/** A text's look as a CSS font. */
function fontOf({ size, weight, italic }, family) {
  return `${italic ? "italic " : ""}${weight} ${size}px ${family}`;
}

/** A pen that writes SVG; `finish()` returns the whole document, {title, lang} name it for readers. */
export function svgPen(width, height, { font, title = "", lang = "en" }) {
  const parts = [];
  const path = (segments, piece, { color, width: wide = 1, opacity = 1 }) => {
    if (!segments.length) return;
    let d = "";
    for (let i = 0; i < segments.length; i += 4) {
      d += piece(segments[i], segments[i + 1], segments[i + 2], segments[i + 3]);
    }
    parts.push(`<path fill="none" stroke="${escapeXml(color)}" stroke-width="${short(wide)}"`
      + `${attribute("stroke-opacity", opacity)} d="${d}"/>`);
  };
  return {
    rects(boxes, { color, opacity = 1 }) {
      if (!boxes.length) return;
      let d = "";
      for (let i = 0; i < boxes.length; i += 4) {
        const [x, y, wide, high] = boxes.slice(i, i + 4).map(short);
        d += `M${x} ${y}h${wide}v${high}h-${wide}z`;
      }
      parts.push(`<path fill="${escapeXml(color)}"${attribute("fill-opacity", opacity)} d="${d}"/>`);
    },
    discs(circles, { color, opacity = 1 }) {
      if (circles.length) parts.push(`<path fill="${escapeXml(color)}"${attribute("fill-opacity", opacity)} d="${circlesOf(circles)}"/>`);
    },
    rings(circles, { color, width: wide = 1, opacity = 1 }) {
      if (!circles.length) return;
      parts.push(`<path fill="none" stroke="${escapeXml(color)}" stroke-width="${short(wide)}"`
        + `${attribute("stroke-opacity", opacity)} d="${circlesOf(circles)}"/>`);
    },
    lines(segments, style) {
      path(segments, (x0, y0, x1, y1) => `M${short(x0)} ${short(y0)}L${short(x1)} ${short(y1)}`, style);
    },
    box([x, y, wide, high], { radii = [0], line = 0, color, opacity = 1 }) {
      const look = line
        ? `fill="none" stroke="${escapeXml(color)}" stroke-width="${short(line)}"${attribute("stroke-opacity", opacity)}`
        : `fill="${escapeXml(color)}"${attribute("fill-opacity", opacity)}`;
      parts.push(`<path ${look} d="${roundBox(x, y, wide, high, radii)}"/>`);
    },
    curves(segments, style) {
      path(segments, (x0, y0, x1, y1) => {
        const reach = (style.bend ?? BEND) * (x1 - x0);
        return `M${short(x0)} ${short(y0)}C${[x0 + reach, y0, x1 - reach, y1, x1, y1].map(short).join(" ")}`;
      }, style);
    },
    text(x, y, text, { color, size = 12, anchor = "start", weight = 400, italic = false, angle = 0, opacity = 1, lang: of, struck = false }) {
      const wide = (part) => textWidth(part, fontOf({ size, weight, italic }, font));
      const inner = text.trim(); // SVG drops spaces at the ends, or does not
      const [before, after] = [text.trimStart(), text.trimEnd()].map((part) => wide(text) - wide(part));
      const left = x + { start: before, middle: (before - after) / 2, end: -after }[anchor];
      const length = wide(inner); // holds the place where the reader's fonts are others
      const turn = angle ? ` transform="rotate(${short(angle)} ${short(x)} ${short(y)})"` : "";
      parts.push(`<text x="${short(left)}" y="${short(y + BASELINE * size)}" fill="${escapeXml(color)}"`
        + ` font-size="${size}" text-anchor="${anchor}"${attribute("font-weight", weight, 400)}`
        + `${italic ? ' font-style="italic"' : ""}${attribute("fill-opacity", opacity)}`
        + `${length ? ` textLength="${short(length)}" lengthAdjust="spacingAndGlyphs"` : ""}`
        + `${struck ? ' text-decoration="line-through"' : ""}${of ? ` xml:lang="${escapeXml(of)}"` : ""}${turn}>${escapeXml(inner)}</text>`);
    },
    image(x, y, wide, high, canvas, opacity = 1) {
      parts.push(`<image x="${short(x)}" y="${short(y)}" width="${short(wide)}" height="${short(high)}"`
        + ` preserveAspectRatio="none"${attribute("opacity", opacity)} style="image-rendering:pixelated" href="${canvas.toDataURL("image/png")}"/>`);
    },
    at(x, y, draw) {
      parts.push(`<g transform="translate(${short(x)} ${short(y)})">`);
      draw(this);
      parts.push("</g>");
    },
    finish() {
      return `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="${short(width)}"`
        + ` height="${short(height)}" viewBox="0 0 ${short(width)} ${short(height)}" xml:lang="${escapeXml(lang)}"`
        + ` font-family="${escapeXml(font)}" xml:space="preserve" role="img">`
        + `<title>${escapeXml(title)}</title>${parts.join("\n")}</svg>\n`;
    },
  };
}

/** A box whose corners have radii, from the upper left one on, clockwise; as CSS, too large ones shrink together. */
function roundBox(x, y, width, height, radii) {
  const [a, b = a, c = a, d = b] = radii;
  const fit = Math.min(1, width / Math.max(a + b, c + d, 1e-9), height / Math.max(a + d, b + c, 1e-9));
  const [p, q, r, s] = [a, b, c, d].map((radius) => fit * radius);
  const arc = (radius, dx, dy) => (radius ? `a${short(radius)} ${short(radius)} 0 0 1 ${short(dx)} ${short(dy)}` : "");
  return `M${short(x + p)} ${short(y)}h${short(width - p - q)}${arc(q, q, q)}v${short(height - q - r)}${arc(r, -r, r)}`
    + `h${short(r + s - width)}${arc(s, -s, -s)}v${short(s + p - height)}${arc(p, p, -p)}z`;
}

function circlesOf(circles) {
  let d = "";
  for (let i = 0; i < circles.length; i += 3) {
    const [x, y, r] = [circles[i], circles[i + 1], circles[i + 2]];
    d += `M${short(x - r)} ${short(y)}a${short(r)} ${short(r)} 0 1 0 ${short(2 * r)} 0a${short(r)} ${short(r)} 0 1 0 ${short(-2 * r)} 0z`;
  }
  return d;
}

function attribute(name, value, usual = 1) {
  return value === usual ? "" : ` ${name}="${short(value)}"`;
}

/** A number in at most two decimals, without a trailing zero. */
function short(number) {
  return String(Math.round(number * 100) / 100);
}

// A figure to take away: a drawing with its title above and what it shows below, as SVG or PNG.
import { kindName } from "./overview.js";
import { canvasPen, svgPen } from "./pen.js";
import { textWidth } from "./text.js";

const EDGE = 24; // px around everything
const TITLE = 18; // size of type
const CAPTION = 12;
const TITLE_LINE = 24;
const CAPTION_LINE = 18;
const NARROWEST = 360;
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff]/u; // scripts that break lines anywhere

/**
 * Put a title and lines of text around a drawing.
 *
 * A drawing is {width, height, draw(pen)}; `about` is {title, caption: [text, ...], lang}. The figure has the theme's
 * colours and is a drawing too, with `title`, `lang`, and the theme's font.
 */
export function framed(drawing, about, theme) {
  const inner = Math.max(drawing.width, NARROWEST);
  const titles = wrapText(about.title, inner, `600 ${TITLE}px ${theme.font}`);
  const captions = about.caption.flatMap((text) => wrapText(text, inner, typeOf(theme)));
  const top = EDGE + titles.length * TITLE_LINE + 12;
  const below = top + drawing.height + 16;
  return {
    title: about.title,
    lang: about.lang,
    font: theme.font,
    width: Math.ceil(inner + 2 * EDGE),
    height: Math.ceil(below + captions.length * CAPTION_LINE + EDGE - 6),
    draw(pen) {
      const large = { color: theme.color("text"), size: TITLE, weight: 600 };
      const small = { color: theme.color("quiet"), size: CAPTION };
      pen.rects([0, 0, this.width, this.height], { color: theme.color("background") });
      titles.forEach((line, i) => pen.text(EDGE, EDGE + (i + 0.5) * TITLE_LINE, line, large));
      pen.at(EDGE, top, () => drawing.draw(pen));
      captions.forEach((line, i) => pen.text(EDGE, below + (i + 0.5) * CAPTION_LINE, line, small));
    },
  };
}

/** What a scene's figure says of itself: {title, caption, lang}; `notes` are more lines, what was changed say. */
export function aboutScene(scene, notes = []) {
  const { words, header, maps, selection, averaged, heads, signed, minusName } = scene;
  const [map] = maps;
  const kind = kindName(selection.kind, words, "title");
  const one = words("head_title", { kind, layer: map.layer + 1, head: map.head + 1 });
  const whole = averaged ? `${kind} · ${map.name}` : maps.length > 1 ? kind : one;
  const title = signed ? `${whole} ${words("title_minus", { other: minusName })}` : whole;
  const mean = averaged ? [heads.map(({ name }) => name).join(", ")] : [];
  const difference = signed ? [words("scale_difference", { other: minusName })] : [];
  return { title, caption: [...mean, ...difference, ...notes, ...aboutSentence(header)], lang: header.lang ?? "en" };
}

/** The sentence, its translation, and the model, as lines of a caption; without what a header does not have. */
export function aboutSentence({ text, translation, model }) {
  const sentence = [text, translation].filter(Boolean).join(" → ");
  return [sentence, model?.name].filter(Boolean);
}

/** Break a text into lines of at most `width` px: at spaces, or anywhere in scripts without them. */
export function wrapText(text, width, font) {
  const lines = [];
  let line = "";
  for (const piece of breakable(text)) {
    if (line === "" || textWidth(line + piece.trimEnd(), font) <= width) {
      line += piece;
    } else {
      lines.push(line.trimEnd());
      line = piece;
    }
  }
  return [...lines, line.trimEnd()].filter((each) => each !== "");
}

function breakable(text) {
  return text.split(/(?<=\s)/u).flatMap((word) => (UNSPACED.test(word) || word.length > 40 ? [...word] : [word]));
}

/** A text cut so that it fits into `width` px, with … where it was cut. */
export function fitText(text, width, font) {
  if (textWidth(text, font) <= width) return text;
  const chars = [...text];
  let [low, high] = [0, chars.length]; // how many characters stay
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (textWidth(`${chars.slice(0, middle).join("")}…`, font) <= width) low = middle;
    else high = middle - 1;
  }
  return `${chars.slice(0, low).join("")}…`;
}

/** The font of a figure's small type. */
export function typeOf(theme, weight = 400) {
  return `${weight} ${CAPTION}px ${theme.font}`;
}

/** Draw a token's label as the page shows it, cut to a width. */
export function drawToken(pen, x, y, label, { theme, anchor = "start", width, color, weight = 400, angle = 0 }) {
  const special = label.style === "special";
  const text = label.style === "piece" ? `·${label.text}` : label.text;
  pen.text(x, y, fitText(text, width, typeOf(theme, weight)), {
    color: color ?? theme.color(special ? "quiet" : "text"), anchor, weight, italic: special, angle, lang: label.lang, struck: label.masked,
  });
}

/** Draw the outline of a box. */
export function drawOutline(pen, x, y, width, height, color) {
  const [right, bottom] = [x + width, y + height];
  pen.lines([x, y, right, y, right, y, right, bottom, right, bottom, x, bottom, x, bottom, x, y], { color });
}

/** A figure as the text of an SVG document. */
export function figureSvg(figure) {
  const pen = svgPen(figure.width, figure.height, figure);
  figure.draw(pen);
  return pen.finish();
}

/** A figure as a Blob with SVG. */
export function figureSvgBlob(figure) {
  return new Blob([figureSvg(figure)], { type: "image/svg+xml" });
}

/** A figure as a Blob with PNG, `ratio` pixels a CSS pixel. */
export function figurePngBlob(figure, ratio = 2) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(figure.width * ratio);
  canvas.height = Math.round(figure.height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  figure.draw(canvasPen(context, figure.font));
  return new Promise((resolve, reject) => {
    const made = (blob) => (blob ? resolve(blob) : reject(new Error(`${canvas.width} × ${canvas.height}`)));
    canvas.toBlob(made, "image/png");
  });
}

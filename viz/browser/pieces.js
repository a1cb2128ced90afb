// Pieces of an output on their own, out of their line: how one is shown, and the text that several make together.
import { tokenLabels } from "./text.js";

const JOINS = /^[\p{L}\p{N}]/u;
const FIRST_UNSPACED = "\u2e80"; // from here on, Chinese, Japanese and Korean characters
const NO_MIDDLE = new Set(["ja", "zh", "th", "lo", "km", "my"]); // written without spaces: no word has a middle

/** The label of one piece by itself; style "piece" where it goes on with the word before it. */
export function pieceLabel(piece, lang) {
  const [label] = tokenLabels([piece], lang);
  const spaced = !NO_MIDDLE.has((lang ?? "").split("-")[0]);
  const joins = spaced && label.style === "word" && JOINS.test(piece) && piece < FIRST_UNSPACED;
  return joins ? { ...label, style: "piece" } : label;
}

/** The text that pieces make together, without marks of start and end. */
export function outputText(pieces, lang) {
  const said = pieces.filter((piece) => pieceLabel(piece, lang).style !== "special");
  return said.join("").replaceAll("▁", " ").replace(/^ +/u, "");
}

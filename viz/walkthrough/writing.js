// The decoder writes: what it has read so far, where it looks, and what it might write next.
import { stepForm } from "./choices.js";
import { createPlayer } from "./player.js";
import { make, tokenElement, tokenLabels } from "./text.js";
import { pieceLabel } from "./matrix_figure.js";
import { numberElement, percentText } from "./numerals.js";

/** Draw the writing of a translation, a piece a step. */
export function drawWriting(parent, figure, stage) {
  const state = stage.remember("writing", () => ({ step: 0 }), stepForm(figure.writes.pieces.length));
  const box = parent.appendChild(make("figure", "writing"));
  const source = tokenLabels(figure.source.pieces, figure.source.lang);
  const reads = tokenLabels(figure.reads.pieces, figure.reads.lang);
  const writes = tokenLabels(figure.writes.pieces, figure.writes.lang);
  const player = box.appendChild(make("div"));
  const encoder = row(box, stage.words("encoder_keeps"), "encoder", source);
  const decoder = row(box, stage.words("decoder_reads"), "decoder", reads);
  const output = box.appendChild(make("div", "writing-output"));
  output.append(make("p", "grid-title", stage.words("next_piece")));
  const list = output.appendChild(make("ol", "candidates"));
  createPlayer(player, stage, state, writes.length, (step) => {
    const at = (array, i, width) => array.values[step * width + i];
    encoder.forEach((chip, i) => chip.style.setProperty("--share", String(at(figure.looks_at_source, i, source.length))));
    decoder.forEach((chip, i) => {
      chip.hidden = i > step;
      chip.classList.toggle("newest", i === step);
      chip.style.setProperty("--share", String(i > step ? 0 : at(figure.looks_back, i, reads.length)));
    });
    list.replaceChildren(...figure.candidates[step].map(([piece, probability]) => candidate(piece, probability, figure, step)));
  });
}

function row(box, title, role, labels) {
  const area = box.appendChild(make("div", `writing-row ${role}`));
  area.append(make("p", `grid-title ${role}`, title));
  const chips = area.appendChild(make("div", "chips"));
  return labels.map((label) => {
    const chip = chips.appendChild(make("span", "chip"));
    chip.append(tokenElement(label));
    return chip;
  });
}

function candidate(piece, probability, figure, step) {
  const item = make("li", piece === figure.writes.pieces[step] ? "marked" : "");
  const bar = make("span", "bar decoder");
  bar.appendChild(make("span")).style.width = `${100 * probability}%`;
  item.append(tokenElement(pieceLabel(piece, figure.writes.lang), "bar-name"), bar, numberElement(probability, percentText(probability)));
  return item;
}

// What each step computes anew, and what it takes from the cache of keys and values.
import { stepForm } from "./choices.js";
import { createPlayer } from "./player.js";
import { make, tokenElement, tokenLabels } from "./text.js";
import { numberElement, shortNumber } from "./numerals.js";

/** Draw both ways of writing beside each other, a step at a time. */
export function drawCache(parent, figure, stage) {
  const state = stage.remember("cache", () => ({ step: 0 }), stepForm(figure.reads.pieces.length));
  const box = parent.appendChild(make("figure", "cache"));
  const player = box.appendChild(make("div"));
  const labels = tokenLabels(figure.reads.pieces, figure.reads.lang);
  const sides = box.appendChild(make("div", "cache-sides"));
  const again = side(sides, stage.words("without_cache"), labels);
  const kept = side(sides, stage.words("with_cache"), labels);
  createPlayer(player, stage, state, labels.length, (step) => {
    for (const [view, rows, fresh] of [[again, figure.rows_again, () => true], [kept, figure.rows_kept, (i) => i === step]]) {
      view.chips.forEach((chip, i) => {
        chip.classList.toggle("later", i > step);
        chip.classList.toggle("fresh", i <= step && fresh(i));
        chip.classList.toggle("kept", i <= step && !fresh(i));
      });
      const total = rows.values.slice(0, step + 1).reduce((sum, value) => sum + value, 0);
      view.count.replaceChildren(make("span", "quiet", stage.words("projected_so_far")), numberElement(total, shortNumber(total, 0)));
    }
  });
  box.append(make("p", "note", stage.words("cache_legend")));
}

function side(parent, title, labels) {
  const area = parent.appendChild(make("div", "cache-side"));
  area.append(make("p", "grid-title", title));
  const list = area.appendChild(make("div", "chips upright"));
  const chips = labels.map((label) => {
    const chip = list.appendChild(make("span", "chip"));
    chip.append(tokenElement(label), make("span", "kv key", "k"), make("span", "kv value", "v"));
    return chip;
  });
  return { chips, count: area.appendChild(make("p", "count")) };
}

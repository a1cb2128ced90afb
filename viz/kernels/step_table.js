// Each piece of the translation that stands: its log-probability before and after, and how far the choice moved.
import { numberOf } from "./numbers.js";
import { createTakeaway } from "./picture.js";
import { make, tokenElement, tokenLabels } from "./text.js";

const DECIMALS = 3;

/** An empty table in a box that scrolls. */
export function createStepTable(parent) {
  const element = parent.appendChild(make("section", "lens-steps"));
  const row = element.appendChild(make("div", "lens-controls"));
  const title = row.appendChild(make("h4", "lens-title"));
  const takeaway = createTakeaway(row, ["csv"]);
  const scroll = element.appendChild(make("div", "lens-scroll"));
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "group");
  return { title, scroll, takeaway, table: scroll.appendChild(make("table", "lens-table")) };
}

/** Fill it from a message. */
export function fillStepTable({ title, scroll, table }, { header, arrays, words }) {
  title.textContent = words("steps_title");
  scroll.setAttribute("aria-label", words("steps_title"));
  const head = make("tr");
  for (const name of ["step_piece", "step_before", "step_after", "step_divergence"]) head.append(make("th", "", words(name)));
  const largest = Math.max(1e-9, ...arrays.divergence);
  const rows = tokenLabels(header.pieces, header.target_lang).map((label, i) => {
    const row = make("tr");
    row.appendChild(make("th")).append(tokenElement(label));
    row.appendChild(make("td")).append(numberOf(arrays.log_before[i], DECIMALS));
    row.appendChild(make("td")).append(numberOf(arrays.log_after[i], DECIMALS));
    const bar = make("span", "lens-bar");
    bar.style.setProperty("--share", String(arrays.divergence[i] / largest));
    row.appendChild(make("td")).append(bar, numberOf(arrays.divergence[i], DECIMALS));
    return row;
  });
  const top = make("thead");
  const body = make("tbody");
  top.append(head);
  body.append(...rows);
  table.replaceChildren(top, body);
}

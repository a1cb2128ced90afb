// The numbers of one query's keys: where each lies, its weight as computed here, and the one that was recorded.
import { numberOf } from "./numbers.js";
import { make, tokenElement } from "./text.js";

const ALONG_DECIMALS = 3;

/** An empty table; `point(key)` is called with the key of the row under the pointer or in focus, or null. */
export function createKeyTable(parent, point) {
  const element = parent.appendChild(make("section", "lens-numbers"));
  const scroll = element.appendChild(make("div", "lens-scroll"));
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "group");
  const table = { element, scroll, rows: [] };
  table.table = scroll.appendChild(make("table", "lens-table"));
  table.agreement = element.appendChild(make("p", "lens-agreement"));
  const keyOf = (event) => table.rows.findIndex((row) => row.contains(event.target));
  table.table.addEventListener("pointermove", (event) => point(keyOf(event) < 0 ? null : keyOf(event)));
  table.table.addEventListener("pointerleave", () => point(null));
  return table;
}

/** Fill it: one row a key, in the order of the sentence. */
export function fillKeyTable(table, { shown, labels, words, numbers }) {
  table.scroll.setAttribute("aria-label", words("table_title"));
  const head = make("tr");
  for (const name of ["key", `column_${shown.kernel.name}`, "column_weight", "column_recorded"]) head.append(make("th", "", words(name)));
  table.rows = labels.map((label, key) => {
    const row = make("tr", shown.visible[key] ? "" : "hidden-key");
    const name = row.appendChild(make("th"));
    name.append(tokenElement(label));
    const bar = make("span", "lens-bar");
    bar.style.setProperty("--share", String(Math.max(0, Math.min(1, shown.weights[key]))));
    const weight = numberOf(shown.weights[key]);
    weight.classList.add("computed");
    const cells = [numberOf(shown.along[key], ALONG_DECIMALS), weight, numberOf(shown.recorded[key])];
    cells.forEach((number, i) => {
      const cell = row.appendChild(make("td"));
      if (i === 1) cell.append(bar);
      cell.append(number);
    });
    return row;
  });
  const top = make("thead");
  const body = make("tbody");
  top.append(head);
  body.append(...table.rows);
  table.table.replaceChildren(top, body);
  table.agreement.replaceChildren(...numbers);
}

/** Mark the pointed key's row, or none. */
export function markKey(table, key) {
  table.rows.forEach((row, i) => row.classList.toggle("pointed", i === key));
}

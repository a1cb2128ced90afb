// The numbers of the open head as a table: for screen readers, for whoever wants them all, made only when opened.
import { numberElement, setNumber } from "./numbers.js";
import { make, tokenElement } from "./text.js";

/** Build the closed table in `parent`. */
export function createTable(parent) {
  const element = parent.appendChild(make("details", "numbers"));
  const view = { element, scene: null, maps: null };
  view.summary = element.appendChild(make("summary"));
  view.frame = element.appendChild(make("div", "table-frame"));
  view.frame.tabIndex = 0;
  element.addEventListener("toggle", () => fillTable(view));
  return view;
}

/** Show the first map of a scene, where the table is open. */
export function showTable(view, scene) {
  view.scene = scene;
  view.summary.textContent = scene.words("as_table");
  view.frame.setAttribute("aria-label", scene.words("as_table"));
  fillTable(view);
}

function fillTable(view) {
  const { scene } = view;
  if (!view.element.open || !scene) {
    view.maps = null;
    return view.frame.replaceChildren();
  }
  if (view.maps === scene.maps) return undefined;
  view.maps = scene.maps;
  return view.frame.replaceChildren(...scene.maps.map((map) => tableOf(scene, map)));
}

function tableOf(scene, map) {
  const table = make("table", "weights");
  const caption = table.appendChild(make("caption", "caption", scene.words("table_caption", { head: map.name })));
  caption.lang = "";
  const top = table.appendChild(make("thead")).appendChild(make("tr"));
  top.append(make("td"), ...scene.keys.map((label) => headerCell(label, "col", "key")));
  const body = table.appendChild(make("tbody"));
  scene.queries.forEach((label, query) => {
    const row = body.appendChild(make("tr"));
    row.append(headerCell(label, "row", "query"));
    for (let key = 0; key < scene.columns; key++) {
      const number = numberElement();
      setNumber(number, map.values[query * scene.columns + key], scene.exact);
      row.appendChild(make("td")).append(number);
    }
  });
  return table;
}

function headerCell(label, scope, role) {
  const cell = make("th", role);
  cell.scope = scope;
  cell.append(tokenElement(label));
  return cell;
}

// Taking things away: pictures, numbers, a page for offline, a link, and the Python that computes the same.
import { button, popover } from "./controls.js";
import { aboutScene, figurePngBlob, figureSvgBlob } from "./frame.js";
import { overviewFigure } from "./figure_overview.js";
import { pythonCode } from "./python.js";
import { fileName, saveFile, textBlob } from "./save.js";
import { addressOf } from "./store.js";
import { make } from "./text.js";
import { weightsCsv, weightsJson } from "./takeaway.js";
import { FIGURES } from "./view_figures.js";
import { changeSentences } from "./changes.js";

/** Build the menu of a browser. */
export function createMenu(atlas) {
  const menu = { atlas, ...popover(atlas.panel.tools, "menu"), items: new Map() };
  const item = (name, action) => menu.items.set(name, button(menu.sheet, "item", () => run(menu, action)));
  item("save_png", () => picture(atlas, "png"));
  item("save_svg", () => picture(atlas, "svg"));
  item("save_overview", () => overview(atlas));
  item("save_csv", () => numbers(atlas, "csv"));
  item("save_json", () => numbers(atlas, "json"));
  item("save_html", () => page(atlas));
  item("copy_link", () => copy(atlas, addressOf(atlas.state).href));
  item("copy_python", () => copy(atlas, menu.code.textContent));
  menu.code = menu.sheet.appendChild(make("pre", "code"));
  menu.code.tabIndex = 0;
  menu.said = menu.sheet.appendChild(make("p", "caption"));
  menu.said.setAttribute("role", "status");
  menu.element.addEventListener("toggle", () => { if (menu.element.open) showCode(menu); });
  return menu;
}

async function run(menu, action) {
  const { words } = menu.atlas;
  menu.said.textContent = words("working");
  try {
    menu.said.textContent = (await action()) ?? "";
  } catch (error) {
    menu.said.textContent = error.message;
  }
}

/** Show the menu in the reader's language; what this host cannot give is not in it. */
export function showMenu(menu) {
  const { atlas } = menu;
  menu.summary.textContent = atlas.words("take_away");
  for (const [name, element] of menu.items) element.textContent = atlas.words(name);
  menu.items.get("save_html").hidden = !atlas.actions.offers("html");
  menu.items.get("copy_link").hidden = atlas.header.address === false;
  if (menu.element.open) showCode(menu);
}

function showCode(menu) {
  const { atlas } = menu;
  const { cell, pinned } = atlas.state;
  const [query] = pinned.queries;
  const [key] = pinned.keys;
  const place = cell ?? (query === undefined || key === undefined ? null : { query, key });
  const code = atlas.header.model ? pythonCode(atlas.header, atlas.state.selection, place) : null;
  menu.code.textContent = code ?? "";
  menu.code.hidden = menu.items.get("copy_python").hidden = code === null;
}

function about(atlas) {
  return aboutScene(atlas.panel.scene, changeSentences(atlas));
}

async function save(atlas, figure, name, format) {
  saveFile(name, format === "svg" ? figureSvgBlob(figure) : await figurePngBlob(figure));
  return atlas.words("saved", { name });
}

async function picture(atlas, format) {
  const { open, scene, views } = atlas.panel;
  const figure = FIGURES[open](views.get(open), about(atlas), scene);
  return save(atlas, figure, fileName(scene, open, format), format);
}

function overview(atlas) {
  const all = { ...about(atlas), title: atlas.words("overview_title") };
  return save(atlas, overviewFigure(atlas, all), fileName(atlas.panel.scene, "overview", "png"), "png");
}

async function numbers(atlas, format) {
  await atlas.exactNumbers();
  const { scene } = atlas.panel;
  const name = fileName(scene, "weights", format);
  const text = format === "csv" ? weightsCsv(scene) : weightsJson(scene);
  saveFile(name, textBlob(text, format === "csv" ? "text/csv" : "application/json"));
  return atlas.words("saved", { name });
}

async function page(atlas) {
  const had = [...atlas.replies.keys()].map((key) => JSON.parse(key)).filter((request) => request.what !== "html");
  const reply = await atlas.host.ask({ what: "html", had, lang: atlas.header.lang ?? "en" });
  const name = fileName(atlas.panel.scene, "page", "html");
  saveFile(name, new Blob([reply.arrays.page], { type: "text/html" }));
  return atlas.words("saved", { name });
}

async function copy(atlas, text) {
  await navigator.clipboard.writeText(text);
  return atlas.words("copied");
}

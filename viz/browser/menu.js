// Taking things away: pictures, numbers, a page for offline, a link, and the Python that computes the same.
import { button, popover } from "./controls.js";
import { beamCsv, beamJson } from "./beam_table.js";
import { aboutScene, figurePngBlob, figureSvgBlob } from "./frame.js";
import { overviewFigure } from "./figure_overview.js";
import { pythonCode } from "./python.js";
import { fileName, modelFileName, saveFile, textBlob } from "./save.js";
import { addressOf, writtenState } from "./store.js";
import { make } from "./text.js";
import { weightsCsv, weightsJson } from "./takeaway.js";
import { FIGURES, beamFigure, sceneIn } from "./view_figures.js";
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
  item("save_beam_png", () => beamPicture(atlas, "png"));
  item("save_beam_svg", () => beamPicture(atlas, "svg"));
  item("save_beam_csv", () => beamNumbers(atlas, "csv"));
  item("save_beam_json", () => beamNumbers(atlas, "json"));
  item("save_html", () => page(atlas));
  item("copy_link", () => copy(atlas, addressOf(atlas.state).href));
  item("copy_python", () => copy(atlas, menu.code.textContent));
  menu.code = menu.sheet.appendChild(make("pre", "code"));
  menu.code.tabIndex = 0;
  menu.said = menu.sheet.appendChild(make("p", "caption"));
  menu.said.setAttribute("role", "status");
  menu.element.addEventListener("toggle", () => { if (menu.element.open) showMenu(menu); });
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
  const noBeam = beamOf(atlas) === null;
  for (const name of ["save_beam_png", "save_beam_svg", "save_beam_csv", "save_beam_json"]) menu.items.get(name).hidden = noBeam;
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

function about(atlas, scene = atlas.panel.scene) {
  return aboutScene(scene, changeSentences(atlas));
}

async function save(atlas, figure, name, format) {
  saveFile(name, format === "svg" ? figureSvgBlob(figure) : await figurePngBlob(figure));
  return atlas.words("saved", { name });
}

async function picture(atlas, format) {
  const { open, views } = atlas.panel;
  const scene = sceneIn(open, atlas.panel.scene);
  const figure = FIGURES[open](views.get(open), about(atlas, scene), scene);
  return save(atlas, figure, fileName(scene, open, format), format);
}

function overview(atlas) {
  const all = { ...about(atlas), title: atlas.words("overview_title") };
  return save(atlas, overviewFigure(atlas, all), modelFileName(atlas.header, "overview", "png"), "png");
}

async function numbers(atlas, format) {
  await atlas.exactNumbers();
  const { scene } = atlas.panel;
  return saveTable(atlas, fileName(scene, "weights", format), format === "csv" ? weightsCsv(scene) : weightsJson(scene));
}

function saveTable({ words }, name, text) {
  saveFile(name, textBlob(text, name.endsWith(".csv") ? "text/csv" : "application/json"));
  return words("saved", { name });
}

/** The beam on the screen, null where there is none. */
function beamOf({ panel: { open, views } }) {
  const beam = open === "decoding" ? views.get(open).beam : null;
  return beam?.open && beam.record && !beam.element.hidden ? beam : null;
}

function beamPicture(atlas, format) {
  return save(atlas, beamFigure(beamOf(atlas), about(atlas)), modelFileName(atlas.header, "beam", format), format);
}

function beamNumbers(atlas, format) {
  const { record, lang } = beamOf(atlas);
  const text = format === "csv" ? beamCsv(record, lang) : beamJson(record, atlas.header, lang);
  return saveTable(atlas, modelFileName(atlas.header, "beam", format), text);
}

async function page(atlas) {
  const had = [...atlas.replies.keys()].map((key) => JSON.parse(key)).filter((request) => request.what !== "html");
  const reply = await atlas.host.ask({ what: "html", had, lang: atlas.header.lang ?? "en", view: writtenState(atlas.state) });
  const name = modelFileName(atlas.header, "page", "html");
  saveFile(name, new Blob([reply.arrays.page], { type: "text/html" }));
  return atlas.words("saved", { name });
}

async function copy(atlas, text) {
  await navigator.clipboard.writeText(text);
  return atlas.words("copied");
}

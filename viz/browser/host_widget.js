// Host: a notebook widget (anywidget). The payload is a trait; what it lacks is asked for by messages to the kernel.
import { render } from "./render.js";
import { decodeReply } from "./reply.js";
import { translator } from "./text.js";

const PATIENCE = 20_000; // ms; a kernel that computes something else answers when it is done
const THEMES = ["data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-id", "theme"]; // JupyterLab, VS Code, Colab

function bytesOf({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Questions to the kernel; of several views of one widget, each gets only its own answers. */
function createChannel(model, words) {
  const waiting = new Map();
  const receive = ({ id }, buffers) => {
    waiting.get(id)?.(bytesOf(buffers[0]));
    waiting.delete(id);
  };
  model.on("msg:custom", receive);
  const ask = (request) => new Promise((resolve, reject) => {
    const id = `${Date.now()}-${Math.random()}`;
    waiting.set(id, resolve);
    setTimeout(() => { if (waiting.delete(id)) reject(new Error(words("kernel_silent"))); }, PATIENCE);
    model.send({ id, request });
  }).then(decodeReply);
  return { ask, close: () => model.off("msg:custom", receive) };
}

function createRoot(el) {
  const root = el.appendChild(document.createElement("div"));
  root.className = "atlas-notebook";
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves the arrow keys to us,
  root.addEventListener("keydown", (event) => event.stopPropagation()); // and so do other notebooks
  return root;
}

/** Call `changed` when the editor's theme does; returns what ends that. */
function watchTheme(changed) {
  const observer = new MutationObserver(changed);
  for (const each of [document.documentElement, document.body]) observer.observe(each, { attributeFilter: THEMES });
  return () => observer.disconnect();
}

function showWidget({ model, el }) {
  const root = createRoot(el);
  let browser = null;
  const channel = createChannel(model, (key) => translator(browser?.header()?.strings, STRINGS)(key));
  const selected = (selection) => {
    model.set("selection", selection);
    model.save_changes();
  };
  const draw = () => { browser = render(root, bytesOf(model.get("payload")), { ask: channel.ask, selected }); };
  const follow = () => {
    const { selection } = browser.atlas.state;
    const wanted = model.get("selection");
    if (["kind", "layer", "head"].some((name) => selection?.[name] !== wanted[name])) browser.atlas.actions.select(wanted);
  };
  draw();
  model.on("change:payload", draw);
  model.on("change:selection", follow);
  const unwatch = watchTheme(() => browser.refresh());
  return () => {
    unwatch();
    model.off("change:payload", draw);
    model.off("change:selection", follow);
    channel.close();
    browser.destroy();
  };
}

export default { render: showWidget };

// The model as boxes that open: one box, two stacks, every layer, and the sub-layers of a layer.
import { make } from "./text.js";
import { sizeCanvas } from "./matrix.js";
import { within } from "./choices.js";

const ROW_WIDTH = 560; // px: from here on, sentence, model and translation stand in one row

const CLOSED = -1;
const fits = (layer, count) => layer === CLOSED || within(layer, count);

/** Draw the machine at its level; a click opens a layer, or turns to the leaf that shows what is inside. */
export function drawMachine(parent, figure, stage) {
  const first = figure.level > 2 ? 0 : CLOSED;
  const state = stage.remember("machine", () => ({ encoder: first, decoder: first }), {
    write: ({ encoder, decoder }) => [encoder, decoder],
    read: ([encoder, decoder]) => (fits(encoder, figure.layers[0]) && fits(decoder, figure.layers[1]) ? { encoder, decoder } : null),
  });
  const box = parent.appendChild(make("figure", `machine ${parent.clientWidth < ROW_WIDTH ? "narrow" : ""}`));
  showMachine({ figure, stage, state, box });
}

function showMachine(view) {
  const { figure, box } = view;
  box.replaceChildren(sentence(figure.source, figure.source_lang, "into"), arrow("into"), inside(view), arrow(), sentence(figure.target, figure.target_lang));
  box.dataset.level = String(figure.level);
}

function sentence(text, lang, className = "") {
  const element = make("p", `sentence ${className}`, text);
  element.lang = lang;
  return element;
}

function arrow(className = "") {
  const element = make("span", `arrow ${className}`, "→");
  element.setAttribute("aria-hidden", "true");
  return element;
}

function inside(view) {
  const { stage, figure } = view;
  if (figure.level === 0) {
    return boxButton(view, "black-box", stage.words("the_transformer"), figure.parameters.all, stage.onward);
  }
  const area = make("div", "stacks");
  const [encoders, decoders] = [stack(view, "encoder", figure.layers[0]), stack(view, "decoder", figure.layers[1])];
  const between = memory(view);
  const table = make("p", "machine-box embedding table-box", stage.words("embedding_table"));
  table.append(make("small", "", stage.words("parameters", { count: thousands(figure.parameters.embedding) })));
  area.append(between.name, encoders, between.element, decoders, table);
  queueMicrotask(() => drawMemory(between, encoders, decoders, stage.theme));
  return area;
}

function stack(view, side, count) {
  const { stage, state, figure } = view;
  const area = make("div", `stack ${side}`);
  area.append(make("p", "stack-name", stage.words(`${side}s`)));
  if (figure.level === 1) {
    area.append(boxButton(view, side, stage.words(`${side}_stack`), count * figure.parameters[`${side}_layer`], stage.onward));
    return area;
  }
  for (let layer = count - 1; layer >= 0; layer--) {
    const open = state[side] === layer;
    const button = boxButton(view, side, stage.words(`${side}_number`, { layer: layer + 1 }), figure.parameters[`${side}_layer`], () => {
      state[side] = open ? CLOSED : layer;
      stage.keep();
      showMachine(view);
    });
    button.setAttribute("aria-expanded", String(open));
    const whole = area.appendChild(make("div", open ? `opened ${side}` : ""));
    whole.append(button);
    if (open) whole.append(sublayers(view, side));
  }
  return area;
}

function sublayers(view, side) {
  const { stage, figure } = view;
  const list = make("ul", "sublayers");
  const names = side === "encoder" ? ["feed_forward", "self_attention"] : ["feed_forward", "cross_attention", "self_attention"];
  const row = (name, count) => {
    const item = list.appendChild(make("li", name, stage.words(`sublayer_${name}`)));
    item.append(make("small", "", stage.words("parameters", { count: thousands(count) })));
  };
  for (const name of names) { // from the top down, so each stands under the normalisation that comes after it
    row("norms", figure.parameters[`${side}_norms`] / names.length);
    row(name, figure.parameters[name]);
  }
  return list;
}

/** The top of the encoder goes to every decoder layer. */
function memory(view) {
  const element = make("div", "memory");
  const canvas = element.appendChild(make("canvas"));
  canvas.setAttribute("aria-hidden", "true");
  return { element, canvas, name: make("p", "memory-name", view.stage.words("encoder_output")) };
}

function drawMemory({ element, canvas }, encoders, decoders, theme) {
  const boxes = (stackElement) => [...stackElement.querySelectorAll(".machine-box")]
    .map((box) => (box.parentElement.querySelector(".cross_attention") ?? box).getBoundingClientRect()); // which of an open one takes it
  const area = element.getBoundingClientRect();
  const middle = (box) => box.top + box.height / 2 - area.top;
  const ratio = window.devicePixelRatio || 1;
  const { context } = sizeCanvas(canvas, area.width, area.height, ratio);
  context.scale(ratio, ratio);
  context.strokeStyle = context.fillStyle = theme.style.getPropertyValue("--atlas-encoder");
  context.lineWidth = 1.5;
  const from = middle(boxes(encoders)[0]);
  for (const box of boxes(decoders)) {
    const to = middle(box);
    context.beginPath();
    context.moveTo(0, from);
    context.bezierCurveTo(area.width / 2, from, area.width / 2, to, area.width - 7, to);
    context.stroke();
    context.beginPath();
    context.moveTo(area.width, to);
    context.lineTo(area.width - 8, to - 4);
    context.lineTo(area.width - 8, to + 4);
    context.fill();
  }
}

function boxButton(view, className, text, parameters, act) {
  const button = make("button", `machine-box ${className}`, text);
  button.type = "button";
  button.append(make("small", "", view.stage.words("parameters", { count: thousands(parameters) })));
  button.addEventListener("click", act);
  return button;
}

function thousands(count) {
  return count.toLocaleString("en");
}

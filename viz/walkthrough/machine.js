// The model as boxes that open: one box, two stacks, every layer, and the sub-layers of a layer.
import { make } from "./text.js";
import { sizeCanvas } from "./matrix.js";

const ROW_WIDTH = 560; // px: from here on, sentence, model and translation stand in one row

/** Draw the machine at its level; a click opens what is inside. */
export function drawMachine(parent, figure, stage) {
  const state = stage.remember(`machine ${figure.level}`, () => ({ level: figure.level, open: figure.level > 2 ? { encoder: 0, decoder: 0 } : {} }));
  const box = parent.appendChild(make("figure", `machine ${parent.clientWidth < ROW_WIDTH ? "narrow" : ""}`));
  showMachine({ figure, stage, state, box });
}

function showMachine(view) {
  const { figure, state, box } = view;
  box.replaceChildren(sentence(figure.source, figure.source_lang, "into"), arrow("into"), inside(view), arrow(), sentence(figure.target, figure.target_lang));
  box.dataset.level = String(state.level);
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
  const { stage, state, figure } = view;
  if (state.level === 0) {
    return boxButton(view, "black-box", stage.words("the_transformer"), figure.parameters.all, () => { state.level = 1; });
  }
  const area = make("div", "stacks");
  const [encoders, decoders] = [stack(view, "encoder", figure.layers[0]), stack(view, "decoder", figure.layers[1])];
  const between = memory(view);
  area.append(between.name, encoders, between.element, decoders);
  queueMicrotask(() => drawMemory(between, encoders, decoders, stage.theme));
  return area;
}

function stack(view, side, count) {
  const { stage, state, figure } = view;
  const area = make("div", `stack ${side}`);
  area.append(make("p", "stack-name", stage.words(`${side}s`)));
  if (state.level === 1) {
    area.append(boxButton(view, side, stage.words(`${side}_stack`), count * figure.parameters[`${side}_layer`], () => { state.level = 2; }));
    return area;
  }
  for (let layer = count - 1; layer >= 0; layer--) {
    const open = state.open[side] === layer;
    const button = boxButton(view, side, stage.words(`${side}_number`, { layer: layer + 1 }), figure.parameters[`${side}_layer`], () => {
      state.open[side] = open ? undefined : layer;
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
  for (const name of names) {
    const item = list.appendChild(make("li", name, stage.words(`sublayer_${name}`)));
    item.append(make("small", "", stage.words("parameters", { count: thousands(figure.parameters[name]) })));
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
  const boxes = (stackElement) => [...stackElement.querySelectorAll(".machine-box")].map((box) => box.getBoundingClientRect());
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
  button.addEventListener("click", () => { act(); showMachine(view); });
  return button;
}

function thousands(count) {
  return count.toLocaleString("en");
}

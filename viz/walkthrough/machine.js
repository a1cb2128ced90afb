// The model as boxes that open: one box, two stacks, every layer, and the sub-layers of a layer.
import { make } from "./text.js";

/** Draw the machine at its level; a click opens what is inside. */
export function drawMachine(parent, figure, stage) {
  const state = stage.remember(`machine ${figure.level}`, () => ({ level: figure.level, open: figure.level > 2 ? { encoder: 0, decoder: 0 } : {} }));
  const box = parent.appendChild(make("figure", "machine"));
  showMachine({ figure, stage, state, box });
}

function showMachine(view) {
  const { figure, state, box } = view;
  box.replaceChildren(sentence(figure.source, figure.source_lang), arrow(), inside(view), arrow(), sentence(figure.target, figure.target_lang));
  box.dataset.level = String(state.level);
}

function sentence(text, lang) {
  const element = make("p", "sentence", text);
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
  area.append(stack(view, "encoder", figure.layers[0]), memory(view), stack(view, "decoder", figure.layers[1]));
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
    area.append(button);
    if (open) area.append(sublayers(view, side));
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
  const area = make("div", "memory");
  area.append(make("span", "memory-name", view.stage.words("encoder_output")), arrow("wide"));
  return area;
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

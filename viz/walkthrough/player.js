// Play, pause, step and scrub: the same controls for everything that goes on in steps.
import { make } from "./text.js";

const PACE = 1200; // ms a step

/** Put controls into `parent`; `show(step)` draws a step. The state {step} is kept by the caller. */
export function createPlayer(parent, stage, state, count, show) {
  const bar = parent.appendChild(make("div", "player"));
  const button = (text, label, act) => {
    const element = bar.appendChild(make("button", "", text));
    element.type = "button";
    element.setAttribute("aria-label", label);
    element.addEventListener("click", act);
    return element;
  };
  let timer = 0;
  const go = (step) => {
    state.step = Math.max(0, Math.min(count - 1, step));
    slider.value = String(state.step);
    text.textContent = stage.words("step_of", { step: state.step + 1, steps: count });
    show(state.step);
    stage.keep();
  };
  const stop = () => { clearInterval(timer); timer = 0; play.textContent = "▶"; play.setAttribute("aria-label", stage.words("play")); };
  const start = () => {
    if (state.step === count - 1) go(0);
    play.textContent = "❚❚";
    play.setAttribute("aria-label", stage.words("pause"));
    timer = setInterval(() => { go(state.step + 1); if (state.step === count - 1) stop(); }, PACE);
  };
  button("◀", stage.words("back"), () => { stop(); go(state.step - 1); });
  const play = button("▶", stage.words("play"), () => (timer ? stop() : start()));
  play.classList.add("play");
  button("▶❘", stage.words("forward"), () => { stop(); go(state.step + 1); });
  const slider = bar.appendChild(make("input"));
  Object.assign(slider, { type: "range", min: "0", max: String(count - 1), value: String(state.step) });
  slider.setAttribute("aria-label", stage.words("step_slider"));
  slider.addEventListener("input", () => { stop(); go(Number(slider.value)); });
  slider.addEventListener("keydown", (event) => event.stopPropagation());
  const text = bar.appendChild(make("span", "quiet"));
  stage.cleanups.push(stop);
  queueMicrotask(() => go(state.step));
  return { go };
}

// The time line of an output: one button a step, a player, a scrubber, and the output as it grows.
import { outputText } from "./pieces.js";
import { icon } from "./shapes.js";
import { make, tokenElement } from "./text.js";

const PLAY_STEP = 900; // ms
const ICONS = {
  back: "M3 3h2v10H3zM13 3v10L6 8z",
  play: "M4 2.5v11L13 8z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  forward: "M11 3h2v10h-2zM3 3v10l7-5z",
};

/** Build an empty time line; `go(step, spoken)` is called for each step the reader goes to. */
export function createTimeline(parent, go) {
  const element = parent.appendChild(make("div", "timeline"));
  const line = { element, go, step: 0, count: 0, tokens: [], timer: null };
  const player = element.appendChild(make("div", "player"));
  const button = (name, act) => {
    const made = player.appendChild(make("button", name));
    made.type = "button";
    made.append(icon(ICONS[name]));
    made.addEventListener("click", act);
    return made;
  };
  line.back = button("back", () => moveTo(line, line.step - 1));
  line.play = button("play", () => (line.timer ? pause(line) : play(line)));
  line.forward = button("forward", () => moveTo(line, line.step + 1));
  line.scrubber = player.appendChild(make("input", "scrubber"));
  Object.assign(line.scrubber, { type: "range", min: 1, step: 1 });
  line.scrubber.addEventListener("input", () => moveTo(line, Number(line.scrubber.value) - 1));
  line.place = player.appendChild(make("span", "place"));
  line.list = element.appendChild(make("ol", "steps"));
  line.list.addEventListener("keydown", (event) => moveByArrow(line, event));
  line.text = element.appendChild(make("p", "so-far"));
  return line;
}

/** Show another output: the labels of its pieces and the tokens themselves. */
export function fillTimeline(line, labels, tokens, lang, words) {
  pause(line);
  Object.assign(line, { tokens, lang, words, count: tokens.length });
  line.scrubber.max = String(tokens.length);
  line.scrubber.setAttribute("aria-label", words("decoding_scrubber"));
  line.list.setAttribute("aria-label", words("decoding_steps"));
  line.back.setAttribute("aria-label", words("decoding_back"));
  line.forward.setAttribute("aria-label", words("decoding_forward"));
  line.buttons = labels.map((label, step) => {
    const made = make("button", "");
    made.type = "button";
    made.append(tokenElement(label));
    made.setAttribute("aria-label", words("decoding_step", { step: step + 1, token: label.text }));
    made.addEventListener("click", () => moveTo(line, step));
    return made;
  });
  line.list.replaceChildren(...line.buttons.map((made) => {
    const item = make("li");
    item.append(made);
    return item;
  }));
}

/** Show one step: what was written before it, its own piece, and what is still to come. */
export function pointTimeline(line, step) {
  const { buttons, count, lang, tokens, words } = line;
  line.step = step;
  buttons.forEach((button, place) => {
    button.classList.toggle("ahead", place > step);
    button.tabIndex = place === step ? 0 : -1;
    if (place === step) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  });
  line.scrubber.value = String(step + 1);
  const place = words("decoding_place", { step: step + 1, count });
  line.place.textContent = place;
  line.scrubber.setAttribute("aria-valuetext", place);
  line.back.disabled = step === 0;
  line.forward.disabled = step === count - 1;
  showSoFar(line, outputText(tokens.slice(0, step), lang), outputText(tokens.slice(0, step + 1), lang));
  showPlaying(line);
}

function showSoFar(line, before, after) {
  const text = make("bdi");
  if (line.lang) text.lang = line.lang;
  text.append(before, make("mark", "", after.slice(before.length)), make("span", "caret"));
  line.text.replaceChildren(text);
}

function showPlaying(line) {
  const playing = line.timer !== null;
  line.play.firstChild.firstChild.setAttribute("d", playing ? ICONS.pause : ICONS.play);
  line.play.setAttribute("aria-label", line.words(playing ? "decoding_pause" : "decoding_play"));
}

function moveTo(line, step, spoken = true) {
  if (spoken) pause(line);
  if (step >= 0 && step < line.count) line.go(step, spoken);
}

function play(line) {
  line.timer = setInterval(() => advance(line), PLAY_STEP);
  line.go(line.step === line.count - 1 ? 0 : line.step, false);
  showPlaying(line);
}

/** One step of the player; it stops at the end, and where nobody sees it any more. */
function advance(line) {
  if (!line.element.isConnected || line.element.offsetParent === null || line.step >= line.count - 1) pause(line);
  else moveTo(line, line.step + 1, false);
  if (line.step === line.count - 1) pause(line);
}

function pause(line) {
  clearInterval(line.timer);
  line.timer = null;
  if (line.words) showPlaying(line);
}

function moveByArrow(line, event) {
  if (event.altKey || event.metaKey || event.ctrlKey) return;
  const moves = { ArrowLeft: line.step - 1, ArrowRight: line.step + 1, Home: 0, End: line.count - 1 };
  if (!Object.hasOwn(moves, event.key)) return;
  event.preventDefault();
  moveTo(line, moves[event.key]);
  line.buttons[line.step].focus();
}

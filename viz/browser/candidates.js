// What might have been written at a step: the likeliest pieces with their probabilities, at any temperature.
import { slider } from "./controls.js";
import { DECIMALS, formatNumber, percent } from "./numbers.js";
import { pieceLabel } from "./pieces.js";
import { make, setToken, tokenElement } from "./text.js";

const BLANK_PIECE = { text: "", full: "", style: "word" };

/** Build an empty list of candidates; `force(candidate)` has one written instead, `warm(temperature)` takes another temperature. */
export function createCandidates(parent, { force, warm }) {
  const element = parent.appendChild(make("div", "candidates"));
  const view = { element, force, rows: [] };
  view.title = element.appendChild(make("h4", "caption"));
  view.slider = slider(element, { min: 0, max: 0, step: 1 }, (input) => warm(view.shown.temperatures[Number(input.value)]));
  view.slider.row.classList.add("temperature");
  const table = element.appendChild(make("table", ""));
  view.caption = table.appendChild(make("caption", "hidden-text"));
  view.body = table.appendChild(make("tbody"));
  view.others = createRow(view, "others");
  view.note = element.appendChild(make("p", "caption"));
  return view;
}

function createRow(view, className) {
  const element = make("tr", className);
  const head = element.appendChild(make("th"));
  head.scope = "row";
  const token = head.appendChild(tokenElement(BLANK_PIECE));
  const track = element.appendChild(make("td", "track"));
  const bar = track.appendChild(make("i"));
  track.setAttribute("aria-hidden", "true");
  const number = element.appendChild(make("td", "share")).appendChild(make("data"));
  const last = element.appendChild(make("td", "act"));
  const row = { element, head, token, bar, number, marks: last.appendChild(make("span", "marks")) };
  row.button = last.appendChild(make("button", "instead"));
  row.button.type = "button";
  row.button.addEventListener("click", () => view.force(row.candidate));
  return row;
}

/** log p at a temperature: that at temperature 1 over it, minus the logarithm of what all pieces then add up to. */
export function atTemperature(logProbability, temperature, logNormaliser) {
  return Math.exp(logProbability / temperature - logNormaliser);
}

/** The pieces a step shows, likeliest first, with the written one last where it is not among them. */
function candidatesOf(step) {
  const candidates = step.ids.map((id, i) => ({ id, piece: step.pieces[i], log: step.log_probabilities[i] }));
  const known = step.ids.includes(step.id);
  return known ? candidates : [...candidates, { id: step.id, piece: step.piece, log: step.log_probability }];
}

/**
 * Show the candidates of a step.
 *
 * `shown` is {step, number, temperatures, temperature, lang, words, forced, changeable}: the step's record and number from
 * 1, whether its piece was forced, and whether another can be.
 */
export function showCandidates(view, shown) {
  view.shown = shown;
  const { step, temperatures, temperature, words } = shown;
  const place = Math.max(0, temperatures.indexOf(temperature));
  view.title.textContent = words("decoding_candidates", { step: shown.number });
  view.caption.textContent = view.title.textContent;
  view.slider.label.textContent = words("decoding_temperature");
  view.slider.input.max = String(temperatures.length - 1);
  view.slider.input.value = String(place);
  view.slider.value.textContent = formatNumber(temperatures[place], DECIMALS.setting);
  view.slider.input.setAttribute("aria-valuetext", view.slider.value.textContent);
  view.note.textContent = words("decoding_temperature_note");
  const candidates = candidatesOf(step);
  while (view.rows.length < candidates.length) view.rows.push(createRow(view, ""));
  let rest = 1;
  candidates.forEach((candidate, i) => {
    const probability = atTemperature(candidate.log, temperatures[place], step.log_normalisers[place]);
    rest -= probability;
    fillRow(view.rows[i], { ...shown, candidate, probability, likeliest: i === 0 });
  });
  fillOthers(view.others, Math.max(0, rest), words);
  const rows = view.rows.slice(0, candidates.length).map((row) => row.element);
  const wanted = [...rows, view.others.element];
  if (wanted.some((row, i) => view.body.children[i] !== row) || view.body.children.length !== wanted.length) {
    view.body.replaceChildren(...wanted);
  }
}

function fillRow(row, { candidate, probability, likeliest, step, lang, words, forced, changeable }) {
  const written = candidate.id === step.id;
  const label = pieceLabel(candidate.piece, lang);
  row.candidate = candidate;
  row.element.className = written ? "written" : "";
  if (written) row.element.setAttribute("aria-current", "true");
  else row.element.removeAttribute("aria-current");
  setToken(row.token, label);
  fillNumber(row, probability);
  const marks = [likeliest ? words("decoding_greedy") : "", written ? words(forced ? "decoding_forced" : "decoding_written") : ""];
  row.marks.replaceChildren(...marks.filter(Boolean).map((text) => make("span", "badge", text)));
  row.button.hidden = written || !changeable;
  row.button.textContent = words("decoding_instead");
  row.button.setAttribute("aria-label", words("decoding_instead_of", { token: label.text }));
}

function fillOthers(row, rest, words) {
  setToken(row.token, { text: words("decoding_others"), full: "", style: "word" });
  fillNumber(row, rest);
  row.button.hidden = true;
}

function fillNumber(row, probability) {
  row.bar.style.width = `${(100 * probability).toFixed(2)}%`;
  row.number.value = String(probability);
  row.number.textContent = percent(probability);
}

// Decoding: the output piece by piece, where each step looks, what else it might have written, and the beam.
import { createBeam, showBeam } from "./beam.js";
import { createCandidates, showCandidates } from "./candidates.js";
import { createStepAttention, fetchShown, showStepAttention } from "./step_attention.js";
import { createTimeline, fillTimeline, pointTimeline } from "./timeline.js";
import { make, tokenLabels } from "./text.js";

const REST = 150; // ms

/** Build the empty view in `parent`. */
export function createDecoding(parent, actions) {
  const element = parent.appendChild(make("section", "decoding"));
  const view = { element, actions, scene: null };
  view.empty = element.appendChild(make("p", "caption"));
  view.body = element.appendChild(make("div", "decoding-body"));
  view.timeline = createTimeline(view.body, (step, spoken) => goTo(view, step, spoken));
  const panes = view.body.appendChild(make("div", "panes"));
  view.attention = createStepAttention(panes, () => showStep(view));
  const acts = { force: (candidate) => force(view, candidate), warm: (temperature) => actions.keep({ temperature }) };
  view.candidates = createCandidates(panes, acts);
  view.beam = createBeam(view.body, actions);
  return view;
}

/** Show a scene; does little where only a cell under the pointer has changed. */
export function showDecoding(view, scene) {
  const before = view.scene;
  view.scene = scene;
  const axis = writingAxis(scene.kinds);
  view.body.hidden = !axis;
  view.empty.hidden = Boolean(axis);
  view.empty.textContent = scene.words("decoding_nothing");
  if (!axis) return;
  const { writes, lang } = axis;
  const sameOutput = before?.header === scene.header && before.words === scene.words;
  view.step = Math.min(scene.step, writes.length - 1); // after a change, the step that was changed is still open
  if (!sameOutput) {
    fillTimeline(view.timeline, tokenLabels(writes, lang), writes, lang, scene.words);
  }
  const { kind, layer, head } = scene.selection;
  const key = [kind, layer, head, scene.theme.scheme, view.step, scene.temperature].join(" ");
  if (!sameOutput || key !== view.key) showStep(view);
  view.key = key;
  showBeam(view.beam, scene, lang);
}

/** The axis of the pieces that are written, null where nothing was. */
function writingAxis(kinds) {
  return kinds.map((kind) => kind.queryAxis).find((axis) => axis.writes?.length) ?? null;
}

function showStep(view) {
  const { scene, step } = view;
  pointTimeline(view.timeline, step);
  showStepAttention(view.attention, scene, step);
  clearTimeout(view.restTimer);
  view.restTimer = setTimeout(() => fetchExact(view, scene), REST);
  const record = scene.header.steps?.[step];
  view.candidates.element.hidden = !record?.log_normalisers;
  if (view.candidates.element.hidden) return;
  showCandidates(view.candidates, {
    step: record,
    number: step + 1,
    temperatures: scene.header.temperatures,
    temperature: scene.temperature,
    lang: writingAxis(scene.kinds).lang,
    words: scene.words,
    forced: (scene.header.changes ?? []).some((change) => change.type === "force" && change.position === step),
    changeable: view.actions.offers("changes"),
  });
}

/** Where the message has no exact numbers, fetch those of the heads that the reader stays with. */
function fetchExact(view, scene) {
  const arrived = () => { if (view.scene.header === scene.header) showStepAttention(view.attention, view.scene, view.step); };
  fetchShown(view.attention, scene, view.actions, arrived).catch((error) => view.actions.say(error.message));
}

function goTo(view, step, spoken) {
  const { scene } = view;
  view.actions.keep({ step });
  const [label] = tokenLabels([writingAxis(scene.kinds).writes[step]]);
  if (spoken) view.actions.say(scene.words("decoding_step", { step: step + 1, token: label.text }));
}

/** Have another piece written at this step, and all that follows anew. */
function force(view, { id, piece }) {
  view.actions.change({ type: "force", position: view.step, id, piece: piece.replaceAll("▁", " ").trim() });
}

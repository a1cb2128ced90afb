// The keys of the walk, whatever holds the focus: left and right turn the leaves, Escape ends presenting.

const TYPED_IN = "textarea, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=button])";
const PAUSE = 30; // ms, between looks whether the script still runs
const BUSY = ["running", "rerunRequested", "stopRequested"]; // Streamlit's words for a script that is not done
const turning = { owed: 0, timer: 0 }; // leaves to turn, forward or (below 0) back; of the document, whatever scene listens
const OWN_ARROWS = ".grid-frame, input[type=range]"; // a matrix goes from cell to cell, a slider from step to step

/** Listen until the function that is returned is called; `choosers` hold lists that open, `presenting()` is asked. */
export function listenToKeys({ back, forward, leave, choosers, presenting }) {
  const press = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return;
    const at = event.composedPath()[0];
    const held = at instanceof Element ? at : document.body;
    const target = { ArrowLeft: back, ArrowRight: forward, Escape: presenting() ? leave : "" }[event.key];
    if (!target || !document.querySelector(target)) return; // another page with the same pictures has no leaves
    if (held.getAttribute("aria-expanded") === "true") return;
    if (event.key !== "Escape" && (isTypedIn(held, choosers) || held.closest(OWN_ARROWS))) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // before radio buttons take the key, which then never reaches the page's shortcut
    if (event.key === "Escape") return document.querySelector(`${target}:not(:disabled)`)?.click();
    turning.owed += target === forward ? 1 : -1;
    if (!turning.timer) turn(back, forward);
  };
  window.addEventListener("keydown", press, true);
  return () => window.removeEventListener("keydown", press, true);
}

/**
 * Turn the leaves that are owed, one a run of the script: a press while it runs would be lost with the run that it ends,
 * and turn the leaf that is being left.
 */
function turn(back, forward) {
  turning.timer = 0;
  if (!turning.owed) return;
  if (!BUSY.includes(document.querySelector("[data-test-script-state]")?.dataset.testScriptState)) {
    const button = document.querySelector(`${turning.owed > 0 ? forward : back}:not(:disabled)`);
    if (!button) return void (turning.owed = 0);
    turning.owed -= Math.sign(turning.owed);
    button.click();
  }
  turning.timer = setTimeout(turn, PAUSE, back, forward);
}

/** A list that is shut has an input to search it, in which nobody types yet. */
function isTypedIn(element, choosers) {
  const shut = element.getAttribute("role") === "combobox" && element.closest(choosers);
  return !shut && element.matches(TYPED_IN);
}

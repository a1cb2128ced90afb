// One question at a time: what a view wants to know now, the last answer, and a line that says how it stands.
import { make } from "./text.js";

/** A question nobody has asked yet; `changed()` is called whenever its answer comes or fails. */
export function createQuestion(changed) {
  return { changed, wanted: null, header: null, state: "idle", request: null, reply: null, problem: "", timer: 0 };
}

/**
 * Ask, unless this is what was asked last of this payload (`header`). The old `reply`, and the `request` that it
 * answers, stay until the new one comes; a reply that comes too late is dropped. `delay` is in ms.
 */
export function wantAnswer(question, request, header, ask, delay) {
  const wanted = JSON.stringify(request);
  if (wanted === question.wanted && header === question.header) return;
  Object.assign(question, { wanted, header, state: "waiting", problem: "" });
  clearTimeout(question.timer);
  const send = () => sendQuestion(question, request, header, ask);
  if (delay) question.timer = setTimeout(send, delay);
  else send();
}

async function sendQuestion(question, request, header, ask) {
  const { wanted } = question;
  let answer;
  try {
    answer = { state: "answered", reply: await ask(request), request };
  } catch (error) {
    answer = { state: "failed", problem: error.message };
  }
  if (wanted !== question.wanted || header !== question.header) return;
  Object.assign(question, answer);
  question.changed();
}

/** Ask the same again after a failure. */
export function askAgain(question) {
  question.wanted = null;
  question.changed();
}

/** The line that says that an answer is on its way, could not be had, or is not to be had here. */
export function createNotice(parent, again) {
  const element = parent.appendChild(make("div", "notice"));
  const text = element.appendChild(make("p"));
  text.setAttribute("role", "status");
  const button = element.appendChild(make("button"));
  button.type = "button";
  button.addEventListener("click", again);
  return { element, text, button };
}

/** Say how a question stands; `sentence` instead of it where there is nothing to ask. */
export function showNotice(notice, question, words, sentence = "") {
  const failed = !sentence && question.state === "failed";
  const says = { waiting: () => words("answer_waiting"), failed: () => words("answer_failed", { reason: question.problem }) };
  notice.text.textContent = sentence || (says[question.state]?.() ?? "");
  notice.button.textContent = words("answer_again");
  notice.button.hidden = !failed;
  notice.element.classList.toggle("failed", failed);
  notice.element.hidden = notice.text.textContent === "";
}

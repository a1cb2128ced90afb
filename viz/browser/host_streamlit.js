// Host: a Streamlit v2 component. Called again whenever the data or the theme changes.
//
// A question travels as the component's state "asked", and the script answers through a second component, see
// host_reply.js: so the heads, which are many bytes, are not sent again with each answer. One question at a time is on
// its way, since a newer state would overtake an older one.
import { render } from "./render.js";
import { decodeReply } from "./reply.js";

const PATIENCE = 120_000; // ms
const MENU_OVER_PAGE = 769; // px: below, Streamlit lays its menu over the page, and takes it away when a link is followed

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  if (!data) return undefined;
  parentElement.atlasQuestions ??= createQuestions();
  const questions = parentElement.atlasQuestions;
  questions.send = (asked) => setStateValue("asked", asked);
  const host = {
    ask: (request) => question(questions, request),
    changed(changes) {
      questions.number += 1;
      setStateValue("changed", { number: questions.number, changes });
      return questions.number;
    },
    shown: (state) => tellFollower(questions, parentElement, state),
  };
  const browser = render(parentElement, data, host);
  const header = browser.header();
  questions.name = header?.browser;
  if (header?.address !== false) {
    questions.leaving ??= onLeaving((to) => questions.leave(to));
    questions.leave = (to) => setStateValue("left", { number: Date.now(), to, ...browser.atlas.state.selection });
  }
  if (header?.follow) follow(parentElement, browser);
  else document.documentElement.lang = header?.lang ?? "en"; // Streamlit says "en" whatever the page speaks
  return () => {
    window.removeEventListener("attention-atlas-reply", questions.listen);
    window.removeEventListener("attention-atlas-shown", questions.follow);
    window.removeEventListener("attention-atlas-where", questions.tell);
    questions.leaving?.();
    delete parentElement.atlasQuestions;
    browser.destroy();
  };
}

/**
 * Have the script follow a link to another page of the app, told which: it takes along what is open here.
 *
 * Streamlit's own way would be there first, without it. Returns what ends this.
 */
function onLeaving(leave) {
  const split = (pathname) => [pathname.slice(0, pathname.lastIndexOf("/")), pathname.split("/").at(-1)];
  const listen = (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!plain || link?.origin !== window.location.origin || link.target === "_blank" || link.search) return;
    const [[folder, page], [ourFolder, ourPage]] = [link.pathname, window.location.pathname].map(split);
    if (folder !== ourFolder || page === ourPage) return;
    event.preventDefault();
    event.stopPropagation();
    if (window.innerWidth < MENU_OVER_PAGE) document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
    leave(page);
  };
  document.addEventListener("click", listen, { capture: true });
  return () => document.removeEventListener("click", listen, { capture: true });
}

function createQuestions() {
  const questions = { number: Date.now(), waiting: [], current: null, send: null, follow: null };
  questions.listen = ({ detail }) => answered(questions, detail);
  window.addEventListener("attention-atlas-reply", questions.listen);
  return questions;
}

function question(questions, request) {
  return new Promise((resolve, reject) => {
    questions.waiting.push({ request, resolve, reject });
    next(questions);
  });
}

function next(questions) {
  if (questions.current || !questions.waiting.length) return;
  questions.current = questions.waiting.shift();
  questions.current.number = questions.number += 1;
  questions.current.timer = setTimeout(() => finish(questions, "reject", new Error("timeout")), PATIENCE);
  questions.send({ number: questions.current.number, request: questions.current.request });
}

function answered(questions, bytes) {
  const { header, arrays } = decodeReply(bytes);
  if (header.number !== questions.current?.number || header.browser !== questions.name) return;
  if (header.refusal) finish(questions, "reject", new Error(header.refusal));
  else finish(questions, "resolve", { header, arrays });
}

function finish(questions, how, value) {
  const { current } = questions;
  clearTimeout(current.timer);
  questions.current = null;
  current[how](value);
  next(questions);
}

/** The second of two browsers shows the head and the view that are open in the first, which tells it of each change. */
function follow(element, browser) {
  const { atlasQuestions: questions } = element;
  if (questions.follow) return;
  questions.follow = ({ detail }) => browser.atlas.actions.follow(detail);
  window.addEventListener("attention-atlas-shown", questions.follow);
  window.dispatchEvent(new CustomEvent("attention-atlas-where"));
}

/** Tell whoever follows what is open here, now and whenever it asks. */
function tellFollower(questions, element, state) {
  if (element.attentionBrowser?.header()?.follow) return;
  const tell = () => window.dispatchEvent(new CustomEvent("attention-atlas-shown", { detail: state }));
  if (questions.tell) window.removeEventListener("attention-atlas-where", questions.tell);
  questions.tell = tell;
  window.addEventListener("attention-atlas-where", tell);
  tell();
}

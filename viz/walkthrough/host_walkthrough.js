// Host: a Streamlit v2 component. Called again whenever the data or the theme changes.
import { listenToKeys } from "./keys.js";
import { renderScene } from "./stage.js";

const CONTROLS = {
  back: ".st-key-walk_back button", forward: ".st-key-walk_forward button", leave: ".st-key-walk_present button",
  choosers: ".st-key-walk_navigation, .st-key-walk_choices", link: ".st-key-walk_class button",
};

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  if (!data) return undefined;
  const stage = renderScene(parentElement, data, () => document.querySelector(`${CONTROLS.forward}:not(:disabled)`)?.click());
  document.documentElement.lang = stage.lang() ?? "en"; // Streamlit says "en" whatever the page speaks
  parentElement.walkKeys?.();
  const presenting = () => getComputedStyle(document.documentElement).getPropertyValue("--walk-pointer").trim() === "block";
  const stop = (parentElement.walkKeys = listenToKeys({ ...CONTROLS, presenting }));
  // The server makes the link for a class, and learns then only what was chosen here.
  const tell = (event) => { if (event.composedPath().some((each) => each instanceof Element && each.matches(CONTROLS.link))) setStateValue("picture", stage.chosen()); };
  parentElement.walkLink?.();
  window.addEventListener("click", tell, true);
  const stopTelling = (parentElement.walkLink = () => window.removeEventListener("click", tell, true));
  return () => { stop(); stopTelling(); stage.destroy(); };
}

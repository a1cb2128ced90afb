// Host: a Streamlit v2 component. Called again whenever the data or the theme changes.
import { renderScene } from "./stage.js";

export default function (component) {
  const { parentElement, data } = component;
  if (!data) return undefined;
  const stage = renderScene(parentElement, data);
  document.documentElement.lang = stage.lang() ?? "en"; // Streamlit says "en" whatever the page speaks
  return () => stage.destroy();
}

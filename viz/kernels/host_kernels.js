// Host: a Streamlit v2 component. Called again whenever the data or the theme changes.
import { renderLens } from "./lens.js";

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  if (!data) return undefined;
  const lens = renderLens(parentElement, data, (choice) => setTriggerValue("chosen", choice));
  document.documentElement.lang = lens.lang(); // Streamlit says "en" whatever the page speaks
  return () => lens.destroy();
}

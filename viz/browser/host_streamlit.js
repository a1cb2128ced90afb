// Host: a Streamlit v2 component. Called again whenever the data or the theme changes.
import { render } from "./render.js";

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  if (!data) return undefined;
  const selected = (selection) => {
    if (headerAsksForReports(parentElement)) setStateValue("selection", selection);
  };
  const browser = render(parentElement, data, { selected });
  document.documentElement.lang = browser.header()?.lang ?? "en"; // Streamlit says "en" whatever the page speaks
  return () => browser.destroy();
}

/** A report reruns the script, so only a host that asked for it (header key "report") gets one. */
function headerAsksForReports(element) {
  return element.attentionBrowser?.header()?.report === true;
}

// Host: a Streamlit v2 component. Called again whenever the order or the words change.
import { createWordOrder } from "./word_order.js";

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  if (!data) return undefined;
  parentElement.wordOrder ??= createWordOrder(parentElement);
  const view = parentElement.wordOrder;
  view.moved = (order) => setStateValue("moved", { number: Date.now(), order });
  view.update(data);
  return () => {
    view.root.remove();
    delete parentElement.wordOrder;
  };
}

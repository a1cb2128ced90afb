// What of a page's text has too little contrast, which pictures have no text instead, which controls have no name.
() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const read = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3])).concat(1);
  const up = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  const chain = (node) => { const all = []; for (let at = node; at; at = up(at)) all.push(at); return all; };
  const page = read(getComputedStyle(document.querySelector(".stApp")).backgroundColor);
  const behind = (node) => chain(node).map((each) => read(getComputedStyle(each).backgroundColor)).reverse().reduce((back, front) => over(front, back), page);
  const opacity = (node) => chain(node).reduce((product, each) => product * Number(getComputedStyle(each).opacity), 1);
  const found = { faint: [], mute: [], nameless: [] };
  const visit = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) visit(node.shadowRoot);
      const own = node.getRootNode() instanceof ShadowRoot;
      const hidden = !node.getClientRects().length || getComputedStyle(node).visibility === "hidden";
      if (hidden || node.closest("[disabled]")) continue;
      if (own && node.tagName === "CANVAS" && !node.getAttribute("aria-label") && !node.closest("[aria-hidden=true]")) found.mute.push(node.className || node.parentElement.className);
      if (own && node.matches("button, input, select") && !node.textContent.trim() && !node.getAttribute("aria-label")) found.nameless.push(node.className);
      const text = [...node.childNodes].filter((each) => each.nodeType === 3).map((each) => each.textContent.trim()).join("");
      if (!text) continue;
      const back = behind(node);
      const color = read(getComputedStyle(node).color);
      color[3] *= opacity(node);
      const [low, high] = [luminance(over(color, back)), luminance(back)].sort((a, b) => a - b);
      if ((high + 0.05) / (low + 0.05) < 4.5) found.faint.push(text.slice(0, 40));
    }
  };
  visit(document);
  return found;
}

// Words: interface strings with placeholders, and tokens as people read them. Tokens are data, never markup.

const SPECIAL_TOKEN = /^(<[^<>\s]{1,16}>|\[[A-Z]{2,8}\])$/u;
const PUNCTUATION = /^[\p{P}\p{S}]+$/u;
const APOSTROPHE = /^['’]$/u;
const UNSPACED_LANGUAGES = new Set(["ja", "zh", "th", "lo", "km", "my"]);
const VISIBLE_CONTROLS = new Map([["\n", "↵"], ["\r", "↵"], ["\t", "⇥"], ["\u200b", "∅"]]);

/** Fill {name} placeholders of a string. */
export function fill(template, values = {}) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A function from a string key and values to text; missing keys fall back to the English table. */
export function translator(strings, defaults) {
  return (key, values) => fill(strings?.[key] ?? defaults[key] ?? key, values);
}

/** How each token of an axis is shown: {text, full, lang, style}, style "word", "piece" or "special". */
export function tokenLabels(tokens, lang) {
  const marked = tokens.some((token) => token.startsWith("▁"));
  const joined = marked && !UNSPACED_LANGUAGES.has((lang ?? "").split("-")[0]);
  const special = tokens.map((token) => SPECIAL_TOKEN.test(token));
  const within = (i) => APOSTROPHE.test(tokens[i]) && /^[\p{L}\p{N}]/u.test(tokens[i + 1] ?? ""); // the one of "didn't"
  return tokens.map((token, i) => {
    const text = readable(token);
    const opens = token.startsWith("▁") || i === 0 || special[i - 1] || (PUNCTUATION.test(token) && !within(i));
    const style = special[i] ? "special" : joined && !opens ? "piece" : "word";
    return { text, full: token, lang, style };
  });
}

function readable(token) {
  const text = token.replace(/^▁+/u, "").replaceAll("▁", " ");
  if (text === "") return token === "" ? "∅" : "␣";
  return [...text].map((char) => VISIBLE_CONTROLS.get(char) ?? (isControl(char) ? "�" : char)).join("");
}

function isControl(char) {
  return /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(char);
}

/** An element that shows a token label: its own language, its own direction, no markup. */
export function tokenElement(label, className) {
  const element = document.createElement("bdi");
  element.className = `token ${label.style} ${className ?? ""}`.trim();
  setToken(element, label);
  return element;
}

/** Put a token label into an element made by `tokenElement`. */
export function setToken(element, label) {
  element.classList.remove("word", "piece", "special");
  element.classList.add(label.style);
  element.classList.toggle("masked", Boolean(label.masked));
  if (label.lang) element.lang = label.lang;
  element.textContent = label.text;
  element.title = label.full;
}

let ruler = null; // a context to measure texts with

/** The width of a text in a CSS font, in CSS pixels. */
export function textWidth(text, font) {
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = font;
  return ruler.measureText(text).width;
}

/** The width of every label in CSS pixels, its joiner included. */
export function labelWidths(labels, font) {
  return labels.map((label) => textWidth(label.text.slice(0, 80), font) + (label.style === "piece" ? 5 : 0));
}

/** A new element with a class and text. */
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

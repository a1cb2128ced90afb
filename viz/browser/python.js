// The few lines of Python that give a number of the picture again, for the `transformer` package of this project.

const ATTENTIONS = {
  encoder: "encoder.layers.{}.self_attention",
  decoder: "decoder.layers.{}.self_attention",
  cross: "decoder.layers.{}.cross_attention",
};
// What JSON leaves as it is though an editor would hide it, or read the line in another direction.
const HIDDEN = /[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const given = (values) => values.filter((value) => value !== undefined);
const CHANGES = {
  head: ({ kind, layer, head, how, token }) => ["HeadChange", given([kind, layer, head, how, token])],
  mask: ({ position }) => ["MaskToken", [position]],
  force: ({ position, id }) => ["ForceToken", [position, id]],
};

/** A value as a Python literal; JSON's strings and numbers are Python's too. */
export function pythonLiteral(value) {
  return JSON.stringify(value).replace(HIDDEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * Python that prints the weight of a cell {query, key}, or the whole head where `cell` is null; positions of pieces.
 *
 * `header` is a message's, with `decoding` (keyword arguments of `translate`) where it was not greedy, and `file` where
 * the model is not bundled; `changes` are
 * what the translation ran under. Null where the numbers do not come from a model that Python can load.
 */
export function pythonCode(header, { kind, layer, head }, cell, changes = header.changes ?? []) {
  const { text, direction, model, decoding = {} } = header;
  if (!text || !direction || !model?.name || !Object.hasOwn(ATTENTIONS, kind)) return null;
  const made = changes.map((change) => CHANGES[change.type](change));
  const classes = [...new Set(made.map(([name]) => name))].sort();
  const target = pythonLiteral(direction.split("-").at(-1));
  const under = made.length ? ["changes=changes"] : [];
  const options = Object.entries(decoding).map(([name, value]) => `${name}=${pythonLiteral(value)}`);
  const output = options.length ? ["translation"] : [];
  const path = pythonLiteral(`${ATTENTIONS[kind].replace("{}", layer)}.weights`);
  const number = cell ? `[0, ${head}, ${cell.query}, ${cell.key}].item()` : `[0, ${head}]`;
  const written = made.map(([name, values]) => call(name, values.map(pythonLiteral)));
  return [
    "from transformer import load_translator",
    ...(made.length ? [`from transformer.changes import ${classes.join(", ")}`] : []),
    "",
    `translator = ${call("load_translator", [pythonLiteral(header.file ?? model.name)])}`,
    `text = ${pythonLiteral(text)}`,
    ...(made.length ? [`changes = [${written.join(", ")}]`] : []),
    ...(options.length ? [`translation = ${call("translator.translate", ["text", target, ...under, ...options])}`] : []),
    `trace = ${call("translator.trace", ["text", target, ...output, ...under])}`,
    "# Layers, heads and positions count from 0 here, from 1 on the page: "
      + `its layer ${layer + 1}, head ${head + 1}${cell ? `, query ${cell.query + 1}, key ${cell.key + 1}` : ""}.`,
    `print(trace[${path}]${number})  # batch, head, query, key`,
    "",
  ].join("\n");
}

function call(name, values) {
  return `${name}(${values.join(", ")})`;
}

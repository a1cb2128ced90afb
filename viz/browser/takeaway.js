// Numbers to take away: tidy tables as CSV (RFC 4180) and JSON. Layers, heads and positions count from 1, as on the page.

const COLUMNS = ["kind", "layer", "head", "query_position", "query", "key_position", "key"];
const FORMULA = /^[=+\-@\t\r]/u; // what a spreadsheet would compute

/** The shortest decimal that is this very float32 when it is read back as one. */
export function floatText(value) {
  if (!Number.isFinite(value)) return String(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === Math.fround(value)) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}

/**
 * Rows [kind, layer, head, query_position, query, key_position, key, value] of every head of a scene, then of their mean
 * where it is shown: its layer is null, its head "mean".
 *
 * Throws where the page has only eight bits of a weight: fetch the exact ones first.
 */
function* tidyRows({ kind, queries, keys, heads, averaged, maps, exact, words }) {
  if (!exact) throw new Error(words("numbers_not_exact"));
  const named = heads.map(({ layer, head, values }) => ({ layer: layer + 1, head: head + 1, values }));
  for (const { layer, head, values } of averaged ? [...named, { ...maps[0], layer: null, head: "mean" }] : named) {
    for (let i = 0; i < values.length; i++) {
      const query = Math.floor(i / keys.length);
      const key = i % keys.length;
      yield [kind.id, layer, head, query + 1, queries[query].full, key + 1, keys[key].full, values[i]];
    }
  }
}

/** The names of the columns; the last is what the values are. */
function columnsOf({ signed }) {
  return [...COLUMNS, signed ? "difference" : "weight"];
}

/** The values of a scene's heads as CSV; those of a difference say in each row what was taken away. */
export function weightsCsv(scene) {
  if (!scene.signed) return csvLines(columnsOf(scene), tidyRows(scene));
  const rows = Array.from(tidyRows(scene), (row) => [...row, scene.minusName]);
  return csvLines([...columnsOf(scene), "minus"], rows);
}

/** A table as CSV: lines end in CRLF, texts are never formulas. */
export function csvLines(names, rows) {
  const lines = [names.join(",")];
  for (const row of rows) lines.push(row.map(csvCell).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

/** A number, a truth or a text as a cell of CSV (RFC 4180), never a formula; nothing is an empty cell. */
export function csvCell(value) {
  if (value === null) return "";
  if (typeof value === "number") return floatText(value);
  if (typeof value === "boolean") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The rows of a table as JSON objects, one a line. */
export function jsonRows(names, rows) {
  const cell = (value, i) => `"${names[i]}":${typeof value === "number" ? floatText(value) : JSON.stringify(value)}`;
  return Array.from(rows, (row) => `{${row.map(cell).join(",")}}`).join(",\n");
}

/** The values of a scene's heads as JSON: the model, the sentence, what is taken away, and one object a weight. */
export function weightsJson(scene) {
  const { model, text, translation, direction, changes } = scene.header;
  const minus = scene.signed ? scene.minusName : undefined;
  const about = JSON.stringify({ model, text, translation, direction, changes, minus });
  return `{"about":${about},"counts_from":1,"weights":[\n${jsonRows(columnsOf(scene), tidyRows(scene))}\n]}\n`;
}

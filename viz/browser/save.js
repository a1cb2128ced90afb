// Saving: hand a file to the reader's browser, or a text to the clipboard.

const FREE_AFTER = 10_000; // ms; some browsers begin a download late

/** Download a Blob under a name. */
export function saveFile(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), FREE_AFTER);
}

/** A text as a Blob; CSV begins with a mark that makes spreadsheets read it as UTF-8. */
export function textBlob(text, type) {
  return new Blob([type === "text/csv" ? `\ufeff${text}` : text], { type: `${type};charset=utf-8` });
}

/** A name for a file of a head, in letters that every system takes: `guide-cross-layer2-head6-minus-layer1-head2-lines.svg`. */
export function fileName({ header, selection, maps, minusId }, view, ending) {
  const heads = maps.length > 1 ? "heads" : `head${selection.head + 1}`;
  return joinedName([header.model?.name, selection.kind, `layer${selection.layer + 1}`, heads, minusId && `minus-${minusId}`, view], ending);
}

/** A name for a file that is of no one head: `guide-beam.svg`. */
export function modelFileName({ model }, what, ending) {
  return joinedName([model?.name, what], ending);
}

function joinedName(parts, ending) {
  const plain = (part) => String(part).replace(/[^\w-]+/gu, "_").replace(/^_+/u, "");
  return `${parts.filter(Boolean).map(plain).join("-")}.${ending}`;
}

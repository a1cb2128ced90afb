// The selected head in the page's address: ?kind=encoder&layer=2&head=6, counted from 1 as on the screen.

/** The head the address names, counted from 0, or null where it names none that exists. */
export function readAddress(kinds) {
  const query = new URLSearchParams(window.location.search);
  const found = { kind: query.get("kind"), layer: index(query.get("layer")), head: index(query.get("head")) };
  return validSelection(found, kinds);
}

function index(text) {
  return /^\d{1,4}$/.test(text ?? "") ? Number(text) - 1 : -1;
}

/** The selection {kind, layer, head} if such a head exists, else null. */
export function validSelection(selection, kinds) {
  const kind = kinds.find((each) => each.id === selection?.kind);
  const inside = (number, count) => Number.isInteger(number) && number >= 0 && number < count;
  if (!kind || !inside(selection.layer, kind.layers) || !inside(selection.head, kind.heads)) return null;
  return { kind: kind.id, layer: selection.layer, head: selection.head };
}

/** Write the head into the address without a page load; every other parameter and the hash stay. */
export function writeAddress(selection) {
  const url = new URL(window.location.href);
  url.searchParams.set("kind", selection.kind);
  url.searchParams.set("layer", selection.layer + 1);
  url.searchParams.set("head", selection.head + 1);
  try {
    window.history.replaceState(window.history.state, "", url);
  } catch {
    // Some hosts (sandboxed frames, opaque origins) own their address; the picture works without it.
  }
}

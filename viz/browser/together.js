// The heads that are shown together: of one kind of attention, and a set of each kind waits until the reader is back.
import { kindName } from "./overview.js";
import { sayNote } from "./say.js";

/** Go to another kind of attention: the heads shown together wait in theirs, and those of this one come back. */
export function changeKind(atlas, kind, adding) {
  const { state, sets, words } = atlas;
  const left = state.selection.kind;
  sets.set(left, { more: state.more, share: state.share });
  const count = state.more.length + 1;
  if (adding && count > 1) sayNote(atlas.note, [words("set_waits", { count, kind: kindName(left, words, "title") })], words);
  const { more, share } = sets.get(kind) ?? { more: [], share: 1 };
  Object.assign(state, { more, share, cell: null, pinned: { queries: new Set(), keys: new Set() } });
}

/** Add a head to those that are shown together, or take it away; one always stays. */
export function toggle(state, { layer, head }) {
  const same = (each) => each.layer === layer && each.head === head;
  if (same(state.selection)) {
    const [next, ...rest] = state.more;
    if (next) Object.assign(state, { selection: { kind: state.selection.kind, layer: next.layer, head: next.head }, share: next.share, more: rest });
  } else {
    state.more = state.more.some(same) ? state.more.filter((each) => !same(each)) : [...state.more, { layer, head, share: 1 }];
  }
}

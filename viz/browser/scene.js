// The scene: everything a view needs to draw the heads that are chosen, with the reading aids in use.
import { differenceMatrix, groupLabels, groupMatrix, groupOfPosition, groupPositions, meanMatrix } from "./aids.js";
import { legibleCount } from "./links.js";
import { weightsOf } from "./weights.js";

const PLAIN = { merge: false, hide: false };

/**
 * Build the scene of the chosen heads.
 *
 * `atlas` is {state, header, kinds, axes, weights, reference, words, theme, room, narrow}; `axes` maps a kind's id to its
 * {queries, keys, writes} labels. Views that show single numbers of the pass ask for it without `aids`.
 */
export function sceneOf(atlas, aids = true) {
  const { state } = atlas;
  const kind = atlas.kinds.find((each) => each.id === state.selection.kind);
  const drawn = memo(atlas, kind, aids);
  const local = (side, position) => (position === null ? null : drawn.places[side][position] ?? -1);
  const cell = state.cell && { query: local("queries", state.cell.query), key: local("keys", state.cell.key) };
  const shown = (side) => new Set([...state.pinned[side]].map((position) => local(side, position)).filter((place) => place >= 0));
  const gone = cell && ((cell.query === null || cell.query < 0) && (cell.key === null || cell.key < 0));
  return {
    ...drawn,
    words: atlas.words,
    theme: atlas.theme,
    room: atlas.room,
    narrow: atlas.narrow,
    kind,
    kinds: atlas.kinds,
    weights: atlas.weights,
    header: atlas.header,
    selection: state.selection,
    strongest: { count: state.count ?? legibleCount(drawn), threshold: state.threshold },
    scale: state.scale,
    step: state.step,
    temperature: state.temperature,
    beam: state.beam,
    cell: gone ? null : cell,
    pinned: { queries: shown("queries"), keys: shown("keys") },
  };
}

/** The part of the scene that does not change while the reader points: kept until something else changes. */
function memo(atlas, kind, aids) {
  const { state } = atlas;
  const { selection, more, share, mean, merge, hide, minus } = state;
  const name = JSON.stringify([selection, more, share, mean, merge, hide, minus, aids]);
  if (atlas.drawn?.name !== name || atlas.drawn.version !== atlas.version) {
    atlas.drawn = { name, version: atlas.version, part: draw(atlas, kind, aids) };
  }
  return atlas.drawn.part;
}

function draw(atlas, kind, aids) {
  const { state } = atlas;
  const axes = atlas.axes.get(kind.id);
  const choice = aids ? state : PLAIN;
  const rowGroups = groupPositions(axes.queries, choice);
  const columnGroups = groupPositions(axes.keys, choice);
  const plain = !choice.merge && !choice.hide;
  const reduce = (matrix) => (plain ? matrix : { ...groupMatrix(matrix, rowGroups, columnGroups, choice.hide), exact: matrix.exact });
  const heads = chosenHeads(state, kind, aids);
  const full = heads.map(({ layer, head }) => weightsOf(atlas.weights, kind, layer, head));
  const other = aids ? subtrahend(atlas, kind) : null;
  const needed = other?.place ? [...heads, other.place] : heads;
  const exact = needed.every(({ layer, head }) => weightsOf(atlas.weights, kind, layer, head).exact);
  let matrices = full.map(reduce);
  if (other) matrices = matrices.map((matrix, i) => differenceMatrix(matrix, reduce(subtrahend(atlas, kind, heads[i]).matrix)));
  const named = heads.map((head, i) => ({ ...head, color: headColor(atlas.theme, heads, i), name: headName(head, atlas.words), off: isOff(atlas.header, kind.id, head), values: matrices[i].values }));
  const averaged = aids && state.mean && heads.length > 1;
  const maps = averaged
    ? [{ ...named[0], off: named.every(({ off }) => off), name: atlas.words("mean_of", { count: heads.length }), values: meanMatrix(matrices, heads.map((head) => head.share)).values }]
    : named;
  return {
    queries: plain ? axes.queries : groupLabels(axes.queries, rowGroups),
    keys: plain ? axes.keys : groupLabels(axes.keys, columnGroups),
    writes: plain ? axes.writes : axes.writes && rowGroups.map((group) => axes.writes[group.at(-1)]),
    groups: { queries: rowGroups, keys: columnGroups },
    places: { queries: groupOfPosition(rowGroups, axes.queries.length), keys: groupOfPosition(columnGroups, axes.keys.length) },
    rows: rowGroups.length,
    columns: columnGroups.length,
    heads: named,
    needed,
    averaged,
    maps,
    exact,
    signed: Boolean(other),
    minusName: other?.name ?? "",
    minusId: other?.id ?? "",
  };
}

/** The heads that are shown together: the selected one first, each {layer, head, share}. */
export function chosenHeads(state, kind, several = true) {
  const { layer, head } = state.selection;
  const rest = several
    ? state.more.filter((each) => each.layer < kind.layers && each.head < kind.heads && (each.layer !== layer || each.head !== head))
    : [];
  return [{ layer, head, share: state.share }, ...rest];
}

/**
 * What is taken away from a head: another head, or the same before the changes or in the other text; null for nothing.
 *
 * Returns {matrix, name, id, place}: `id` names it in files, `place` is {layer, head} where it is one of this message.
 */
export function subtrahend(atlas, kind, { layer: own, head: at } = atlas.state.selection) {
  const { minus } = atlas.state;
  if (minus === "before") {
    const before = atlas.reference?.kinds.find((each) => each.id === kind.id);
    const alike = before && before.layers > own && before.heads > at
      && before.queryAxis.tokens.length === kind.queryAxis.tokens.length && before.keyAxis.tokens.length === kind.keyAxis.tokens.length;
    if (!alike) return null;
    const id = atlas.header.reference_name === "other" ? "other-text" : "unchanged";
    return { matrix: weightsOf(atlas.reference.weights, before, own, at), name: referenceName(atlas), id, place: null };
  }
  const [layer, head] = minus.split(".").map((text) => Number(text) - 1);
  if (!(layer >= 0 && layer < kind.layers && head >= 0 && head < kind.heads)) return null;
  const id = `layer${layer + 1}-head${head + 1}`;
  return { matrix: weightsOf(atlas.weights, kind, layer, head), name: headName({ layer, head }, atlas.words), id, place: { layer, head } };
}

/** Whether a head is switched off in what a message is of. */
export function isOff({ changes = [] }, kind, { layer, head }) {
  return changes.some((change) => change.type === "head" && change.how === "off" && change.kind === kind && change.layer === layer && change.head === head);
}

/** What the other message is: of the unchanged model, or of the text beside it. */
export function referenceName({ header, words }) {
  return words(header.reference_name === "other" ? "in_other_text" : "before_changes");
}

/** What a head is called where its kind is known. */
export function headName({ layer, head }, words) {
  return words("head_tip", { layer: layer + 1, head: head + 1 });
}

/** Head i has colour i; of two heads that would share one, the later takes the next free one. */
function headColor(theme, heads, which) {
  const taken = new Set();
  let color = 0;
  for (const { head } of heads.slice(0, which + 1)) {
    color = head % theme.heads.length;
    for (let tries = 0; taken.has(color) && tries < theme.heads.length; tries++) color = (color + 1) % theme.heads.length;
    taken.add(color);
  }
  return theme.heads[color];
}

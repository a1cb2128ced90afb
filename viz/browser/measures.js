// Measures of heads: the facts of the message, and the importance that a scan finds; they sort and filter the overview.

/** The value of the chosen measure for a head; null where it has none. */
export function measureOf(atlas, kind, layer, head) {
  const { measure } = atlas.state;
  if (measure === "importance") {
    const found = atlas.importance?.get(`${kind.id}.${layer}`)?.[head];
    return found === undefined ? null : -found; // what is lost without the head
  }
  const facts = atlas.header.facts?.[kind.id];
  const column = facts ? facts.names.indexOf(measure) : -1;
  return column < 0 ? null : facts.values[layer * kind.heads + head][column];
}

/** All measures that some kind has, in the order of the first that names them. */
export function measureNames(atlas) {
  const named = Object.values(atlas.header.facts ?? {}).flatMap((facts) => facts.names);
  return [...new Set(named), ...(atlas.actions.offers("importance") ? ["importance"] : [])];
}

/** The smallest and the largest value of the chosen measure over all heads; null where none has it. */
export function measureLimits(atlas) {
  const values = atlas.kinds.flatMap((kind) => Array.from({ length: kind.layers * kind.heads }, (_, i) =>
    measureOf(atlas, kind, Math.floor(i / kind.heads), i % kind.heads))).filter((value) => value !== null && value !== undefined);
  return values.length ? { low: Math.min(0, ...values), high: Math.max(...values) } : null;
}

/**
 * Scan the importance of every head, a layer at a time; `progress(done, of)` is called after each, and a scan ends early
 * when `scan.cancelled` is set.
 */
export async function scanImportance(atlas, scan, progress) {
  const layers = atlas.kinds.flatMap((kind) => Array.from({ length: kind.layers }, (_, layer) => ({ kind: kind.id, layer })));
  const { version } = atlas;
  atlas.importance = new Map();
  for (const [done, { kind, layer }] of layers.entries()) {
    progress(done, layers.length);
    const reply = await atlas.actions.ask({ what: "importance", kind, layer });
    if (scan.cancelled || atlas.version !== version) return false;
    atlas.importance.set(`${kind}.${layer}`, reply.arrays.change);
  }
  progress(layers.length, layers.length);
  return true;
}

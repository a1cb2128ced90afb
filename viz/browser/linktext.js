// Lines in words: what a link says, and what each token attends to.
import { insertRanked } from "./links.js";
import { DECIMALS, NO_NUMBER, formatNumber } from "./numbers.js";

const PARTNERS = 3; // named of each token

/** A value in two decimals, or a sign that it is not known exactly. */
export function shortNumber({ exact }, value) {
  return exact ? formatNumber(value, DECIMALS.cell) : NO_NUMBER;
}

/** One link {map, query, key, value} as a sentence; names its head where several are drawn. */
export function readLink(scene, { map, query, key, value }, number) {
  const { words, maps, signed } = scene;
  const values = { query: scene.queries[query].text, key: scene.keys[key].text, weight: number, head: map.name };
  if (signed) return maps.length > 1 ? words("difference_of_head", values) : words("difference_link", values);
  return maps.length > 1 ? words("link_of_head", values) : words("link", values);
}

/** One link as a sentence, and what its query goes on to write. */
export function readLinkInFull(scene, link, number) {
  const read = readLink(scene, link, number);
  const writes = scene.writes?.[link.query];
  return writes ? `${read} · ${scene.words("writes", { token: writes.text })}` : read;
}

/** The name of a token with its strongest partners: what a query attends to, or what attends to a key. */
export function partnersOf(scene, role, index) {
  const { words, columns, rows, maps } = scene;
  const [own, others, count] = role === "query"
    ? [scene.queries, scene.keys, columns]
    : [scene.keys, scene.queries, rows];
  const best = [];
  for (const map of maps) {
    for (let other = 0; other < count; other++) {
      const value = map.values[role === "query" ? index * columns + other : other * columns + index];
      const size = Math.abs(value);
      if (size > (best[PARTNERS - 1]?.size ?? 0)) insertRanked(best, { map, other, value, size }, PARTNERS);
    }
  }
  const partners = best.map(({ map, other, value }) => {
    const values = { token: others[other].text, weight: shortNumber(scene, value), head: map.name };
    return maps.length > 1 ? words("partner_of_head", values) : words("partner", values);
  }).join(", ");
  const token = own[index].text;
  if (!partners) return words("no_partners", { token });
  return role === "query" ? words("query_partners", { token, partners }) : words("key_partners", { token, partners });
}

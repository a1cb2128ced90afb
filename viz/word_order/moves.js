// Orders: what one move makes of them.

/** Take what stands at one place, and put it in at another. */
export function taken(order, from, to) {
  const rest = order.toSpliced(from, 1);
  return rest.toSpliced(to, 0, order[from]);
}

/** Swap what stands at two places. */
export function swapped(order, first, second) {
  return order.with(first, order[second]).with(second, order[first]);
}

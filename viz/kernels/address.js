// Choices that the browser makes alone, in the page's address: a link restores them, and no script runs again.

/** A choice of the address as a text, or null. */
export function fromAddress(name) {
  return new URLSearchParams(window.location.search).get(name);
}

/** Write choices into the address; null takes one out. */
export function intoAddress(choices) {
  const address = new URL(window.location.href);
  for (const [name, value] of Object.entries(choices)) {
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  window.history.replaceState(window.history.state, "", address);
}

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
  replaceAddress(address);
}

/** Take a URL for the page's address, without a page load. */
export function replaceAddress(url) {
  if (url.href === window.location.href) return;
  try {
    window.history.replaceState(window.history.state, "", url);
  } catch {
    // Some hosts (sandboxed frames, opaque origins) own their address; the picture works without it.
  }
}

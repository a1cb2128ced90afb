// The smoother's choices in the page's address, and in this document: the app's menu leads to addresses without them.
import { fromAddress, intoAddress } from "../browser/address.js";

const CHOICES = ["query", "smoother", "bandwidth", "degree"];

/** What the address or else this document says of the choices, as texts: what neither says is missing. */
export function keptChoices() {
  const given = Object.fromEntries(CHOICES.map((name) => [name, fromAddress(name)]).filter(([, value]) => value !== null));
  const before = window.atlasSmoother ?? {};
  return ["query", "smoother", "bandwidth"].some((name) => name in given) ? given : { ...before, ...given };
}

/** Keep choices (a text or a number, or null where it is what is shown at first). */
export function keepChoices(choices) {
  window.atlasSmoother = Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== null));
  intoAddress(choices);
}

/** Call `keep` when the server has written an address of this page, as long as an element stands on it. */
export function keepThrough(element, keep) {
  const path = window.location.pathname;
  const moved = ({ navigationType }) => {
    if (!element.isConnected) window.navigation.removeEventListener("currententrychange", moved);
    else if (navigationType !== "traverse" && window.location.pathname === path) keep();
  };
  window.navigation?.addEventListener("currententrychange", moved);
}

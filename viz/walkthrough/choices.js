// What the reader chose in the pictures of a leaf, in the page's address: `picture=1k2x3_4.2.3.1`, a mark of the leaf and
// its sentence, then a group of numbers a picture, counted from 1. What is open at first is not written there.
import { fromAddress, intoAddress } from "../browser/address.js";

const NAME = "picture";
const NUMBERS = /^\d{1,4}(\.\d{1,4})*$/;

/** The choices of one leaf after the other. */
export function createChoices() {
  let leaf = "", kept = new Map(), given = [];
  const text = () => {
    const groups = [...kept.values()].map(({ state, form, first }) => { const now = write(form, state); return now === first ? "" : now; });
    const chosen = groups.join("_").replace(/_+$/, "");
    return chosen && `${leaf}_${chosen}`;
  };
  return {
    text,
    /** Go on with the leaf of this name; another one begins as the address says, if that speaks of it. */
    turn(name) {
      const mark = markOf(name);
      if (mark === leaf) return;
      const [said, ...groups] = (fromAddress(NAME) ?? "").split("_");
      [leaf, kept, given] = [mark, new Map(), said === mark ? groups : []];
    },
    /** The state of a picture: fresh, or as given; a form is {write(state) -> numbers, read(numbers) -> changes or null}. */
    remember(name, fresh, form) {
      if (!kept.has(name)) {
        const state = fresh();
        const [first, group] = [write(form, state), given[kept.size] ?? ""];
        if (NUMBERS.test(group)) Object.assign(state, form.read(group.split(".").map((each) => Number(each) - 1)));
        kept.set(name, { state, form, first });
      }
      return kept.get(name).state;
    },
    /** Write what is chosen into the address, which the page's other parts write too. */
    keep() {
      const now = text() || null;
      if (now !== fromAddress(NAME)) intoAddress({ [NAME]: now });
    },
  };
}

/** A short mark of a text: FNV-1a, 32 bits. */
function markOf(text) {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  return (hash >>> 0).toString(36);
}

function write(form, state) {
  return form.write(state).map((each) => each + 1).join(".");
}

/** The form of a state {step}, one of so many. */
export function stepForm(count) {
  return { write: ({ step }) => [step], read: ([step]) => (within(step, count) ? { step } : null) };
}

/** Whether a place is one of so many. */
export function within(place, count) {
  return place >= 0 && place < count;
}

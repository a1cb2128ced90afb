// What the reader chose in the pictures of a leaf, in the page's address: `picture=4.2.3.1`, numbers counted from 1, a
// group a picture, joined by `_`. What is open at first is not written there. It is of this leaf and this sentence.
import { fromAddress, intoAddress } from "../browser/address.js";

const NAME = "picture";
const NUMBERS = /^\d{1,4}(\.\d{1,4})*$/;

/** The choices of one leaf after the other. */
export function createChoices() {
  let leaf, kept = new Map(), given = [], seen;
  const groups = () => [...kept.values()].map(({ state, form, first }) => { const now = write(form, state); return now === first ? "" : now; });
  return {
    /** Go on with this leaf; on another one, begin with what the address says, unless that is left from the one before. */
    turn(name) {
      if (name === leaf) return;
      const said = fromAddress(NAME);
      const left = leaf !== undefined && said === seen;
      if (left && said !== null) intoAddress({ [NAME]: null });
      [leaf, kept, given, seen] = [name, new Map(), left ? [] : (said ?? "").split("_"), left ? null : said];
    },
    /** The state of a picture: fresh, or as the address says; a form is {write(state) -> numbers, read(numbers) -> changes or null}. */
    remember(name, fresh, form) {
      if (!kept.has(name)) {
        const state = fresh();
        const [first, group] = [write(form, state), given[kept.size] ?? ""];
        if (NUMBERS.test(group)) Object.assign(state, form.read(group.split(".").map((each) => Number(each) - 1)));
        kept.set(name, { state, form, first });
      }
      return kept.get(name).state;
    },
    /** Write what has been chosen into the address. */
    keep() {
      const text = groups().join("_").replace(/_+$/, "") || null;
      if (text === seen) return;
      seen = text;
      intoAddress({ [NAME]: text });
    },
  };
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

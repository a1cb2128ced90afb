// Host: a self-contained page; #payload and #replies hold what viz/browser/html.py packed. Nothing else is to be had.
import { showForeword } from "./foreword.js";
import { render } from "./render.js";
import { decodePayload } from "./payload.js";
import { decodeReply, requestKey } from "./reply.js";
import { make, translator } from "./text.js";
import { scanHeads } from "./tools.js";

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text); // browsers since 2025
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = packed.charCodeAt(i);
  return bytes;
}

/** The bytes that an element of the page holds: base64 of deflated bytes, 16-bit codes as two planes. */
async function unpack(element) {
  const bytes = fromBase64(element.textContent);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const message = new Uint8Array(await new Response(stream).arrayBuffer());
  for (const [start, end] of JSON.parse(element.dataset.planes)) joinPlanes(message.subarray(start, end));
  return message;
}

/** High bytes, then low bytes: back to little-endian pairs, in place. */
function joinPlanes(bytes) {
  const planes = bytes.slice();
  const half = planes.length / 2;
  for (let i = 0; i < half; i++) {
    bytes[2 * i] = planes[half + i];
    bytes[2 * i + 1] = planes[i];
  }
}

async function showPage() {
  const root = document.getElementById("atlas");
  if (!("DecompressionStream" in window)) {
    root.append(make("p", "problem", translator({}, STRINGS)("old_browser")));
    return;
  }
  const [payload, packed] = await Promise.all(["payload", "replies"].map((id) => unpack(document.getElementById(id))));
  const replies = decodeReply(packed).arrays;
  const words = translator(decodePayload(payload).header.strings, STRINGS);
  const ask = async (request) => {
    const key = requestKey(request);
    if (!Object.hasOwn(replies, key)) throw new Error(words("not_in_file"));
    return decodeReply(replies[key]);
  };
  const { atlas } = render(root, payload, { ask });
  showForeword(document.getElementById("foreword"), atlas);
  if (atlas.state.measure === "importance") scanHeads(atlas.tools); // all that was found of it is in the file
}

showPage();

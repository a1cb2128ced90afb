// Host: a self-contained page; #payload and #replies hold base64 texts. What is not among the replies is not to be had.
import { render } from "./render.js";
import { decodePayload } from "./payload.js";
import { decodeReply, requestKey } from "./reply.js";
import { translator } from "./text.js";

function embedded(id) {
  return Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (char) => char.charCodeAt(0));
}

function showPage() {
  const payload = embedded("payload");
  const replies = decodeReply(embedded("replies")).arrays;
  const words = translator(decodePayload(payload).header.strings, STRINGS);
  const ask = async (request) => {
    const key = requestKey(request);
    if (!Object.hasOwn(replies, key)) throw new Error(words("not_in_file"));
    return decodeReply(replies[key]);
  };
  render(document.getElementById("atlas"), payload, { ask });
}

showPage();

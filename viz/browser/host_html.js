// Host: a self-contained page; the payload is the base64 text of the element #payload.
import { render } from "./render.js";

const payloadText = document.getElementById("payload").textContent.trim();
render(document.getElementById("atlas"), Uint8Array.from(atob(payloadText), (char) => char.charCodeAt(0)), null);

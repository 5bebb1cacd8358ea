// The session token, in the very format of Stagedoor's src/token/session.rs: either side opens the other's.
// The HMAC is WebCrypto's, where Stagedoor's is compiled to wasm.
import { base64url } from "jose";
import { equal } from "./bytes.mjs";
import { Denial, Fault } from "./reply.mjs";

const VERSION = 3;
/** In the byte of the lock: the viewer has a plan that the offer asks for, and what it sells. */
const PLAN = 32;
const ENTITLED = 64;
/** The age of a viewer whose token names none. */
const AGELESS = 255;
const BODY = 59;
const MAC = 16;
/** `sessions.grace_s` of a site that does not say otherwise. */
const GRACE_S = 120;
const TOKEN = ((BODY + MAC) * 4) / 3;

export async function mintSession({ keys }, site, title, offer, viewer, expiresAt, endsAt) {
  const [key] = keys;
  if (key?.alg !== "HS256") throw new Fault("document_invalid", "no HS256 session key in front");
  const token = new Uint8Array(BODY + MAC);
  token[0] = VERSION;
  token.set(key.tag, 1);
  // The rights have let the viewer in with every rule enforced, so that all of them were met.
  token[2] = PLAN | ENTITLED;
  token[3] = AGELESS;
  const view = new DataView(token.buffer);
  view.setUint32(5, expiresAt);
  view.setUint32(9, endsAt);
  crypto.getRandomValues(token.subarray(13, 21));
  token.set(title.tag, 21);
  token.set(offer.class, 29);
  token.set(viewer.subject, 35);
  token.set(viewer.issuerKey, 47);
  token.set(await mac(key, site, token.subarray(0, BODY)), BODY);
  return base64url.encode(token);
}

export async function openSession(text, { keys }, site, title, now) {
  const token = decode(text);
  const body = token.subarray(0, BODY);
  const named = token.subarray(1, 2);
  const candidates = keys.filter((key) => key.alg === "HS256" && equal(key.tag, named));
  let genuine = false;
  for (const key of candidates) {
    genuine ||= crypto.subtle.timingSafeEqual(await mac(key, site, body), token.subarray(BODY));
  }
  if (!genuine) throw new Denial("session_signature", "no session key of the site made this token");
  const view = new DataView(token.buffer, token.byteOffset);
  const dead = Math.min(view.getUint32(5) + GRACE_S, view.getUint32(9));
  if (now >= dead) throw new Denial("session_expired", `the session ended ${now - dead} s ago`);
  if (!equal(token.subarray(21, 29), title.tag)) {
    throw new Denial("session_title", `the session is not for \`${title.id}\``);
  }
  return { class: token.subarray(29, 33), hasPlan: (token[2] & PLAN) !== 0 };
}

function decode(text) {
  const malformed = (detail) => new Denial("session_malformed", detail);
  if (text.length !== TOKEN) throw malformed(`expected ${TOKEN} characters, found ${text.length}`);
  let token;
  try {
    token = base64url.decode(text);
  } catch {
    throw malformed("expected base64url");
  }
  if (token.length !== BODY + MAC || (token[0] & 15) !== VERSION) throw malformed(`expected version ${VERSION}`);
  return token;
}

async function mac({ key }, { macPrefix }, body) {
  const message = new Uint8Array(macPrefix.length + BODY);
  message.set(macPrefix);
  message.set(body, macPrefix.length);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message), 0, MAC);
}

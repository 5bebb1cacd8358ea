// Gets viewer tokens, and reads the public parts of tokens.
import { post } from "./server.js";

/** Gets a token from the demo's identity provider. Null for a viewer without a token. */
export async function viewerToken({ title, plan, kind, algorithm }) {
  if (kind === "none") return null;
  const { ok, body } = await post("/token", { title, plan, kind, algorithm });
  if (!ok) throw new Error(body.detail);
  return body.token;
}

/** The header and the claims of a JSON Web Token. */
export function decode(token) {
  const [header, claims] = token.split(".").slice(0, 2).map((part) => JSON.parse(new TextDecoder().decode(bytes(part))));
  return { header, claims };
}

/**
 * The end of a session in milliseconds, or null. Players should treat session tokens as opaque. The demo reads the clear part
 * of version 3, whose layout is in src/token/session.rs.
 */
export function sessionEnd(url) {
  const token = sessionOf(url);
  if (!token) return null;
  const view = new DataView(bytes(token).buffer);
  return view.byteLength === 75 && (view.getUint8(0) & 15) === 3 ? view.getUint32(9) * 1000 : null;
}

/** The session token of a URL: the one in its query, else the one in a path such as /~AYQJ…/harbour/360p/index.m3u8. */
export function sessionOf({ pathname, searchParams }) {
  return searchParams.get("sd_session") ?? /^\/(?:~|%7E)([^/]+)\//i.exec(pathname)?.[1] ?? null;
}

function bytes(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

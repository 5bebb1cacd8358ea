// Tokens, as far as a page can read them.

/** Asks the demo's identity provider. Null when the viewer is to have none. */
export async function viewerToken({ title, plan, kind, algorithm }) {
  if (kind === "none") return null;
  const response = await fetch("/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title, plan, kind, algorithm }),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body.token;
}

/** The header and the claims of a JSON Web Token. */
export function decode(token) {
  const [header, claims] = token.split(".").slice(0, 2).map((part) => JSON.parse(new TextDecoder().decode(bytes(part))));
  return { header, claims };
}

/**
 * When a session ends, in milliseconds, or null. A session token tells nothing to players; this reads the clear
 * part of version 3 as src/token/session.rs lays it out, for the sake of the demonstration.
 */
export function sessionEnd(url) {
  const token = sessionOf(url);
  if (!token) return null;
  const view = new DataView(bytes(token).buffer);
  return view.byteLength === 75 && (view.getUint8(0) & 15) === 3 ? view.getUint32(9) * 1000 : null;
}

/** The session token that counts in a URL: that in its query, else that in a path such as /~AYQJ…/harbour/360p/index.m3u8. */
export function sessionOf({ pathname, searchParams }) {
  return searchParams.get("sd_session") ?? /^\/(?:~|%7E)([^/]+)\//i.exec(pathname)?.[1] ?? null;
}

function bytes(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

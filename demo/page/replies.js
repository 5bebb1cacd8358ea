// What a playback tells of a reply.

/** The `Age` of a reply in seconds, or null. @param {string | null | undefined} text the header */
export function ageOf(text) {
  return /^\d+$/.test(text ?? "") ? Number(text) : null;
}

/** The SHA-256 of a media file; null for a text. The bytes are copied at once. @returns {Promise<string> | null} */
export function digestOf(body) {
  if (!(body instanceof ArrayBuffer)) return null;
  return crypto.subtle.digest("SHA-256", body).then((digest) => [...new Uint8Array(digest)].join(" "));
}

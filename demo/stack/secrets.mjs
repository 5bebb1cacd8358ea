// What is made at random at the first start, and kept in the state folder for the next.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { exportJWK, generateKeyPair } from "jose";

/**
 * @typedef {object} Secrets
 * @property {string} sync signs what the origin sends to the edge
 * @property {string} explain signs what the `stagedoor` command asks the edge to explain
 * @property {object[]} issuer the identity provider's own keys, as private JWKs: HS256 and ES256
 * @property {object[]} session the keys that the edge signs session tokens with
 */

/** Reads the secrets of a state folder, or makes them. @returns {Promise<Secrets>} */
export async function loadSecrets(file) {
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  if (kept.explain) return kept;
  const secrets = {
    sync: sharedSecret(),
    explain: sharedSecret(),
    issuer: [symmetricKey("demo-hs256"), await ellipticKey("demo-es256")],
    session: [symmetricKey("session-1")],
    ...kept,
  };
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}

/** A key that fits another one's id and algorithm, and is not it: what a forger would use. */
export async function forgedKey({ kid, alg }) {
  return alg === "HS256" ? symmetricKey(kid) : ellipticKey(kid);
}

/** What others may know of a key: for an elliptic one, all but its private part. */
export function verifyingKey({ d: _private, ...key }) {
  return key;
}

const sharedSecret = () => randomBytes(32).toString("hex");

function symmetricKey(kid) {
  return { kty: "oct", kid, alg: "HS256", k: randomBytes(32).toString("base64url") };
}

async function ellipticKey(kid) {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { kid, alg: "ES256", ...(await exportJWK(privateKey)) };
}

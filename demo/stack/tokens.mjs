// The demo's identity provider: it mints viewer tokens, good ones and, on request, bad ones.
import { SignJWT, importJWK } from "jose";
import { AUDIENCE, ISSUER } from "./catalogue.mjs";
import { forgedKey } from "./secrets.mjs";

export const ALGORITHMS = ["HS256", "ES256"];

/** Kinds of token, each with the seconds from now until it expires. A short one expires before the sample film has ended. */
export const KINDS = { fresh: 3_600, short: 20, expired: -60, forged: 3_600 };

/** A wish that cannot be met. */
export class TokenRequestError extends Error {}

/**
 * @param {import("./secrets.mjs").Secrets} secrets
 * @param {{title: string, plan?: string, kind?: keyof typeof KINDS, algorithm?: string, subject?: string}} wish
 */
export async function mint(secrets, { title, plan, kind = "fresh", algorithm = "HS256", subject = "demo-viewer" }, now = Date.now()) {
  if (typeof title !== "string") throw new TokenRequestError("expected a title");
  if (!Object.hasOwn(KINDS, kind)) throw new TokenRequestError(`expected a kind among ${Object.keys(KINDS).join(", ")}`);
  const own = secrets.issuer.find((key) => key.alg === algorithm);
  if (!own) throw new TokenRequestError(`expected an algorithm among ${ALGORITHMS.join(", ")}`);
  const issuedAt = Math.floor(now / 1000);
  const expiresAt = issuedAt + KINDS[kind];
  const key = kind === "forged" ? await forgedKey(own) : own;
  const claims = { titles: [title], ...(plan ? { plan } : {}) };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, typ: "JWT", kid: key.kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(subject)
    .setIssuedAt(Math.min(issuedAt, expiresAt))
    .setExpirationTime(expiresAt)
    .sign(await importJWK(key));
  return { token };
}

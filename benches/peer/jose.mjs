// The peer of tokens.mjs: a Worker that verifies a viewer token with jose, and does nothing else.
//
// It reads no site, decides no rights, opens no session and asks no media origin: what Stagedoor does beyond the
// verification is all on Stagedoor's side of the comparison. `/plain` is the same Worker without the verification.
import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from "jose";

const PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.m4s\n#EXT-X-ENDLIST\n";
const HEADERS = { "Content-Type": "application/vnd.apple.mpegurl", "Cache-Control": "private, no-store" };

/** Imported once: jose's own sets remember imported keys too, but hold no shared secrets. */
let keys;

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/plain") return new Response(PLAYLIST, { headers: HEADERS });
    keys ??= await load(env.CATALOG);
    const token = url.searchParams.get("token");
    try {
      const { iss } = decodeJwt(token);
      await jwtVerify(token, keys, { issuer: iss, audience: "watch", requiredClaims: ["exp"] });
      return new Response(PLAYLIST, { headers: HEADERS });
    } catch (error) {
      return Response.json({ reason: reason(error) }, { status: 401 });
    }
  },
};

async function load(kv) {
  const { keys } = await kv.get("v1/keys/https://id.example.com/", "json");
  const secret = keys.find(({ kty }) => kty === "oct");
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const symmetric = await crypto.subtle.importKey("jwk", secret, hmac, false, ["verify"]);
  const others = createLocalJWKSet({ keys: keys.filter(({ kty }) => kty !== "oct") });
  const known = new Set(keys.map(({ kid }) => kid));
  return (header, token) => {
    if (!known.has(header.kid)) throw new errors.JWKSNoMatchingKey();
    return header.kid === secret.kid && header.alg === secret.alg ? symmetric : others(header, token);
  };
}

function reason(error) {
  if (error instanceof errors.JWTExpired) return "token_expired";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "token_signature";
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === "aud" ? "token_audience" : "token_claims";
  if (error instanceof errors.JWKSNoMatchingKey) return "token_key_unknown";
  return "token_malformed";
}

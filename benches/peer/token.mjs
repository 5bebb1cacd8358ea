// The viewer token, verified by jose and remembered.
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import { hash, utf8 } from "./bytes.mjs";
import { Denial } from "./reply.mjs";

const LONGEST = 8 * 1024;
const MOST = 2_000;

/** Verified tokens by site and token: as many as Stagedoor remembers, and forgotten in the same way. */
const grants = new Map();

/** Finds the token and reads who issued it. Only manifests are entries. */
export function present({ request, url }, wanted, site) {
  if (wanted.kind === "segment") {
    throw new Denial("session_missing", "expected /~{session}/ in front, as the manifest gives it");
  }
  const token = find(request, url, site.tokens.placements ?? [{ query: "token" }, "authorization"]);
  if (!token) throw new Denial("token_missing", "expected a viewer token");
  if (token.length > LONGEST) throw new Denial("token_malformed", `expected ${LONGEST} bytes at most`);
  let issuer;
  try {
    issuer = decodeJwt(token).iss;
  } catch (error) {
    throw new Denial("token_malformed", error.message);
  }
  if (issuer === undefined) throw new Denial("token_claims", "expected the claim `iss`");
  if (!site.tokens.issuers.includes(issuer)) {
    throw new Denial("token_issuer", "the site does not list the issuer");
  }
  return { token, issuer };
}

function find(request, url, placements) {
  for (const placement of placements) {
    const token = placement.query
      ? url.searchParams.get(placement.query)
      : /^bearer +(\S+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
    if (token) return token;
  }
  return undefined;
}

/** What the token proves: from memory, or verified. */
export async function grant({ token, issuer }, keys, site, now) {
  const name = `${site.host}\0${token}`;
  const known = grants.get(name);
  if (known && known.site === site.revision && known.keys === keys.revision) {
    if (now >= known.grant.expiresAt) throw new Denial("token_expired", "expired since it was verified");
    return known.grant;
  }
  const verified = await verify(token, issuer, keys, site, now);
  if (grants.size >= MOST) grants.clear();
  grants.set(name, { grant: verified, site: site.revision, keys: keys.revision });
  return verified;
}

async function verify(token, issuer, { keys }, site, now) {
  const { kid, alg } = header(token);
  // jose's own key sets hold no HS256 keys, so the key is picked here.
  const key = kid === undefined && keys.length === 1 ? keys[0] : keys.find((key) => key.kid === kid);
  if (!key) throw new Denial("token_key_unknown", `the issuer has ${keys.length} keys`);
  if (alg !== key.alg) throw new Denial("token_algorithm", `expected \`alg\` ${key.alg}`);
  const leeway = site.tokens.leeway_s ?? 0;
  let claims;
  try {
    const options = {
      algorithms: [key.alg],
      issuer,
      audience: site.tokens.audience,
      clockTolerance: leeway,
      requiredClaims: ["exp"],
    };
    ({ payload: claims } = await jwtVerify(token, key.key, options));
  } catch (error) {
    throw refusal(error);
  }
  if (claims.iat > now + leeway) throw new Denial("token_not_yet_valid", "`iat` is ahead");
  const plans = claims.plan === undefined ? [] : [claims.plan].flat();
  const titles = claims.titles;
  if (![...plans, ...(titles ?? [])].every((item) => typeof item === "string")) {
    throw new Denial("token_claims", "expected texts in `plan` and `titles`");
  }
  const subject =
    claims.sub === undefined ? new Uint8Array(8) : (await hash(utf8(`${issuer}\0${claims.sub}`))).subarray(0, 8);
  const issuerKey = (await hash(utf8(`${issuer}\0${key.kid}`))).subarray(0, 4);
  return { subject, issuerKey, plans, titles, expiresAt: claims.exp + leeway };
}

function header(token) {
  try {
    return decodeProtectedHeader(token);
  } catch (error) {
    throw new Denial("token_malformed", error.message);
  }
}

function refusal(error) {
  if (error instanceof errors.JWTExpired) return new Denial("token_expired", error.message);
  if (error instanceof errors.JWSSignatureVerificationFailed) return new Denial("token_signature", error.message);
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") return new Denial("token_audience", error.message);
    if (error.claim === "nbf" && error.reason === "check_failed") {
      return new Denial("token_not_yet_valid", error.message);
    }
    return new Denial("token_claims", error.message);
  }
  if (error instanceof errors.JOSEError) return new Denial("token_malformed", error.message);
  return error;
}

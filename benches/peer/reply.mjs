// Refusals and faults as problem+json, and CORS.

const MEANINGS = {
  path_invalid: [400, "The edge does not request this path from the media origin."],
  not_found: [404, "There is nothing at this path."],
  method_not_allowed: [405, "This path does not support the method."],
  site_unknown: [404, "No site has this host name."],
  title_unknown: [404, "The site has no title with this id."],
  token_missing: [401, "The request carries no viewer token."],
  token_malformed: [401, "The viewer token cannot be read."],
  token_issuer: [401, "The site does not accept tokens from this issuer."],
  token_key_unknown: [401, "The issuer has no key with this id."],
  token_algorithm: [401, "The token's algorithm differs from its key's algorithm."],
  token_signature: [401, "The token's signature is wrong."],
  token_claims: [401, "A claim of the token is missing or cannot be read."],
  token_expired: [401, "The viewer token has expired."],
  token_not_yet_valid: [401, "The viewer token is not valid yet."],
  token_audience: [401, "The viewer token is for another audience."],
  token_title: [403, "The viewer token does not cover this title."],
  session_missing: [401, "The URL lacks the session that the URLs of a manifest carry."],
  session_malformed: [401, "The session token cannot be read."],
  session_signature: [401, "The session token's signature is wrong."],
  session_expired: [401, "The session has ended. Enter again with a viewer token."],
  session_title: [403, "The session belongs to another title."],
  geography_unknown: [403, "The viewer's country is unknown, and the site refuses such viewers."],
  territory: [403, "The title is not offered in the viewer's country."],
  window_not_open: [403, "The title is not available yet."],
  window_closed: [403, "The title is no longer available."],
  plan: [403, "The viewer's plan does not include the title."],
  offer_changed: [403, "The offer under which the session was opened has changed. Enter again with a viewer token."],
  no_offer: [403, "The title has no offer."],
  no_variant: [403, "Nothing in the manifest is within the viewer's limits."],
  upstream_unreachable: [502, "The media origin cannot be reached."],
  upstream_timeout: [504, "The media origin did not answer in time."],
  upstream_status: [502, "The media origin answered with an error."],
  media_missing: [404, "The media origin has no such file."],
  manifest_invalid: [502, "The media origin's manifest cannot be read."],
  manifest_too_large: [502, "The media origin's manifest exceeds the size limit."],
  manifest_foreign_uri: [502, "The manifest contains a URI outside its title, which the edge cannot protect."],
  manifest_unsupported: [501, "The edge does not serve this kind of manifest."],
  document_missing: [500, "A document to which another document refers is missing."],
  document_invalid: [500, "A document in KV cannot be read."],
  platform: [500, "The Workers runtime refused an operation."],
};

class Stop extends Error {
  constructor(reason, detail) {
    super(detail);
    this.reason = reason;
  }
}

/** A refusal. */
export class Denial extends Stop {}

/** Something that broke. */
export class Fault extends Stop {}

export function problem(error, method) {
  const reason = error.reason ?? "platform";
  const [status, title] = MEANINGS[reason];
  const denied = error instanceof Denial;
  const type = `urn:stagedoor:${denied ? "denial" : "fault"}:${reason}`;
  const body = JSON.stringify({ type, title, status, detail: denied ? error.message : title, reason });
  const headers = new Headers({ "Content-Type": "application/problem+json", "Cache-Control": "no-store", "Stagedoor-Reason": reason });
  if (status === 401) headers.set("WWW-Authenticate", "Bearer");
  if (status === 405) headers.set("Allow", "GET, HEAD, OPTIONS");
  return new Response(method === "HEAD" ? null : body, { status, headers });
}

/** The headers of every reply: no browser takes it for a page of the site's host, or plays a playlist in a sandbox. */
export function guard(headers) {
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  if (headers.get("Content-Type") !== "application/vnd.apple.mpegurl") {
    headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  }
}

export function cors(headers, site, request) {
  guard(headers);
  const origins = site?.cors?.origins ?? ["*"];
  const any = origins.includes("*");
  const origin = request.headers.get("Origin");
  const listed = origin !== "*" && origins.includes(origin);
  if (origins.some((listed) => listed !== "*")) headers.set("Vary", "Origin");
  if (!any && !listed) return false;
  headers.set("Access-Control-Allow-Origin", listed ? origin : "*");
  if (listed && origin !== "null") headers.set("Access-Control-Allow-Credentials", "true");
  if (request.method !== "OPTIONS") {
    headers.set("Access-Control-Expose-Headers", "Age, Content-Length, Content-Range, Date, ETag, Retry-After, Stagedoor-Reason");
  }
  return true;
}

export function preflight(site, request) {
  const headers = new Headers();
  if (cors(headers, site, request)) {
    headers.set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
    headers.set(
      "Access-Control-Allow-Headers",
      "Authorization, Range, If-Match, If-None-Match, If-Modified-Since, If-Range, " +
        "CMCD-Request, CMCD-Object, CMCD-Status, CMCD-Session, Stagedoor-Geography",
    );
    headers.set("Access-Control-Max-Age", "86400");
  }
  return new Response(null, { status: 204, headers });
}

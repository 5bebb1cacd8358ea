// Every dialect of viewer token, and every placement, at the built Worker in workerd. The command mints the tokens.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Response } from "miniflare";
import { command, startEdge } from "./harness.mjs";

const ADDRESS = "192.0.2.7";
const oct = (bytes) => ({ kty: "oct", k: Buffer.alloc(bytes, 7).toString("base64url") });
const pair = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: "jwk" });

/** Private keys: the command signs with them, the documents hold their public members. */
const KEYS = {
  oct: oct(64),
  short: oct(14),
  rsa: pair("rsa", { modulusLength: 2048 }),
  p256: pair("ec", { namedCurve: "P-256" }),
  p384: pair("ec", { namedCurve: "P-384" }),
  p521: pair("ec", { namedCurve: "P-521" }),
  ed25519: pair("ed25519"),
};

const jwt = (alg, key) => ({
  name: `JWT with ${alg}`,
  dialect: "jwt",
  key: { ...KEYS[key], alg },
  accept: { jwt: {} },
  issuers: ["keys"],
  claims: { iss: "keys", sub: "viewer-1" },
  present: ({ token }) => ({ headers: { Authorization: `Bearer ${token}` } }),
});

const placed = (name, placement, present) => ({
  ...jwt("HS256", "oct"),
  name: `JWT in ${name}`,
  accept: { jwt: { placements: [placement] } },
  present,
});

const cat = (alg, key) => ({
  name: `CAT with ${alg}`,
  dialect: "cat",
  key: { ...KEYS[key], alg },
  accept: { cat: {} },
  issuers: ["keys"],
  claims: { iss: "keys", catu: { path: { prefix: "/harbour/" } }, catnip: ["192.0.2.0/24"], catm: ["GET", "HEAD"], catgeoiso3166: ["AE"] },
  present: ({ token }) => ({ headers: { "CTA-Common-Access-Token": token } }),
});

const asUrl = ({ url }) => ({ url });
const cookies = ({ cookies }) => ({ headers: { Cookie: cookies.join("; ") } });
const cdn = (name, dialect, key, policy = {}, claims = {}, present = asUrl) => ({
  name,
  dialect,
  key,
  accept: { [dialect.replaceAll("-", "_")]: { keys: "keys", ...policy } },
  claims,
  present,
});

const CASES = [
  ...["HS256", "HS384", "HS512"].map((alg) => jwt(alg, "oct")),
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((alg) => jwt(alg, "rsa")),
  ...[["ES256", "p256"], ["ES384", "p384"], ["ES512", "p521"], ["EdDSA", "ed25519"]].map(([alg, key]) => jwt(alg, key)),
  placed("the query", { query: "jwt" }, ({ token }) => ({ query: `jwt=${token}&_HLS_msn=1` })),
  placed("a cookie", { cookie: "session" }, ({ token }) => ({ headers: { Cookie: `a=b; session="${token}"` } })),
  placed("a header", { header: "X-Token" }, ({ token }) => ({ headers: { "x-token": token } })),
  placed("the path", { path: "before" }, ({ token }) => ({ path: `/${token}/harbour/master.m3u8` })),
  placed("a path parameter", { path: { parameter: "t" } }, ({ token }) => ({ path: `/harbour/master.m3u8;t=${token}` })),
  ...[["HS256", "oct"], ["ES256", "p256"], ["PS256", "rsa"], ["EdDSA", "ed25519"]].map(([alg, key]) => cat(alg, key)),
  {
    ...cat("ES256", "p256"),
    name: "CAT that names no key, behind a key that is on no curve",
    nameless: true,
    others: [{ kty: "EC", kid: "k0", crv: "P-256", alg: "ES256", x: oct(32).k, y: oct(32).k }],
  },
  { ...cat("HS256", "oct"), name: "CAT in a cookie", present: ({ token }) => ({ headers: { Cookie: `CTA-Common-Access-Token=${token}` } }) },
  { ...cat("HS256", "oct"), name: "CAT in the query", present: ({ token }) => ({ query: `CAT=${token}` }) },
  cdn("a signed URI in the query", "uri-signing", { ...KEYS.oct, alg: "HS256" }),
  cdn("a signed URI of ES256", "uri-signing", { ...KEYS.p256, alg: "ES256" }),
  cdn("EdgeAuth for a URL", "edge-auth", KEYS.short),
  cdn("EdgeAuth with SHA-1", "edge-auth", KEYS.short, { algorithm: "sha1" }, { policy: { algorithm: "sha1" } }),
  cdn("EdgeAuth with MD5", "edge-auth", KEYS.short, { algorithm: "md5" }, { policy: { algorithm: "md5" } }),
  cdn("EdgeAuth in a cookie", "edge-auth", KEYS.short, {}, { acl: ["/harbour/*"], ip: ADDRESS }, ({ token }) => ({
    headers: { Cookie: `hdnts=${token}` },
  })),
  cdn("EdgeAuth in a header", "edge-auth", KEYS.short, {}, { acl: ["/harbour/*"] }, ({ token }) => ({ headers: { hdnts: token } })),
  cdn("EdgeAuth re-encoded by a player", "edge-auth", KEYS.short, {}, { acl: ["/harbour/*"] }, ({ token }) => ({
    query: `hdnts=${token.replaceAll("~", "%7E").replaceAll("=", "%3D").replaceAll("/", "%2F")}&_HLS_msn=7`,
  })),
  cdn("Secure Media Delivery", "secure-media", { ...KEYS.oct, alg: "HS256" }, {}, {
    ip: true, co: true, paths: ["/harbour/"], viewer: { ip: ADDRESS, co: "AE" },
  }),
  cdn("Stream", "stream", { ...KEYS.rsa, alg: "RS256" }, {}, {
    accessRules: [{ type: "ip.geoip.country", action: "allow", country: ["AE"] }, { type: "any", action: "block" }],
  }),
  cdn("a timed HMAC", "timed-hmac", KEYS.short, { lifetime_s: 600 }),
  cdn("Media CDN with Ed25519", "media-cdn", { ...KEYS.ed25519, alg: "EdDSA" }),
  cdn("Media CDN with a URL prefix and SHA-1", "media-cdn", { ...KEYS.short, alg: "HS1" }, {}, { url_prefix: "https://HOST/harbour/" }),
  cdn("Media CDN in the path", "media-cdn", { ...KEYS.ed25519, alg: "EdDSA" }, {}, { form: "path", url_prefix: "https://HOST/harbour/" }),
  cdn("Media CDN in a cookie", "media-cdn", { ...KEYS.ed25519, alg: "EdDSA" }, {}, { form: "cookie", url_prefix: "https://HOST/harbour/" }, cookies),
  cdn("a dual token of Media CDN", "media-cdn", { ...KEYS.ed25519, alg: "EdDSA" }, {}, { form: "token", path_globs: "/harbour/*" }),
  cdn("secure_link", "secure-link", KEYS.short, { expression: "{expires}{uri}{address} {secret}" }, {
    policy: { expression: "{expires}{uri}{address} {secret}" }, request: { address: ADDRESS },
  }),
  cdn("CloudFront's canned policy", "cloud-front", KEYS.rsa),
  cdn("CloudFront with SHA-256", "cloud-front", KEYS.rsa, {}, { sha256: true }),
  cdn("CloudFront with ECDSA", "cloud-front", KEYS.p256),
  cdn("CloudFront's cookies", "cloud-front", KEYS.rsa, {}, { resource: "https://HOST/harbour/*", ip: "192.0.2.0/24" }, cookies),
  {
    ...cat("HS256", "oct"),
    name: "CAT for one use, with its renewal",
    replay: {},
    claims: { iss: "keys", cti: "0a", catreplay: 1, catr: { type: 1, expadd: 6000, deadline: 600, "cookie-name": "cat" } },
  },
].map((row, index) => ({ ...row, host: `d${index}.example.com` }));

let edge, folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-"));
  const sessions = { issuer: "sessions", keys: [{ ...oct(32), kid: "s", alg: "HS256" }] };
  const title = { id: "harbour", sites: CASES.map(({ host }) => host), offers: [{ id: "all", territories: { allow: ["*"] } }] };
  const documents = { "v1/keys/sessions": { revision: 1, ...sessions }, "v1/title/harbour": { revision: 1, ...title } };
  for (const { host, accept, issuers = [], key, replay, others = [], nameless } of CASES) {
    // Each case has its own issuer, so no key is shared.
    const own = JSON.parse(JSON.stringify({ accept: [accept], issuers, replay }).replaceAll('"keys"]', `"${host}"]`).replaceAll(':"keys"', `:"${host}"`));
    const { d, p, q, dp, dq, qi, ...verifying } = key;
    documents[`v1/keys/${host}`] = { revision: 1, issuer: host, keys: [...others, { ...verifying, kid: "k1" }] };
    const media = { origin: "https://media.example.com/" };
    documents[`v1/site/${host}`] = { revision: 1, host, media, tokens: own, sessions: { keys: "sessions" } };
    await writeFile(join(folder, `${host}.json`), JSON.stringify(nameless ? key : { ...key, kid: "k1" }));
  }
  edge = await startEdge({ documents, upstream: () => new Response("#EXTM3U\n#EXTINF:4,\na.ts\n") });
});

after(async () => {
  await edge?.stop();
  await rm(folder, { recursive: true });
});

async function mint({ dialect, host, claims }) {
  const said = JSON.stringify({ ...claims, ...(claims.iss && { iss: host }) }).replaceAll("HOST", host);
  const url = `https://${host}/harbour/master.m3u8`;
  const given = ["--dialect", dialect, "--key", join(folder, `${host}.json`), "--url", url, "--claims", said];
  const { stdout } = await promisify(execFile)(command, ["--json", "token", "mint", ...given, "--expires-in", "600"]);
  return JSON.parse(stdout);
}

/** The request of a viewer with the token. */
function request({ host, present }, minted) {
  const { url, path = "/harbour/master.m3u8", query, headers = {} } = present(minted);
  return { url: url ?? `https://${host}${path}${query ? `?${query}` : ""}`, headers };
}

function ask({ url, headers }, { country = "AE", address = ADDRESS } = {}) {
  return edge.fetch(url, { country, headers: { "CF-Connecting-IP": address, ...headers } });
}

/** The same request with one changed character in the signature, its longest run of base64 that may be percent-encoded. */
function forged(wanted) {
  const text = JSON.stringify(wanted);
  const [longest] = [...text.matchAll(/(?:%[0-9A-F]{2}|[\w+-])+/g)].sort((a, b) => b[0].length - a[0].length);
  const letters = [...longest[0].matchAll(/%[0-9A-F]{2}|\w/g)].filter(([letter]) => letter.length === 1);
  const at = longest.index + letters[Math.floor(letters.length / 2)].index;
  const other = text[at] === "a" ? "b" : "a";
  return JSON.parse(text.slice(0, at) + other + text.slice(at + 1));
}

for (const row of CASES) {
  test(`${row.name}: enters, plays, and is refused after a change`, async () => {
    const minted = await mint(row);
    const wanted = request(row, minted);
    const entry = await ask(wanted);
    const body = await entry.text();
    assert.equal(entry.status, 200, `${JSON.stringify(wanted)}: ${body}`);
    const [below] = /\/~[A-Za-z0-9_-]{100}\/harbour\/a\.ts/.exec(body);
    const segment = await ask({ url: `https://${row.host}${below}`, headers: {} });
    await segment.arrayBuffer();
    assert.equal(segment.status, 200, "the session does not play");

    const refused = await ask(forged(wanted));
    const why = await refused.json();
    assert.ok([401, 403, 404].includes(refused.status), JSON.stringify(why));
    assert.ok(!JSON.stringify(why).includes(minted.token ?? "no token"), "the refusal quotes the token");
  });
}

test("a token of one site is refused on another site with the same dialect", async () => {
  const [one, two] = CASES.filter(({ name }) => name.startsWith("JWT with HS"));
  const minted = await mint(one);
  const { headers } = request(one, minted);
  const reply = await ask({ url: `https://${two.host}/harbour/master.m3u8`, headers });
  assert.equal((await reply.json()).reason, "token_issuer");
});

test("one viewer's verified token opens nothing for another", async () => {
  // Verified and remembered, then with another payload, another signature, from another address and country.
  const row = CASES.find(({ name }) => name === "CAT with ES256");
  const minted = await mint(row);
  const wanted = request(row, minted);
  for (let turn = 0; turn < 2; turn++) assert.equal((await ask(wanted)).status, 200);
  assert.equal((await (await ask(wanted, { address: "198.51.100.1" })).json()).reason, "token_address");
  assert.equal((await (await ask(wanted, { country: "GB" })).json()).reason, "token_place");
  const elsewhere = { ...wanted, url: wanted.url.replace("/harbour/", "/other/") };
  assert.equal((await (await ask(elsewhere)).json()).reason, "token_url");
  assert.notEqual((await ask(forged(wanted))).status, 200);
  assert.equal((await ask(wanted)).status, 200);
});

test("a token for one use is renewed with its use, and not by asking for the headers alone", async () => {
  const row = CASES.find(({ replay }) => replay);
  // Another token id than above, which was used.
  const { url, headers } = request(row, await mint({ ...row, claims: { ...row.claims, cti: "0b" } }));
  const head = () => edge.fetch(url, { method: "HEAD", country: "AE", headers });
  const before = await head();
  assert.deepEqual([before.status, before.headers.get("Set-Cookie")], [200, null]);
  const used = await ask({ url, headers });
  assert.equal(used.status, 200, await used.text());
  assert.match(used.headers.get("Set-Cookie"), /^cat=/);
  // Its player may repeat the request, and gets no second token. Nobody else may.
  const again = await ask({ url, headers });
  assert.deepEqual([again.status, again.headers.get("Set-Cookie")], [200, null], await again.text());
  const elsewhere = await ask({ url, headers }, { address: "198.51.100.1" });
  assert.equal((await elsewhere.json()).reason, "token_replayed");
  const after = await head();
  assert.equal(after.headers.get("Set-Cookie"), null, "a spent token was renewed");
});

// Before anything is measured: both sides give equivalent answers, or there is nothing to compare.
import assert from "node:assert/strict";
import { request } from "node:http";
import * as HLS from "hls-parser";
import { parse as parseMpd } from "mpd-parser";
import { HOST, LENGTHS } from "./fixture.mjs";
import { PERIODS } from "./mpds.mjs";

HLS.setOptions({ strictMode: false, silent: true });

/** What both sides are to serve, and what neither can protect. */
const MPDS = ["live", "vod", "absolute", "rooted", "upwards", "base", "location", ...PERIODS.map((count) => `periods-${count}`)];
const REFUSED_MPDS = ["foreign", "foreign-base", "outside", "cut", "page"];

const SESSION = /(?<=~)[A-Za-z0-9_-]{100}/;
const HEADERS = [
  "content-type",
  "content-length",
  "content-range",
  "cache-control",
  "www-authenticate",
  "allow",
  "vary",
  "x-content-type-options",
  "referrer-policy",
  "content-security-policy",
  "stagedoor-reason",
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-methods",
  "access-control-allow-headers",
  "access-control-expose-headers",
  "set-cookie",
];

/** Asks one side, by the address of a viewer in `country`. `fetch` would not let the Host header be set. */
export function ask(side, path, { country = "AE", method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const place = country ? { "CF-Blob": JSON.stringify({ country }) } : {};
    const options = { port: side.port, host: "127.0.0.1", path, method, headers: { Host: HOST, ...place, ...headers } };
    const sent = request(options, async (response) => {
      const chunks = await response.toArray().catch(reject);
      const { statusCode: status, headers, rawHeaders } = response;
      resolve({ status, headers, rawHeaders, body: Buffer.concat(chunks) });
    });
    sent.once("error", reject).end(body);
  });
}

/** A session of a side, through its own entry. */
export async function session(side, token, options) {
  const { status, body } = await ask(side, `/harbour/master.m3u8?token=${token}`, options);
  assert.equal(status, 200, `${side.name} opens no session: ${body}`);
  return String(body).match(SESSION)[0];
}

/** Compares the answers of two sides; throws at the first difference. Returns how many requests were compared. */
export async function assertEquivalent(ours, peer, mint) {
  let count = 0;
  const held = async (path, status, options, ofOurs = path, ofPeer = path) => {
    // Twice: from the media origin, and out of the cache.
    for (let turn = 0; turn < 2; turn++) {
      const [a, b] = await Promise.all([ask(ours, ofOurs, options), ask(peer, ofPeer, options)]);
      compare(`${options?.method ?? "GET"} ${path.replace(/token=[^&]+/, "token=…")}`, path, status, a, b);
    }
    count += 1;
  };
  const viewer = await mint("ES256");
  const entry = (path, token = viewer) => `/harbour/${path}?token=${token}`;

  await held(entry("master.m3u8"), 200);
  await held(entry("master.m3u8", await mint("HS256")), 200);
  await held("/harbour/master.m3u8", 200, { headers: { Authorization: `Bearer ${viewer}` } });
  await held(entry("master.m3u8"), 200, { method: "HEAD" });
  await held(entry("master.m3u8"), 204, { method: "OPTIONS", headers: { Origin: "https://www.example.com" } });
  await held(entry("master.m3u8", await mint("HS256", { plan: "basic" })), 200, { country: "GB" });
  for (const length of LENGTHS) await held(entry(`video/${length}.m3u8`), 200);
  for (const name of ["absolute", "rooted", "upwards"]) await held(entry(`video/${name}.m3u8`), 200);
  for (const name of ["plain", "break"]) await held(entry(`live/${name}.m3u8`), 200);
  for (const name of ["foreign", "outside", "page"]) await held(entry(`video/${name}.m3u8`), 502);
  await held(entry("video/none.m3u8"), 404);
  for (const name of MPDS) await held(entry(`dash/${name}.mpd`), 200);
  for (const name of REFUSED_MPDS) await held(entry(`dash/${name}.mpd`), 502);
  await held(entry("dash/vod.mpd"), 200, { method: "HEAD" });
  await held(entry("dash/none.mpd"), 404);
  const basic = await mint("HS256", { plan: "basic" });
  for (const name of MPDS) await held(entry(`dash/${name}.mpd`, basic), 200, { country: "GB" });

  const sessions = [await session(ours, viewer), await session(peer, viewer)];
  // A session of each side, on both sides: the tokens are of one format.
  for (const token of sessions) {
    const below = (path) => `/~${token}/harbour/${path}`;
    await held(below("master.m3u8"), 200);
    for (const length of LENGTHS) await held(below(`video/${length}.m3u8`), 200);
    for (const name of ["absolute", "rooted", "upwards"]) await held(below(`video/${name}.m3u8`), 200);
    for (const name of ["plain", "break"]) await held(below(`live/${name}.m3u8`), 200);
    for (const name of ["foreign", "outside", "page"]) await held(below(`video/${name}.m3u8`), 502);
    for (const name of MPDS) await held(below(`dash/${name}.mpd`), 200);
    for (const name of REFUSED_MPDS) await held(below(`dash/${name}.mpd`), 502);
    for (const name of ["4k", "200k", "2m"]) await held(below(`video/${name}.m4s`), 200);
    await held(below("video/%34k.m4s"), 200);
    await held(below("video/4k.m4s"), 200, { method: "HEAD" });
    await held(below("video/4k.m4s"), 206, { headers: { Range: "bytes=100-299" } });
    await held(below("video/4k.m4s"), 304, { headers: { "If-None-Match": '"video/4k.m4s"' } });
    await held(below("video/none.m4s"), 404);
    await held(below("video/10.m3u8"), 403, { country: "KP" });
    await held(`/~${token}/quay/video/10.m3u8`, 403);
    await held(`/~${token}/elsewhere/video/10.m3u8`, 403);
    const last = token.at(-1) === "A" ? "B" : "A";
    await held(`/~${token.slice(0, -1)}${last}/harbour/video/10.m3u8`, 401);
    await held(`/~${token.slice(0, -1)}/harbour/video/10.m3u8`, 401);
  }

  const now = Math.floor(Date.now() / 1000);
  const refused = [
    ["HS256", { exp: now - 60 }],
    ["ES256", { nbf: now + 600 }],
    ["ES256", { iat: now + 600 }],
    ["HS256", { aud: "radio" }],
    ["HS256", { iss: "https://other.example/" }],
    ["HS256", { plan: 7 }],
  ];
  for (const [alg, claims] of refused) await held(entry("master.m3u8", await mint(alg, claims)), 401);
  await held(entry("master.m3u8", await mint("HS256", { titles: ["quay"] })), 403);
  const signature = viewer.lastIndexOf(".") + 1;
  const tampered = viewer.slice(0, signature) + (viewer[signature] === "A" ? "B" : "A") + viewer.slice(signature + 1);
  await held(entry("master.m3u8", tampered), 401);
  await held(entry("master.m3u8", "abc"), 401);
  await held("/harbour/master.m3u8", 401);
  await held("/harbour/video/4k.m4s", 401);
  await held(entry("master.m3u8"), 403, { country: "KP" });
  await held(entry("master.m3u8"), 403, { country: "GB" });
  await held(entry("master.m3u8"), 403, { country: "" });
  await held(`/elsewhere/master.m3u8?token=${viewer}`, 404);
  await held(`/unknown/master.m3u8?token=${viewer}`, 404);
  await held(entry("master.m3u8"), 404, { headers: { Host: "unknown.example.com" } });
  await held(entry("master.m3u8"), 405, { method: "POST" });
  await held(entry("a%2fb.m3u8"), 400);
  await held("/harbour", 404);
  return count;
}

function compare(name, path, status, ours, peer) {
  const reason = (answer) => /"reason":"(\w+)"/.exec(answer.body)?.[1];
  const seen = (answer) => `${answer.status} ${reason(answer) ?? ""}`.trim();
  assert.equal(ours.status, status, `${name}: Stagedoor answers ${seen(ours)}`);
  assert.equal(peer.status, status, `${name}: the peer answers ${seen(peer)}`);
  assert.equal(reason(peer), reason(ours), `${name}: the reasons differ`);
  const [, meaning] = MEANINGS.find(([type]) => ours.headers["content-type"]?.includes(type)) ?? [];
  for (const header of HEADERS) {
    // The peer writes a manifest anew, and words a refusal's detail in its own way.
    if (header === "content-length" && (meaning || status >= 400)) continue;
    assert.equal(peer.headers[header], ours.headers[header], `${name}: ${header} differs`);
  }
  if (meaning) assert.deepEqual(said(meaning, path, peer), said(meaning, path, ours), `${name}: the manifests differ`);
  else if (status < 300) assert.ok(ours.body.equals(peer.body), `${name}: the bodies differ`);
}

const MEANINGS = [
  ["mpegurl", ofPlaylist],
  ["dash+xml", ofMpd],
];

/** What a manifest says, whoever the viewer is. */
function said(meaning, path, { body }) {
  if (body.length === 0) return undefined;
  const anybody = (text) => text.replaceAll(new RegExp(SESSION, "g"), "S");
  return meaning(anybody(String(body)), new URL(anybody(path), `http://${HOST}`).href);
}

function ofPlaylist(text) {
  const { source: _, ...said } = HLS.parse(text);
  return said;
}

/** URLs as players form them. It does not matter which part of a URL stands in the base URL, and which below it. */
function ofMpd(text, manifestUri) {
  const resolved = (key, value) => {
    if (key === "uri") return undefined;
    if (key === "locations") return value.map((uri) => new URL(uri, manifestUri).href);
    // The URL of a playlist is its base. With segments, nobody fetches it: a folder is as good as a file in it.
    if (value?.resolvedUri && value.segments?.length > 0) return { ...value, resolvedUri: new URL(".", value.resolvedUri).href };
    return value;
  };
  return JSON.parse(JSON.stringify(parseMpd(text, { manifestUri, NOW: 0 }), resolved));
}

// Media through the edge's cache: HEAD, Range, conditions, and which replies are kept.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Response } from "miniflare";
import { SignJWT, base64url } from "jose";
import { startEdge } from "./harness.mjs";

const base = JSON.parse((await readFile(new URL("../flows/base.json", import.meta.url), "utf8")).replaceAll("{{iso+600}}", "2100-01-01T00:00:00Z"));
const SEGMENT = "0123456789".repeat(10);
const MEDIUM = 512 * 1024;
const LARGE = 9 * 1024 * 1024;
/** The targets of the media origin's redirects. */
const PLACES = {
  "redirected.m4s": "/vod/harbour/further.m4s",
  "further.m4s": "https://cdn.example.com/vod/harbour/moved.m4s?signature=x",
  "to-kept.m4s": "https://watch.example.com/_cache/0/https/media.example.com/vod/harbour/once.m4s",
  "to-kept-of-another.m4s": "//watch.other.example/_cache/0/https/media.other.example/1.m4s",
  "to-kept-encoded.m4s": "https://watch.other.example/%5FCache/0/x",
  "round.m4s": "round.m4s",
  "to-ftp.m4s": "ftp://media.example.com/1.m4s",
};
const asked = [];
let edge;
let root;

before(async () => {
  edge = await startEdge({ documents: base.documents, upstream });
  root = `https://watch.example.com/~${await session("viewer-1")}/harbour`;
});
after(() => edge.stop());

/** A media origin with ranges and conditions that records its requests. */
async function upstream(request) {
  const { pathname, search } = new URL(request.url);
  const name = pathname.replace("/vod/harbour/", "");
  const sent = (header) => request.headers.get(header);
  asked.push({ name: name + search, method: request.method, range: sent("Range"), ifRange: sent("If-Range"), authorization: sent("Authorization"), cookie: sent("Cookie") });
  const headers = { "Content-Type": "video/mp4", ETag: '"s"', "Accept-Ranges": "bytes", "Last-Modified": "Sun, 22 Nov 2026 06:00:00 GMT" };
  if (PLACES[name]) return new Response("moved", { status: name === "further.m4s" ? 307 : 302, headers: { Location: PLACES[name] } });
  if (name === "large.m4s") {
    const part = /^bytes=(\d+)-(\d*)$/.exec(sent("Range") ?? "");
    const [first, last] = part ? [Number(part[1]), Math.min(Number(part[2] || LARGE), LARGE - 1)] : [0, LARGE - 1];
    if (first >= LARGE) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${LARGE}` } });
    const length = { ...headers, "Content-Length": String(last - first + 1) };
    const place = part ? { "Content-Range": `bytes ${first}-${last}/${LARGE}` } : {};
    return new Response(new Uint8Array(last - first + 1), { status: part ? 206 : 200, headers: { ...length, ...place } });
  }
  if (name.startsWith("long")) {
    const long = new Uint8Array(17 * 1024 * 1024).fill(35);
    return name === "long.m3u8" ? new Response(long) : new Response(new Blob([long]).stream());
  }
  if (name.endsWith(".m3u8")) return new Response("#EXTM3U\n#EXTINF:4,\na.m4s\n#EXT-X-ENDLIST\n");
  if (name === "coded.vtt") {
    return new Response(gzipSync("WEBVTT\n"), { headers: { "Content-Encoding": "gzip", "Content-Type": "text/vtt" }, encodeBody: "manual" });
  }
  if (name.startsWith("missing")) return new Response("gone", { status: 404 });
  if (sent("If-None-Match") === '"s"') return new Response(null, { status: 304, headers });
  const range = /^bytes=(\d+)-(\d+)$/.exec(sent("Range") ?? "");
  if (range) {
    const [first, last] = [Number(range[1]), Number(range[2])];
    if (first >= SEGMENT.length) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${SEGMENT.length}` } });
    const part = SEGMENT.slice(first, last + 1);
    return new Response(part, { status: 206, headers: { ...headers, "Content-Range": `bytes ${first}-${first + part.length - 1}/${SEGMENT.length}` } });
  }
  if (name.startsWith("medium")) {
    return new Response(new Uint8Array(MEDIUM), { headers: { ...headers, "Content-Length": String(MEDIUM) } });
  }
  return new Response(request.method === "HEAD" ? null : SEGMENT, { headers: { ...headers, "Content-Length": String(SEGMENT.length) } });
}

async function session(sub) {
  const key = base64url.decode(base.private_keys.h1.k);
  const token = await new SignJWT({ iss: base.claims.iss, aud: "watch", sub }).setProtectedHeader({ alg: "HS256", kid: "h1" }).setExpirationTime("10m").sign(key);
  const reply = await edge.fetch(`https://watch.example.com/harbour/entry.m3u8?token=${token}`, { country: "AE" });
  return /\/~([A-Za-z0-9_-]{100})\//.exec(await reply.text())[1];
}

async function get(path, init) {
  const from = asked.length;
  const reply = await edge.fetch(`${root}/${path}`, { country: "AE", ...init });
  const body = await reply.text();
  // The cache stores a file after the reply.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { status: reply.status, header: (name) => reply.headers.get(name), body, upstream: asked.slice(from) };
}

test("a segment is fetched once, for every viewer and every spelling of its URL", async () => {
  const first = await get("once.m4s?CMCD=bl%3D1", { headers: { Authorization: "Bearer x", Cookie: "a=b" } });
  assert.equal(first.status, 200);
  assert.equal(first.body, SEGMENT);
  assert.equal(first.header("Content-Length"), "100");
  assert.equal(first.header("Cache-Control"), "private, max-age=86400, immutable");
  assert.deepEqual(first.upstream, [{ name: "once.m4s", method: "GET", range: null, ifRange: null, authorization: null, cookie: null }]);
  const again = await get("%6Fnce.m4s");
  assert.equal(again.body, SEGMENT);
  assert.equal(again.header("ETag"), '"s"');
  const other = await edge.fetch(`https://watch.example.com/~${await session("viewer-2")}/harbour/once.m4s`, { country: "AE" });
  assert.equal(await other.text(), SEGMENT);
  assert.equal(asked.filter(({ name }) => name.startsWith("once")).length, 1);
});

test("a file of medium length stays in memory once the cache was asked for it twice", async () => {
  const SHARED_MS = 3_100;
  const names = ["medium-once.m4s", "medium-twice.m4s"];
  const cache = (await edge.miniflare.getCaches()).default;
  for (const name of names) await get(name);
  await new Promise((resolve) => setTimeout(resolve, SHARED_MS));
  for (const name of [...names, "medium-twice.m4s"]) assert.deepEqual((await get(name)).upstream, [], name);
  for (const name of names) assert.ok(await cache.delete(`https://watch.example.com/_cache/0/https/media.example.com/vod/harbour/${name}`));
  const [once, twice] = [await get(names[0]), await get(names[1])];
  assert.deepEqual([once.upstream.length, twice.upstream.length], [1, 0]);
  assert.deepEqual([twice.status, twice.body.length, twice.header("ETag")], [200, MEDIUM, '"s"']);
});

test("HEAD has the headers and no body", async () => {
  for (const round of ["from the origin", "from the cache"]) {
    const head = await get("head.m4s", { method: "HEAD" });
    assert.equal(head.status, 200, round);
    assert.equal(head.body, "", round);
    assert.equal(head.header("Content-Length"), "100", round);
    await get("head.m4s");
  }
  const playlist = await get("index.m3u8", { method: "HEAD" });
  assert.equal(playlist.body, "");
  assert.equal(playlist.header("Content-Length"), "40");
});

test("a range is cut from the whole file, which is fetched once", async () => {
  const range = { headers: { Range: "bytes=10-14" } };
  const before = await get("range.m4s", range);
  assert.deepEqual([before.status, before.body, before.header("Content-Range")], [206, "01234", "bytes 10-14/100"]);
  assert.deepEqual(before.upstream.map(({ range }) => range), [null]);
  const after = await get("range.m4s", range);
  assert.deepEqual([after.status, after.body, after.header("Content-Range"), after.header("Content-Length")], [206, "01234", "bytes 10-14/100", "5"]);
  const whole = await get("range.m4s");
  assert.deepEqual([whole.status, whole.body], [200, SEGMENT]);
  assert.equal(after.upstream.length + whole.upstream.length, 0);
  const beyond = await get("beyond.m4s", { headers: { Range: "bytes=500-600" } });
  assert.deepEqual([beyond.status, beyond.header("Content-Range"), beyond.header("Cache-Control")], [416, "bytes */100", "no-store"]);
});

test("conditions bring 304, from the origin and from the cache", async () => {
  const known = { headers: { "If-None-Match": '"s"' } };
  assert.deepEqual([(await get("known.m4s", known)).status, (await get("known.m4s")).status], [304, 200]);
  const cached = await get("known.m4s", known);
  assert.deepEqual([cached.status, cached.upstream.length], [304, 0]);
  const playlist = await get("index.m3u8");
  const tag = playlist.header("ETag");
  assert.equal((await get("index.m3u8", { headers: { "If-None-Match": tag } })).status, 304);
});

test("If-Range protects against another version, whatever the media origin does", async () => {
  const part = (known) => ({ headers: { Range: "bytes=0-4", "If-Range": known } });
  const date = "Sun, 22 Nov 2026 06:00:00 GMT";
  // `careless.m4s` comes from a media origin that ignores If-Range; `large.m4s` is too large to be kept for a range.
  for (const name of ["if-range.m4s", "careless.m4s", "large.m4s"]) {
    for (const round of ["from the origin", "from the cache"]) {
      for (const known of ['"s"', date]) {
        const reply = await get(name, part(known));
        assert.deepEqual([reply.status, reply.body.length], [206, 5], `${name} ${known} ${round}`);
      }
      for (const known of ['"other"', 'W/"s"', "Sun, 22 Nov 2026 06:00:01 GMT", "x"]) {
        const reply = await get(name, part(known));
        const length = name === "large.m4s" ? LARGE : SEGMENT.length;
        assert.deepEqual([reply.status, reply.body.length, reply.header("Content-Range")], [200, length, null], `${name} ${known} ${round}`);
      }
      const beyond = await get(name, { headers: { Range: `bytes=${2 * LARGE}-`, "If-Range": '"s"' } });
      assert.equal(beyond.status, 200, `${name} ${round}: no part, so the whole`);
    }
  }
  assert.ok(asked.every(({ ifRange }) => ifRange === null), "the edge answers it");
});

test("a media origin may redirect, but not to the files of edges", async () => {
  const led = await get("redirected.m4s");
  assert.deepEqual([led.status, led.body], [200, SEGMENT]);
  for (const name of ["to-kept.m4s", "to-kept-of-another.m4s", "to-kept-encoded.m4s", "round.m4s", "to-ftp.m4s"]) {
    const reply = await get(name);
    assert.deepEqual([reply.status, JSON.parse(reply.body).reason], [502, "upstream_status"], name);
    assert.ok(!reply.upstream.some(({ name }) => /_cache/.test(name)), name);
  }
  assert.equal(asked.filter(({ name }) => name === "round.m4s").length, 6);
});

test("a content coding does not leave a wrong length behind", async () => {
  for (const round of ["from the origin", "from the cache"]) {
    const reply = await get("coded.vtt");
    assert.equal(reply.body, "WEBVTT\n", round);
    assert.notEqual(reply.header("Content-Length"), String(gzipSync("WEBVTT\n").length), round);
  }
});

test("a manifest longer than the edge reads is a fault, whether its length was announced or not", async () => {
  for (const name of ["long.m3u8", "long-unannounced.m3u8"]) {
    const reply = await get(name);
    assert.deepEqual([reply.status, JSON.parse(reply.body).reason], [502, "manifest_too_large"], name);
  }
});

test("a missing file is a problem reply that is not kept", async () => {
  const reply = await get("missing.m4s");
  assert.deepEqual([reply.status, JSON.parse(reply.body).reason, reply.header("Cache-Control")], [404, "media_missing", "no-store"]);
});

test("an origin that cannot be reached is a fault", async () => {
  const broken = await startEdge({ documents: base.documents, upstream: () => { throw new Error("refused"); } });
  try {
    const reply = await broken.fetch(`${root}/a.m4s`, { country: "AE" });
    const { reason } = await reply.json();
    assert.ok(reply.status === 502 && ["upstream_unreachable", "upstream_status"].includes(reason), `${reply.status} ${reason}`);
  } finally {
    await broken.stop();
  }
});

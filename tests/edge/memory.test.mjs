// Strangers fill the memories of an isolate of the built Worker: many long keys, and large values. The budget's counter gives the
// size of the memories, and WebAssembly's own memory shows that nothing else grows.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Response } from "miniflare";
import { SignJWT, base64url } from "jose";
import { startEdge } from "./harness.mjs";

const MIB = 1024 * 1024;

/** WebAssembly's memory beside the budget: the code's data and stack, requests under way, and fragmentation. */
const SLACK = 24 * MIB;

/** Allocations beside the budget. */
const BESIDE = 8 * MIB;

const base = JSON.parse((await readFile(new URL("../flows/base.json", import.meta.url), "utf8")).replaceAll("{{iso+600}}", "2100-01-01T00:00:00Z"));
const documents = structuredClone(base.documents);
const site = documents["v1/site/watch.example.com"];
site.media.query = ["v"];
const offers = documents["v1/title/harbour"].offers;

/** Titles that are far larger in memory than as JSON: many small lists. */
const LONG_TITLES = 60;
for (let at = 0; at < LONG_TITLES; at += 1) {
  const many = Array.from({ length: 1_000 }, (_, n) => ({ id: `o${n}`, territories: { allow: [`asn:${at * 1_000 + n + 1}`, "AE"] } }));
  documents[`v1/title/long-${at}`] = { ...documents["v1/title/harbour"], id: `long-${at}`, offers: [...many, ...offers] };
}

let edge;
let root;

before(async () => {
  edge = await startEdge({ documents, upstream, probe: true });
  const entry = await get(`https://watch.example.com/harbour/entry.m3u8?token=${await token("viewer")}`);
  root = `https://watch.example.com/~${/\/~([A-Za-z0-9_-]{100})\//.exec(entry.body)[1]}/harbour`;
});
after(() => edge.stop());

const segments = Array.from({ length: 4_000 }, (_, at) => `#EXTINF:4,\n${"s".repeat(40)}${at}.m4s`).join("\n");

function upstream(request) {
  const { pathname, searchParams } = new URL(request.url);
  const name = pathname.split("/").at(-1);
  if (name.startsWith("missing")) return new Response("gone", { status: 404 });
  if (name.startsWith("entry")) return new Response("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
  if (name.endsWith(".m3u8")) {
    // With a variable from the query, each query has its own template.
    const variable = name.startsWith("variable") ? '#EXT-X-DEFINE:QUERYPARAM="w"\n#EXTINF:4,\nx{$w}.m4s\n' : "";
    const head = `#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-TARGETDURATION:4\n# ${name} ${searchParams.get("v")}\n`;
    return new Response(`${head}${variable}${segments}\n#EXT-X-ENDLIST\n`);
  }
  const bytes = new Uint8Array(name.startsWith("large") ? 4 * MIB : 60 * 1024);
  return new Response(bytes, { headers: { "Content-Type": "video/mp4", "Content-Length": String(bytes.length) } });
}

const key = base64url.decode(base.private_keys.h1.k);
const token = (sub) =>
  new SignJWT({ iss: base.claims.iss, aud: "watch", sub }).setProtectedHeader({ alg: "HS256", kid: "h1" }).setExpirationTime("10m").sign(key);

let addresses = 0;

/** Each request has an address of its own: the edge keeps a client waiting that has the same refusal again and again. */
async function get(url) {
  const at = (addresses += 1);
  const reply = await edge.fetch(url, { country: "AE", headers: { "CF-Connecting-IP": `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}` } });
  return { status: reply.status, body: await reply.text() };
}

/** Requests many URLs, some at a time, and counts the statuses. */
async function flood(count, url) {
  const statuses = {};
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const at = next++;
      const { status } = await get(await url(at));
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return statuses;
}

async function within(context) {
  const { budget, allocated, wasm } = await edge.remembered();
  const told = JSON.stringify({ budget, allocated, wasm });
  context.diagnostic(`of ${budget.limit} bytes ${budget.bytes}; allocated ${allocated}, WebAssembly's memory ${wasm}`);
  const sum = Object.values(budget.memories).reduce((sum, bytes) => sum + bytes, budget.reserved);
  assert.equal(sum, budget.bytes, told);
  assert.equal(budget.limit, 64 * MIB);
  assert.ok(budget.bytes <= budget.limit, `the memories take more than their budget: ${told}`);
  assert.ok(allocated <= budget.bytes + BESIDE, `something grows that no memory counts: ${told}`);
  assert.ok(wasm <= budget.limit + SLACK, `WebAssembly's memory is larger than the budget and its slack: ${told}`);
  return budget;
}

const long = (at, length) => `${String(at).padStart(8, "0")}${"p".repeat(length - 8)}`;

test("paths that are too long are refused, and leave nothing behind", async (context) => {
  const before = await within(context);
  assert.deepEqual(await flood(64, (at) => `${root}/${long(at, 9_000)}.m4s`), { 414: 64 });
  assert.deepEqual(await flood(32, (at) => `${root}/${long(at, 15_000)}.m4s`), { 414: 32 });
  assert.deepEqual(await flood(32, (at) => `${root}/1.m3u8?v=${long(at, 2_000)}`), { 414: 32 });
  assert.deepEqual(await flood(32, (at) => `${root}/1.m4s?x=${long(at, 12_000)}`), { 414: 32 });
  const { bytes } = await within(context);
  assert.ok(bytes < before.bytes + MIB / 8, `${bytes - before.bytes} bytes more`);
});

test("a missing file takes the room of its key, and no source is remembered", async (context) => {
  const before = await within(context);
  assert.deepEqual(await flood(600, (at) => `${root}/missing-${long(at, 900)}.m4s`), { 404: 600 });
  assert.deepEqual(await flood(300, (at) => `${root}/missing-${long(at, 900)}.m3u8`), { 404: 300 });
  const { memories } = await within(context);
  assert.equal(memories.sources ?? 0, before.memories.sources ?? 0);
});

test("hosts without a site, and invalid tokens", async (context) => {
  await flood(600, (at) => `https://${"h".repeat(60)}.${"h".repeat(60)}.h${at}.example/harbour/entry.m3u8?token=x`);
  await flood(200, async (at) => `https://watch.example.com/harbour/entry.m3u8?token=${long(at, 8_000)}`);
  await within(context);
});

test("files, manifests, templates, queries, viewers and titles, one after the other and all at once", async (context) => {
  const viewers = [];
  const enter = async (at) => {
    const entry = await get(`https://watch.example.com/harbour/entry.m3u8?token=${await token(`viewer-${at}`)}`);
    viewers.push(/\/~([A-Za-z0-9_-]{100})\//.exec(entry.body)[1]);
  };
  for (let at = 0; at < 100; at += 1) await enter(at);
  const kinds = [
    [600, (at) => `${root}/${long(at, 900)}.m4s`],
    [24, (at) => `${root}/large-${at}.m4s`],
    [250, (at) => `${root}/${long(at, 900)}.m3u8`],
    [250, (at) => `${root}/v.m3u8?v=${long(at, 900)}`],
    [250, (at) => `${root}/variable.m3u8?w=${long(at, 900)}`],
    [400, (at) => `${root.replace(/~[^/]+/, `~${viewers[at % viewers.length]}`)}/a.m4s`],
    [LONG_TITLES, async (at) => `https://watch.example.com/long-${at}/entry.m3u8?token=${await token("viewer")}`],
  ];
  for (const [count, url] of kinds) {
    assert.deepEqual(await flood(count, url), { 200: count }, url.toString());
    await within(context);
  }
  await Promise.all(kinds.map(([count, url]) => flood(Math.ceil(count / 4), (at) => url(count + at))));
  const { bytes, limit } = await within(context);
  assert.ok(bytes > limit / 2, `${bytes} of ${limit}: the memories were not filled`);
});

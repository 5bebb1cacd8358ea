// The limit on simultaneous streams: of several simultaneous entries, as many pass as there are places.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { mint, readFlows, startEdge } from "./harness.mjs";

const IDLE_S = 5;
const hosts = ["watch.example.com", "other.example.com", "once.example.com"];

const media = { status: 200 };
const upstream = () => new Response("#EXTM3U\n#EXTINF:4,\na.ts\n", { status: media.status });
let base;
let edge;

before(async () => {
  base = await readFlows("base.json");
  edge = await startEdge({ documents: documents(), upstream });
});
after(() => edge.stop());

/** `harbour` is limited by its offer to two streams, `open` by nothing. */
function documents() {
  const site = base.documents["v1/site/watch.example.com"];
  const sites = hosts.map((host) => {
    const tokens = { ...site.tokens, ...(host.startsWith("once") ? { replay: { once: true } } : {}) };
    return [`v1/site/${host}`, { ...site, host, tokens, sessions: { ...site.sessions, streams_idle_s: IDLE_S } }];
  });
  const title = (id, caps) => [
    `v1/title/${id}`,
    { revision: 1, id, sites: hosts, offers: [{ id: "world", territories: { allow: ["*"] }, ...(caps ? { caps } : {}) }] },
  ];
  return { ...base.documents, ...Object.fromEntries([...sites, title("harbour", { max_streams: 2 }), title("open")]) };
}

let count = 0;
const viewer = () => `viewer-of-streams-${(count += 1)}`;
const token = (sub, claims = {}) => mint(base, { key: "h1", claims: { sub, ...claims } });

/** Each entry comes from its own network, unless a network is given. */
async function open(token, { host = "watch.example.com", title = "harbour", on = edge, headers, ...init } = {}) {
  // Another playlist each time, because the edge keeps playlists for a while.
  const url = `https://${host}/${title}/${(count += 1)}.m3u8?token=${token}`;
  const reply = await on.fetch(url, { country: "AE", headers: headers ?? from(`10.${count >> 8}.${count & 255}.1`).headers, ...init });
  const body = await reply.text();
  const segment = body.match(/^\/~.*\.ts$/m)?.[0];
  if (reply.status === 200 && init.method === "HEAD") return { answer: 200 };
  return { answer: reply.status === 200 ? 200 : `${reply.status} ${JSON.parse(body || "{}").reason}`, segment };
}

const enter = async (...of) => (await open(...of)).answer;

async function watch(segment, init = {}) {
  const reply = await edge.fetch(`https://watch.example.com${segment}`, { country: "AE", ...init });
  const body = await reply.text();
  return reply.status === 200 ? 200 : `${reply.status} ${JSON.parse(body || "{}").reason}`;
}

/** Watches until an answer of this kind, and returns the number of answers before it. */
async function watchUntil(segment, answer) {
  const end = Date.now() + 5000;
  for (let count = 0; ; count++) {
    if ((await watch(segment)) === answer) return count;
    assert.ok(Date.now() < end, `${segment} was never answered with ${answer}`);
    await sleep(50);
  }
}

const from = (address, headers = {}) => ({ headers: { "CF-Connecting-IP": address, ...headers } });

const tally = (replies) =>
  Object.fromEntries([...new Set(replies)].sort().map((reply) => [reply, replies.filter((other) => other === reply).length]));

/** The objects that were ever called. */
const ids = () => edge.miniflare.listDurableObjectIds("Streams");

test("viewers without a limit never reach the store", async () => {
  const before = await ids();
  const sub = viewer();
  for (let turn = 0; turn < 3; turn++) {
    const { answer, segment } = await open(await token(sub), { title: "open" });
    assert.equal(answer, 200);
    assert.equal(await watch(segment), 200);
  }
  // Nor does a viewer without a subject in the token: two of them cannot be told apart.
  for (let turn = 0; turn < 3; turn++) assert.equal(await enter(await token(null)), 200);
  assert.deepEqual(await ids(), before);
});

test("of 20 entries at a time, two pass", async () => {
  const shared = await token(viewer());
  const replies = await Promise.all(Array.from({ length: 20 }, () => enter(shared)));
  assert.deepEqual(tally(replies), { 200: 2, "403 streams": 18 });
});

test("the smaller limit of offer and token holds", async () => {
  for (const [title, max_streams, expected] of [
    ["harbour", null, 2],
    ["harbour", 1, 1],
    ["harbour", 9, 2],
    ["open", 1, 1],
    ["open", 3, 3],
    ["open", 0, 0],
  ]) {
    const sub = viewer();
    const replies = [];
    for (let turn = 0; turn < 4; turn++) replies.push(await enter(await token(sub, { max_streams }), { title }));
    const room = [...Array(expected).fill(200), ...Array(4 - expected).fill("403 streams")];
    assert.deepEqual(replies, room, `${title}, token ${max_streams}`);
  }
});

test("a viewer's streams of all titles count, and those of another viewer or site do not", async () => {
  const sub = viewer();
  const one = { max_streams: 1 };
  assert.equal(await enter(await token(sub, one), { title: "open" }), 200);
  assert.equal(await enter(await token(sub, one), { title: "harbour" }), "403 streams");
  assert.equal(await enter(await token(viewer(), one), { title: "harbour" }), 200);
  assert.equal(await enter(await token(sub, one), { host: "other.example.com" }), 200);
  assert.equal(await enter(await token(sub, one), { host: "other.example.com" }), "403 streams");
});

test("a request without playback takes no place", async () => {
  const one = await token(viewer(), { max_streams: 1 });
  assert.equal(await enter(one, { method: "HEAD" }), 200);
  media.status = 500;
  assert.equal(await enter(one), "502 upstream_status");
  media.status = 200;
  assert.equal(await enter(one), 200);
  assert.equal(await enter(one), "403 streams");
});

test("a token's second use takes no place", async () => {
  const [sub, host] = [viewer(), "once.example.com"];
  const first = await token(sub, { jti: "first", max_streams: 2 });
  assert.equal(await enter(first, { host }), 200);
  assert.equal(await enter(first, { host }), "401 token_replayed");
  assert.equal(await enter(await token(sub, { jti: "second", max_streams: 2 }), { host }), 200);
});

test("a running stream keeps its place, and an ended one frees it", async () => {
  const one = await token(viewer(), { max_streams: 1 });
  const { answer, segment } = await open(one);
  assert.equal(answer, 200);
  const end = Date.now() + (IDLE_S + 3) * 1000;
  while (Date.now() < end) {
    assert.equal(await watch(segment), 200);
    await sleep(500);
  }
  assert.equal(await enter(one), "403 streams");
  await sleep((IDLE_S + 1) * 1000);
  // No other stream came, so it takes its place again.
  for (let turn = 0; turn < 30; turn++) {
    assert.equal(await watch(segment), 200);
    await sleep(100);
  }
  assert.equal(await enter(one), "403 streams");
});

test("of four sessions side by side, each opened while the others idled, one goes on", async () => {
  const sub = viewer();
  const open1 = async () => {
    const { answer, segment } = await open(await token(sub, { max_streams: 1 }));
    assert.equal(answer, 200);
    return segment;
  };
  const idle = [];
  for (let turn = 0; turn < 3; turn++) {
    idle.push(await open1());
    await sleep((IDLE_S + 1) * 1000);
  }
  const last = await open1();
  // Requests before the store's answer are served: they arrive within one round trip.
  for (const segment of idle) await watchUntil(segment, "403 streams");
  const end = Date.now() + 4000;
  while (Date.now() < end) {
    assert.deepEqual(await Promise.all([...idle, last].map((segment) => watch(segment))), [...Array(3).fill("403 streams"), 200]);
    await sleep(100);
  }
  const playlist = idle[0].replace(/\/a\.ts$/, "/live.m3u8");
  assert.equal(await watch(playlist), "403 streams");
  // Once the place is free, exactly one other session gets it.
  await sleep((IDLE_S + 1) * 1000);
  const again = idle[1];
  await watchUntil(again, 200);
  for (let turn = 0; turn < 10; turn++) {
    assert.equal(await watch(again), 200);
    await sleep(100);
  }
  await watchUntil(idle[2], "403 streams");
  await watchUntil(last, "403 streams");
  assert.equal(await watch(again), 200);
});

test("one token from one network is one stream, however often its player requests the entry", async () => {
  const one = await token(viewer(), { max_streams: 1 });
  const { answer, segment } = await open(one, from("192.0.2.1"));
  assert.equal(answer, 200);
  const replies = await Promise.all(Array.from({ length: 10 }, (_, turn) => open(one, from(`192.0.2.${turn}`))));
  for (const again of replies) {
    assert.equal(again.answer, 200);
    assert.equal(sessionId(again.segment), sessionId(segment), "another session");
  }
  // The URLs of the first manifest stay valid, because some players keep them.
  for (let turn = 0; turn < 15; turn++) {
    assert.equal(await watch(segment, from("192.0.2.1")), 200);
    assert.equal(await watch(replies[9].segment, from("192.0.2.1")), 200);
    await sleep(100);
  }
  // With validators and without a body it is the same stream.
  assert.equal(await enter(one, from("192.0.2.1", { "If-None-Match": "*" })), 200);
  assert.equal(await enter(one, { method: "HEAD", ...from("192.0.2.1") }), 200);
  // The token opens no further stream from another network.
  assert.equal(await enter(one, from("198.51.100.1")), "403 streams");
  assert.equal(await enter(one, from("198.51.100.1", { "If-None-Match": "*" })), "403 streams");
  // Nor does another title of the same token share the place.
  assert.equal(await enter(one, { title: "open", ...from("192.0.2.1") }), "403 streams");
});

test("another token of the viewer is another stream, from the same network too", async () => {
  const sub = viewer();
  const of = (jti) => token(sub, { jti, max_streams: 1 });
  assert.equal(await enter(await of("first"), from("192.0.2.1")), 200);
  assert.equal(await enter(await of("first"), from("192.0.2.1")), 200);
  assert.equal(await enter(await of("second"), from("192.0.2.1")), "403 streams");
});

/** The id in a session token, by the layout in src/token/session.rs. */
const sessionId = (segment) => Buffer.from(segment.slice(2, 102), "base64url").subarray(13, 21).toString("hex");

test("an evicted object remembers", async () => {
  const others = new Set(await ids());
  const one = await token(viewer(), { max_streams: 1 });
  assert.equal(await enter(one), 200);
  for (const id of (await ids()).filter((id) => !others.has(id))) {
    await edge.miniflare.unsafeEvictDurableObject("stagedoor", "Streams", { id });
  }
  assert.equal(await enter(one), "403 streams");
});

test("ended streams are forgotten", async () => {
  const end = Date.now() + (IDLE_S + 15) * 1000;
  assert.ok((await kept()) > 0);
  while ((await kept()) > 0) {
    assert.ok(Date.now() < end, "a stream is still in the store");
    await sleep(500);
  }
});

/** The number of streams in all objects. */
async function kept() {
  const objects = await edge.miniflare.getDurableObjectNamespace("STREAMS");
  const counts = (await ids()).map(async (id) => (await (await objects.get(objects.idFromString(id)).fetch("https://streams.invalid/")).json()).others);
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

test("a Worker without the store refuses only viewers with a limit", async () => {
  const bare = await startEdge({ documents: documents(), bindings: { STREAMS: null }, upstream });
  try {
    assert.equal(await enter(await token(viewer()), { on: bare }), "500 configuration");
    assert.equal(await enter(await token(viewer()), { on: bare, title: "open" }), 200);
    assert.equal(await enter(await token(null), { on: bare }), 200);
  } finally {
    await bare.stop();
  }
});

test("while the store does not answer, everybody is let in, and the log says so", async () => {
  // An object of another class answers with an error.
  const STREAMS = { type: "durable-object", worker: "stagedoor", exportName: "UsedTokens" };
  const broken = await startEdge({ documents: documents(), bindings: { STREAMS }, upstream });
  try {
    const one = await token(viewer(), { max_streams: 1 });
    for (let turn = 0; turn < 3; turn++) assert.equal(await enter(one, { on: broken, ...from("192.0.2.1") }), 200);
    await sleep(100);
    const lines = broken.logs.filter(({ message }) => message.includes("streams_unavailable"));
    assert.equal(lines.length, 1, "of one client, the same is told once a minute");
  } finally {
    await broken.stop();
  }
});

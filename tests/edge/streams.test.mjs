// How many streams a viewer watches at a time: of any number of entries at a time, as many pass as there is room for.
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

async function open(token, { host = "watch.example.com", title = "harbour", on = edge, ...init } = {}) {
  // Another playlist each time: the edge keeps one for a while.
  const url = `https://${host}/${title}/${(count += 1)}.m3u8?token=${token}`;
  const reply = await on.fetch(url, { country: "AE", ...init });
  const body = await reply.text();
  const segment = body.match(/^\/~.*\.ts$/m)?.[0];
  return { answer: reply.status === 200 ? 200 : `${reply.status} ${JSON.parse(body || "{}").reason}`, segment };
}

const enter = async (...of) => (await open(...of)).answer;

async function watch(segment) {
  const reply = await edge.fetch(`https://watch.example.com${segment}`, { country: "AE" });
  await reply.text();
  return reply.status;
}

const tally = (replies) =>
  Object.fromEntries([...new Set(replies)].sort().map((reply) => [reply, replies.filter((other) => other === reply).length]));

/** The objects that have ever been asked. */
const ids = () => edge.miniflare.listDurableObjectIds("Streams");

test("viewers without a limit never reach the store", async () => {
  const before = await ids();
  const sub = viewer();
  for (let turn = 0; turn < 3; turn++) {
    const { answer, segment } = await open(await token(sub), { title: "open" });
    assert.equal(answer, 200);
    assert.equal(await watch(segment), 200);
  }
  // Nor does one whom the token does not name: nothing tells two of them apart.
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

test("what brings no playback takes no place", async () => {
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

test("a running stream keeps its place, and one that is not seen any more gives it back", async () => {
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
  assert.equal(await enter(one), 200);
  // The first one is not ended, and counts again once it is watched: for whoever comes next.
  assert.equal(await watch(segment), 200);
});

test("an object that was put to sleep remembers", async () => {
  const others = new Set(await ids());
  const one = await token(viewer(), { max_streams: 1 });
  assert.equal(await enter(one), 200);
  for (const id of (await ids()).filter((id) => !others.has(id))) {
    await edge.miniflare.unsafeEvictDurableObject("stagedoor", "Streams", { id });
  }
  assert.equal(await enter(one), "403 streams");
});

test("streams that are not seen any more are forgotten", async () => {
  const end = Date.now() + (IDLE_S + 15) * 1000;
  assert.ok((await kept()) > 0);
  while ((await kept()) > 0) {
    assert.ok(Date.now() < end, "a stream is still in the store");
    await sleep(500);
  }
});

/** How many streams all objects keep. */
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
    for (let turn = 0; turn < 3; turn++) assert.equal(await enter(one, { on: broken }), 200);
    await sleep(100);
    const lines = broken.logs.filter(({ message }) => message.includes("streams_unavailable"));
    assert.equal(lines.length, 1, "the same is told once a minute");
  } finally {
    await broken.stop();
  }
});

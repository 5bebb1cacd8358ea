// The store of used tokens: exactly one of several simultaneous uses is the first.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { mint, readFlows, startEdge, tamper } from "./harness.mjs";

/** `MARGIN_S` of src/worker/objects/replay.rs, and `SHORTEST_PAUSE_S` of store.rs beside it. */
const MARGIN_S = 5;
const CLEAN_AFTER_S = 10;

const media = { status: 200, body: "#EXTM3U\n" };
let base;
let edge;

const site = (host, replay) => {
  const document = { ...base.documents["v1/site/watch.example.com"], host };
  return { ...document, tokens: { ...document.tokens, ...(replay ? { replay } : {}) } };
};

before(async () => {
  base = await readFlows("base.json");
  const hosts = ["once.example.com", "twice.example.com", "soon.example.com", "count.example.com", "watch.example.com"];
  edge = await start({});
  async function start(more) {
    return startEdge({
      documents: documents(hosts),
      upstream: () => (media.status === 200 ? new Response(media.body) : new Response("", { status: media.status })),
      ...more,
    });
  }
});
after(() => edge.stop());

function documents(hosts) {
  const sites = hosts.map((host) => [`v1/site/${host}`, site(host, policy(host))]);
  const title = base.documents["v1/title/harbour"];
  return { ...base.documents, ...Object.fromEntries(sites), "v1/title/harbour": { ...title, sites: hosts } };
}

function policy(host) {
  if (host.startsWith("watch")) return null;
  if (host.startsWith("soon")) return { once: true, again_within_s: 5 };
  return host.startsWith("count") ? { detect: true } : { once: true };
}

let count = 0;
const token = (claims = {}, key = "e1") => mint(base, { key, claims: { jti: `token-${(count += 1)}`, ...claims } });

/** Each use comes from its own network, unless a network is given. */
async function enter(token, { host = "once.example.com", on = edge, country = "AE", headers, ...init } = {}) {
  // Another playlist each time, because the edge keeps playlists for a while.
  const reply = await on.fetch(`https://${host}/harbour/${(count += 1)}.m3u8?token=${token}`, { country, headers: headers ?? { "CF-Connecting-IP": `10.${count >> 8}.${count & 255}.1` }, ...init });
  const body = await reply.text();
  return reply.status === 200 ? 200 : `${reply.status} ${JSON.parse(body || "{}").reason}`;
}

const tally = (replies) => Object.fromEntries([...new Set(replies)].sort().map((reply) => [reply, replies.filter((other) => other === reply).length]));

test("of 20 uses at a time, one passes", async () => {
  const once = await token();
  const replies = await Promise.all(Array.from({ length: 20 }, () => enter(once)));
  assert.deepEqual(tally(replies), { 200: 1, "401 token_replayed": 19 });
});

test("of 20 uses of a token without an id, one passes", async () => {
  const once = await token({ jti: null, sub: "viewer-without-id" }, "h1");
  const replies = await Promise.all(Array.from({ length: 20 }, () => enter(once)));
  assert.deepEqual(tally(replies), { 200: 1, "401 token_replayed": 19 });
});

test("tokens with the same id are one token", async () => {
  assert.equal(await enter(await token({ jti: "shared" })), 200);
  assert.equal(await enter(await token({ jti: "shared", sub: "another viewer" })), "401 token_replayed");
});

test("a token that was used on one site is new on another", async () => {
  const shared = await token();
  assert.equal(await enter(shared), 200);
  assert.equal(await enter(shared, { host: "twice.example.com" }), 200);
  assert.equal(await enter(shared), "401 token_replayed");
  assert.equal(await enter(shared, { host: "twice.example.com" }), "401 token_replayed");
});

test("without tokens.replay a token may be used again", async () => {
  const again = await token();
  for (let turn = 0; turn < 3; turn++) assert.equal(await enter(again, { host: "watch.example.com" }), 200);
});

test("a request without playback does not use up a token", async () => {
  const once = await token();
  assert.equal(await enter(tamper(once)), "401 token_signature");
  assert.equal(await enter(once, { country: "KP" }), "403 territory");
  media.status = 500;
  assert.equal(await enter(once), "502 upstream_status");
  media.status = 200;
  assert.equal(await enter(once, { method: "HEAD" }), 200);
  assert.equal(await enter(once), 200);
  assert.equal(await enter(once), "401 token_replayed");
});

test("a session that a token has opened goes on", async () => {
  media.body = "#EXTM3U\n#EXTINF:4,\na.ts\n";
  const url = `https://once.example.com/harbour/whole.m3u8?token=${await token()}`;
  const segment = (await (await edge.fetch(url, { country: "AE" })).text()).match(/^\/~.*\.ts$/m)[0];
  for (let turn = 0; turn < 2; turn++) {
    const reply = await edge.fetch(`https://once.example.com${segment}`, { country: "AE" });
    await reply.text();
    assert.equal(reply.status, 200);
  }
});

test("uses are counted and reported if the site says so", async () => {
  const again = await token();
  const from = (address) => enter(again, { host: "count.example.com", headers: { "CF-Connecting-IP": address } });
  assert.equal(await from("192.0.2.1"), 200);
  assert.deepEqual(reports(), []);
  // A repeat from the network of the first use does not count.
  assert.equal(await from("192.0.2.200"), 200);
  assert.deepEqual(reports(), []);
  assert.equal(await from("198.51.100.1"), 200);
  assert.equal(await from("192.0.2.1"), 200);
  assert.equal(await enter(again, { host: "count.example.com" }), 200);
  await sleep(100);
  assert.deepEqual(reports(), [{ uses: 2, elsewhere: true }, { uses: 3, elsewhere: true }]);
  assert.ok(!JSON.stringify(edge.logs).includes(again));
});

function reports() {
  const lines = edge.logs.filter(({ message }) => message.includes('"reuse"')).map(({ message }) => JSON.parse(message));
  return lines.map(({ uses, elsewhere }) => ({ uses, elsewhere }));
}

test("of 20 uses at a time from two networks, those of one pass", async () => {
  const once = await token();
  const from = (address) => enter(once, { headers: { "CF-Connecting-IP": address } });
  const replies = await Promise.all(Array.from({ length: 20 }, (_, turn) => from(turn % 2 ? "192.0.2.1" : "198.51.100.1")));
  assert.deepEqual(tally(replies), { 200: 10, "401 token_replayed": 10 });
});

test("an evicted object remembers", async () => {
  const once = await token();
  assert.equal(await enter(once), 200);
  for (const id of await edge.miniflare.listDurableObjectIds("UsedTokens")) {
    await edge.miniflare.unsafeEvictDurableObject("stagedoor", "UsedTokens", { id });
  }
  assert.equal(await enter(once), "401 token_replayed");
});

test("only the network of the first use may repeat it, for a stated time after the last use", async () => {
  const host = "soon.example.com";
  const from = (token, address, init) => enter(token, { host, headers: { "CF-Connecting-IP": address }, ...init });
  const once = await token();
  assert.equal(await from(once, "192.0.2.1"), 200);
  // As long as a player keeps asking, whenever the first use was.
  for (let turn = 0; turn < 4; turn++) {
    await sleep(2000);
    assert.equal(await from(once, "192.0.2.77"), 200);
    assert.equal(await from(once, "198.51.100.1"), "401 token_replayed");
  }
  await sleep(7000);
  assert.equal(await from(once, "192.0.2.1"), "401 token_replayed");
  // HEAD and conditional requests count like GET.
  const asked = await token();
  assert.equal(await from(asked, "192.0.2.1", { method: "HEAD" }), 200);
  assert.equal(await from(asked, "192.0.2.1"), 200);
  const conditional = { "CF-Connecting-IP": "192.0.2.1", "If-None-Match": "*", "If-Modified-Since": new Date().toUTCString() };
  assert.equal(await enter(asked, { host, headers: conditional }), 200);
  assert.equal(await enter(asked, { host, headers: { ...conditional, "CF-Connecting-IP": "198.51.100.1" } }), "401 token_replayed");
});

test("a token that has expired is forgotten", async () => {
  const exp = Math.floor(Date.now() / 1000) + 3;
  const [early, late] = [await token({ exp }), await token()];
  const before = await kept();
  assert.equal(await enter(early), 200);
  assert.equal(await enter(late), 200);
  assert.equal(await kept(), before + 2);
  const end = Date.now() + (3 + MARGIN_S + CLEAN_AFTER_S + 10) * 1000;
  while ((await kept()) !== before + 1) {
    assert.ok(Date.now() < end, "the token is still in the store");
    await sleep(500);
  }
  assert.ok(Math.floor(Date.now() / 1000) >= exp + MARGIN_S, "forgotten too early");
  assert.equal(await enter(late), "401 token_replayed");
});

/** The number of tokens in all objects of the test's sites. */
async function kept() {
  const objects = await edge.miniflare.getDurableObjectNamespace("REPLAY");
  const ids = await edge.miniflare.listDurableObjectIds("UsedTokens");
  const counts = ids.map(async (id) => (await (await objects.get(objects.idFromString(id)).fetch("https://replay.invalid/")).json()).tokens);
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

test("a Worker without the store refuses only tokens that need it", async () => {
  const bare = await startEdge({
    documents: documents(["once.example.com", "watch.example.com"]),
    bindings: { REPLAY: null },
    upstream: () => new Response("#EXTM3U\n"),
  });
  try {
    assert.equal(await enter(await token(), { on: bare }), "500 configuration");
    assert.equal(await enter(await token(), { on: bare, host: "watch.example.com" }), 200);
  } finally {
    await bare.stop();
  }
});

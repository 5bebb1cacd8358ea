// How often an ad server is asked: the rate that Durable Objects hold, and replies that viewers share.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { MASTER, MEDIA, direct, documents, open, vast } from "./breaks.mjs";
import { readFlows, startEdges } from "./harness.mjs";

const VMAP = (id) =>
  `<vmap:VMAP xmlns:vmap="http://www.iab.net/vmap-1.0" version="1.0"><vmap:AdBreak timeOffset="00:00:20" breakType="linear" breakId="${id}">` +
  `<vmap:AdSource><vmap:AdTagURI><![CDATA[https://ads.example.net/vast?of=${id}]]></vmap:AdTagURI></vmap:AdSource></vmap:AdBreak></vmap:VMAP>`;

/** Every URL of an ad server that was asked, by Worker. */
const asked = { alone: [], other: [], shared: [], rate: [] };
/** Holds replies back. */
let held = Promise.resolve();
let base;
let alone;
let other;
let shared;
let rate;
let stop;

before(async () => {
  base = await readFlows("base.json");
  const upstream = (name) => async ({ url }) => {
    const { hostname, pathname } = new URL(url);
    if (hostname === "media.example.com") return new Response(pathname.endsWith("master.m3u8") ? MASTER : MEDIA);
    if (hostname !== "ads.example.net") return new Response(null, { status: 204 });
    asked[name].push(url);
    if (pathname === "/vmap") return new Response(VMAP("of-vmap"));
    await held;
    return new Response(vast(direct(name === "other" ? "peach" : "plum")));
  };
  const server = { url: "https://ads.example.net/vast?break=[break.id]", request_ms: 10_000, total_ms: 12_000 };
  const titles = {
    film: { pre_roll: { longest_s: 30 }, post_roll: { longest_s: 30 } },
    planned: { vmap: "https://ads.example.net/vmap", mid_rolls: { at_s: [60], longest_s: 30 } },
  };
  const options = (name, more) => ({
    documents: documents(base, titles, { ...server, ...more }, { direct: ["files.example.net"] }),
    upstream: upstream(name),
  });
  const started = await startEdges([options("alone", {}), options("other", {}), options("shared", { shared: true }), options("rate", { peak_per_s: 1, request_ms: 6_000 })]);
  [alone, other, shared, rate] = started.edges;
  stop = started.stop;
});
after(() => stop());

/** The lists of the first break of viewers who ask at the same time. */
const together = (viewers) =>
  Promise.all(
    viewers.map(async ({ get, lists }) => {
      const reply = await get(lists[0]);
      return reply.status === 404 ? [] : (await reply.json()).ASSETS.map(({ URI }) => URI);
    }),
  );
const viewers = (edge, title, number) => Promise.all(Array.from({ length: number }, () => open(edge, base, title)));

test("each viewer has an auction of their own", async () => {
  const shown = await together(await viewers(alone, "film", 3));
  assert.deepEqual(shown, Array(3).fill(["https://files.example.net/plum.m3u8"]));
  assert.deepEqual(asked.alone, Array(3).fill("https://ads.example.net/vast?break=pre"));
});

test("another isolate of the data centre lists the pod that one has decided", async () => {
  const [{ get, lists }] = await viewers(alone, "film", 1);
  const listed = await (await get(lists[1])).text();
  assert.match(listed, /files\.example\.net\/plum\.m3u8/);
  // The pod is put into the cache behind the reply.
  await sleep(500);
  const elsewhere = await other.fetch(lists[1], { country: "AE" });
  assert.equal(await elsewhere.text(), listed);
  assert.deepEqual(asked.other, []);
});

test("viewers share the reply to one URL where the site says so, while it comes in and for a moment afterwards", async () => {
  const [first, ...others] = await viewers(shared, "film", 4);
  let release;
  held = new Promise((done) => (release = done));
  const shown = together([first, ...others]);
  while (asked.shared.length === 0) await sleep(10);
  release();
  assert.deepEqual(await shown, Array(4).fill(["https://files.example.net/plum.m3u8"]));
  assert.deepEqual(asked.shared, ["https://ads.example.net/vast?break=pre"]);
  // Another break has another URL.
  const reply = await first.get(first.lists[1]);
  assert.equal((await reply.json()).ASSETS.length, 1);
  assert.deepEqual(asked.shared, ["https://ads.example.net/vast?break=pre", "https://ads.example.net/vast?break=post"]);
});

test("decisions get a moment each, those without one leave the break to the content, and no playlist asks for one", async () => {
  const crowd = await viewers(rate, "film", 12);
  const from = rate.logs.length;
  const began = Date.now();
  const shown = together(crowd);
  while (asked.rate.length === 0) await sleep(10);
  // All moments of the next seconds are given out. A playlist with a VMAP document needs none.
  const { playlist } = await open(rate, base, "planned");
  assert.match(playlist, /ID="sd-[^"]*",CLASS="com\.apple\.hls\.interstitial",START-DATE="2026-11-22T18:00:20/, playlist);
  assert.ok(!playlist.includes('START-DATE="2026-11-22T18:01:00'), playlist);
  const lists = await shown;
  const seconds = (Date.now() - began) / 1_000;
  const decisions = asked.rate.filter((url) => !url.endsWith("/vmap")).length;
  assert.ok(decisions >= 3 && decisions <= seconds + 1.2, `${decisions} in ${seconds} s`);
  assert.equal(lists.filter((list) => list.length > 0).length, decisions);
  const refused = rate.lines(from).filter(({ events }) => events?.some(({ event }) => event === "ERROR_ADS_RATE_EXCEEDED"));
  assert.equal(refused.length, crowd.length - decisions);
});

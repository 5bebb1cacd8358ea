// VMAP documents: where the breaks of a title lie, and what a manifest does until the document is there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { MASTER, MEDIA, documents, open } from "./breaks.mjs";
import { readFlows, startEdge } from "./harness.mjs";

const at = (time, id) =>
  `<vmap:AdBreak timeOffset="${time}" breakType="linear" breakId="${id}"><vmap:AdSource><vmap:AdTagURI>https://ads.example.net/vast` +
  "</vmap:AdTagURI></vmap:AdSource></vmap:AdBreak>";
const VMAP = `<vmap:VMAP xmlns:vmap="http://www.iab.net/vmap-1.0" version="1.0">${at("00:00:20", "a")}${at("50%", "b")}</vmap:VMAP>`;

let base;
let edge;
/** How often each document was asked for, and what each server does. */
const asked = {};
const servers = {};

before(async () => {
  base = await readFlows("base.json");
  const ads = (name) => ({ vmap: `https://ads.example.net/${name}`, mid_rolls: { at_s: [90], longest_s: 30 } });
  const upstream = ({ url }) => {
    const { hostname, pathname } = new URL(url);
    if (hostname === "media.example.com") return new Response(pathname.endsWith("master.m3u8") ? MASTER : MEDIA);
    const name = pathname.slice(1);
    asked[name] = (asked[name] ?? 0) + 1;
    return servers[name]();
  };
  const titles = { slow: ads("slow"), broken: ads("broken") };
  const server = { url: "https://ads.example.net/vast", stitched_ms: 20 };
  edge = await startEdge({ documents: documents(base, titles, server), upstream });
});
after(() => edge.stop());

/** The dates of the breaks of a playlist. */
const dates = (playlist) =>
  [...playlist.matchAll(/CLASS="com\.apple\.hls\.interstitial",START-DATE="2026-11-22T([^"]*)\.000Z"/g)].map(([, time]) => time);

test("all renditions of a viewer have the breaks of the document, however late it comes", async () => {
  let release;
  servers.slow = () => new Promise((done) => (release = () => done(new Response(VMAP))));
  const opened = open(edge, base, "slow");
  while (!release) await sleep(10);
  await sleep(200);
  release();
  const { get, media, playlist } = await opened;
  const other = await (await get(media.replace("/360/", "/720/"))).text();
  assert.deepEqual([dates(playlist), dates(other)], Array(2).fill(["18:00:20", "18:01:00"]));
  assert.equal(asked.slow, 1);
});

test("without the document, all renditions have the breaks of the title's policy", async () => {
  servers.broken = () => new Response(null, { status: 500 });
  const { get, media, playlist } = await open(edge, base, "broken");
  const other = await (await get(media.replace("/360/", "/720/"))).text();
  assert.deepEqual([dates(playlist), dates(other)], Array(2).fill(["18:01:30"]));
  assert.equal(asked.broken, 1);
});

// Breaks and ads in workerd, with a small ad server: one decision for many requests, one cached segment for all viewers, and an ad
// server that is silent.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { Response } from "miniflare";
import { EXPLAIN_SECRET, mint, readFlows, sign, startEdge, until } from "./harness.mjs";

const base = await readFlows("base.json");
const ADS = "https://ads.example.com";
const PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n#EXT-X-ENDLIST\n";

const site = (server) => ({
  ...base.documents["v1/site/watch.example.com"],
  ads: { server: { url: `${ADS}/vast?break=[break.id]`, request_ms: 400, total_ms: 600, ...server }, campaigns: "never" },
});

const title = (id) => ({
  revision: 1,
  id,
  sites: ["watch.example.com"],
  offers: [{ id: "free", territories: { allow: ["*"] }, ads: "guided" }],
  ads: { pre_roll: { longest_s: 30 }, mid_rolls: { at_s: [4], longest_s: 30 } },
});

/** An ad whose creative has the id that the edge makes of the universal ad id, if it is known. */
const ad = (name) => `<Ad id="${name}"><InLine><AdSystem>s</AdSystem><AdTitle>${name}</AdTitle><Error><![CDATA[${ADS}/error?code=[ERRORCODE]]]></Error><Impression><![CDATA[${ADS}/shown]]></Impression><Creatives><Creative><UniversalAdId idRegistry="ad-id.org">${name}</UniversalAdId><Linear><Duration>00:00:10</Duration><MediaFiles><MediaFile delivery="progressive" type="video/mp4" width="640" height="360"><![CDATA[${ADS}/${name}.mp4]]></MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad>`;
const vast = (...names) => `<VAST version="4.2">${names.map(ad).join("")}</VAST>`;

/** The id of a universal ad id's creative, as `CreativeId::of_ad_server` makes it. */
function creativeId(name, host = "watch.example.com") {
  const digits = (text, number) => createHash("sha256").update(text).digest("hex").slice(0, number);
  return `as-${digits(`${host}\0`, 16)}-${digits(`uaid\0ad-id.org\0${name}\0`, 24)}`;
}

const PLUM = creativeId("PLUM");

/** How often each URL was requested, and how the ad server answers. */
let asked;
let answers;

async function upstream(request) {
  const url = request.url;
  asked.set(url, (asked.get(url) ?? 0) + 1);
  if (url.startsWith(`${ADS}/vast`)) return answers();
  if (url.startsWith(ADS)) return new Response(null, { status: 204 });
  if (url.endsWith("/ads/plum/1.ts")) return new Response("a plum", { headers: { "Content-Type": "video/mp2t" } });
  if (url.endsWith(".m3u8")) return new Response(PLAYLIST);
  return new Response("", { status: 404 });
}

let edge;

before(async () => {
  asked = new Map();
  edge = await startEdge({
    upstream,
    documents: {
      ...base.documents,
      "v1/site/watch.example.com": site(),
      "v1/title/harbour": title("harbour"),
      "v1/title/quay": title("quay"),
      [`v1/creative/${PLUM}`]: {
        revision: 1,
        id: PLUM,
        sites: ["watch.example.com"],
        kind: { linear: { media: "ads/plum/", hls: "main.m3u8", duration_ms: 10000 } },
      },
    },
  });
});

after(() => edge.stop());

const from = (path, init) => edge.fetch(`https://watch.example.com${path}`, { country: "AE", ...init });

/** Enters as a viewer, and returns the session's folder of the title and the address of each break. */
async function enter(sub, name = "harbour") {
  const token = await mint(base, { key: "h1", claims: { sub } });
  const playlist = await (await from(`/${name}/v/main.m3u8?token=${token}`)).text();
  const folder = /\/~[A-Za-z0-9_-]{100}\/[a-z]+\/v\//.exec(playlist)?.[0];
  assert.ok(folder, playlist);
  const own = await (await from(`${folder}main.m3u8`)).text();
  const breaks = [...own.matchAll(/X-ASSET-LIST="([^"]+)"/g)].map(([, uri]) => uri.replace(/\?.*/, ""));
  assert.equal(breaks.length, 2, own);
  return { folder, pre: folder + breaks[0], mid: folder + breaks[1] };
}

test("simultaneous requests for a break are one decision", async () => {
  answers = () => new Response(vast("PLUM", "UNKNOWN"));
  const { pre } = await enter("one");
  const lists = await Promise.all(Array.from({ length: 8 }, async () => (await from(pre)).text()));
  assert.equal(new Set(lists).size, 1);
  const { ASSETS } = JSON.parse(lists[0]);
  assert.equal(ASSETS.length, 1);
  assert.match(ASSETS[0].URI, new RegExp(`/harbour/v/_stagedoor/ad/pre/0/${PLUM}/main\\.m3u8$`));
  assert.equal(await (await from(pre)).text(), lists[0], "the fast lane lists it again");
  assert.equal(asked.get(`${ADS}/vast?break=pre`), 1);
  await until("the error report", () => asked.get(`${ADS}/error?code=407`) === 1);
  const events = edge.lines().filter(({ kind }) => kind === "ads").flatMap(({ events }) => events ?? []);
  const names = events.map(({ event }) => event);
  for (const name of ["WARNING_CREATIVE_NOT_CONDITIONED", "FILLED_AVAIL"]) assert.ok(names.includes(name), names.join());
});

test("all viewers of all titles share one cached segment of an ad", async () => {
  answers = () => new Response(vast("PLUM"));
  const segment = "https://media.example.com/vod/ads/plum/1.ts";
  for (const [sub, name] of [["two", "harbour"], ["three", "quay"], ["four", "harbour"]]) {
    const { mid } = await enter(sub, name);
    const { ASSETS } = await (await from(mid)).json();
    const reply = await from(new URL(ASSETS[0].URI).pathname.replace(/main\.m3u8$/, "1.ts"));
    assert.equal(await reply.text(), "a plum");
    // The reply is put into the cache behind the reply.
    await until("the segment", () => asked.get(segment) === 1);
  }
  assert.equal(asked.get(segment), 1);
});

test("an ad server that is silent costs its budget and no more", async () => {
  let release;
  const silence = new Promise((resolve) => (release = resolve));
  answers = () => silence.then(() => new Response(vast("PLUM")));
  const { mid } = await enter("five");
  // The list comes while the ad server is still silent.
  const reply = await from(mid);
  assert.deepEqual(await reply.json(), { ASSETS: [] });
  release();
  const line = edge.lines().findLast(({ kind }) => kind === "ads");
  const names = line.events.map(({ event }) => event);
  assert.ok(names.includes("ERROR_ADS_TIMEOUT") && names.includes("WARNING_NO_ADVERTISEMENTS"), names.join());
});

test("an explanation of a break has no effect", async () => {
  answers = () => new Response(vast("PLUM"));
  const { pre } = await enter("six");
  const before = asked.get(`${ADS}/vast?break=pre`);
  const body = JSON.stringify({ url: `https://watch.example.com${pre}`, geo: "AE" });
  const reply = await from("/_stagedoor/explain", { method: "POST", body, headers: sign(EXPLAIN_SECRET, body) });
  const explained = await reply.json();
  assert.equal(explained.outcome, "permit", JSON.stringify(explained));
  const steps = Object.fromEntries(explained.steps.map(({ step, saw }) => [step, saw]));
  assert.equal(steps["ad server"].asked, false);
  assert.deepEqual(steps.pod.pod, { break: "pre", slots: [] });
  assert.equal(asked.get(`${ADS}/vast?break=pre`), before);
});

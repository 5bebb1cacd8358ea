// Pods that are decided ahead of their breaks, behind the replies to manifests.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Response } from "miniflare";
import { MASTER, direct, documents, open, vast } from "./breaks.mjs";
import { readFlows, startEdges, until } from "./harness.mjs";

/** When each title was asked for first: its break is told so many seconds ahead then. */
const began = {};
/** A live playlist. */
const live = (title, secs) => {
  began[title] ??= Date.now();
  const date = (secs) => new Date(began[title] + secs * 1000).toISOString();
  const range = `#EXT-X-DATERANGE:ID="1",START-DATE="${date(secs)}",PLANNED-DURATION=20,SCTE35-OUT=0xFC\n`;
  const segments = [1, 2, 3, 4].map((number) => `#EXTINF:10,\n${number}.m4s\n`);
  return `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:1\n${range}#EXT-X-PROGRAM-DATE-TIME:${date(-50)}\n${segments.join("")}`;
};

let base;
let edges;
let stop;
/** The queries that the ad servers were asked with. */
const asked = [];
let answer = () => new Response(vast(direct("plum")));

before(async () => {
  base = await readFlows("base.json");
  const upstream = ({ url }) => {
    const { hostname, pathname, searchParams } = new URL(url);
    if (hostname === "media.example.com") {
      if (pathname.endsWith("master.m3u8")) return new Response(MASTER);
      const [, title] = /\/([a-z]+)\/360\//.exec(pathname);
      return new Response(live(title, title === "far" ? 3_000 : 28));
    }
    if (hostname !== "ads.example.net") return new Response(null, { status: 204 });
    asked.push(Object.fromEntries(searchParams));
    return answer();
  };
  const titles = { near: {}, far: {}, empty: {}, plain: {}, consent: {} };
  const url = "https://ads.example.net/vast?s=[SERVERSIDE]&in=[break.starts_in_secs]&of=[title.id]";
  const options = (server) => ({ documents: documents(base, titles, server, { direct: ["files.example.net"] }), upstream });
  const started = await startEdges([
    options({ url, prefetch_s: 60 }),
    options({ url }),
    options({ url: `${url}&tcf=[consent.tcf]`, prefetch_s: 60 }),
  ]);
  ({ edges, stop } = started);
});
after(() => stop());

const uris = async (reply) => (await reply.json()).ASSETS.map(({ URI }) => URI);

test("the pod of a break that is told ahead is there when the viewer asks, and is decided once", async () => {
  const from = edges[0].logs.length;
  const { get, media, playlist, lists } = await open(edges[0], base, "near");
  await until("the decision", () => edges[0].lines(from).some(({ kind }) => kind === "ads"));
  assert.deepEqual(asked.splice(0).map(({ s, of }) => [s, of]), [["2", "near"]]);
  // Playlists are the same bytes before and after, and begin no other decision.
  for (let number = 0; number < 5; number += 1) assert.equal(await (await get(media)).text(), playlist);
  assert.deepEqual(await uris(await get(lists[0])), ["https://files.example.net/plum.m3u8"]);
  assert.deepEqual(asked, []);
  const lines = edges[0].lines(from).filter(({ kind }) => kind === "ads");
  assert.equal(lines.length, 1);
  const [{ event, detail }] = lines[0].events;
  assert.equal(event, "DECIDED_AHEAD");
  assert.match(detail, /^the break begins in \d+ s$/);
  assert.deepEqual([lines[0].title, lines[0].site], ["near", "watch.example.com"]);
});

test("a break that is further away is not decided yet", async () => {
  const { get, media, lists } = await open(edges[0], base, "far");
  await get(media);
  assert.equal(lists.length, 1);
  assert.deepEqual(asked, []);
});

test("a decision ahead that brings nothing is made again when the viewer asks a moment later, and not by every playlist", async () => {
  answer = () => new Response(null, { status: 204 });
  const from = edges[0].logs.length;
  const { get, media, lists } = await open(edges[0], base, "empty");
  await until("the decision", () => edges[0].lines(from).some(({ kind }) => kind === "ads"));
  for (let number = 0; number < 3; number += 1) await (await get(media)).text();
  assert.deepEqual(asked.splice(0).map(({ s }) => s), ["2"]);
  answer = () => new Response(vast(direct("plum")));
  let listed;
  await until("another decision", async () => (listed = await get(lists[0])).status === 200);
  assert.deepEqual(await uris(listed), ["https://files.example.net/plum.m3u8"]);
  assert.deepEqual(asked.splice(0).map(({ s }) => s), ["1"]);
});

test("without the setting, no pod is decided ahead", async () => {
  const { get, media, lists } = await open(edges[1], base, "plain");
  await get(media);
  assert.deepEqual(asked, []);
  assert.deepEqual(await uris(await get(lists[0])), ["https://files.example.net/plum.m3u8"]);
  assert.deepEqual(asked.splice(0).map(({ s, in: starts }) => [s, starts]), [["1", "0"]]);
});

test("no pod is decided ahead without the consent for which the ad server is asked", async () => {
  const { get, media, lists } = await open(edges[2], base, "consent");
  await get(media);
  assert.deepEqual(asked, []);
  await (await get(`${lists[0]}&gdpr_consent=CP1`)).text();
  assert.deepEqual(asked.splice(0).map(({ s, tcf }) => [s, tcf]), [["1", "CP1"]]);
  // A player that adds it to its requests for manifests has it ahead too.
  const other = await open(edges[2], base, "consent", { rendition: "360/main.m3u8?gdpr_consent=CP2" });
  await until("the decision", () => asked.length === 1);
  assert.deepEqual(asked.splice(0).map(({ s, tcf }) => [s, tcf]), [["2", "CP2"]]);
  assert.deepEqual(await uris(await other.get(other.lists[0])), ["https://files.example.net/plum.m3u8"]);
});

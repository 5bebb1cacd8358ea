// Checks the DASH origin of the player tests.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { getElementsByName, parseXml } from "@svta/cml-xml";
import { parse } from "mpd-parser";
import { Channel, PARTS, PART_MS, SEGMENT_MS } from "../../demo/stack/live/channel.mjs";
import { Dash } from "../players/dash.mjs";
import { cut, decodeTime } from "../../demo/stack/live/fragments.mjs";
import { live, patch } from "../players/live-mpd.mjs";
import { SEGMENTS, TITLES } from "../players/mpd.mjs";
import { startOrigin } from "../players/origin.mjs";

const channel = new Channel();
let origin;
before(async () => {
  const dash = new Dash({ film: { segments: SEGMENTS }, live: { channel }, patched: { channel, patches: true }, low: { channel, lowLatency: true } });
  origin = await startOrigin({ "/dash": dash });
});
after(() => origin.stop());

const get = async (path, headers = {}) => {
  const reply = await fetch(new URL(path, `${origin.url}/dash/`), { headers });
  return { status: reply.status, bytes: Buffer.from(await reply.arrayBuffer()) };
};

/** mpd-parser's reading of an MPD: the renditions, by the names of their segments. */
async function renditions(path) {
  const manifestUri = new URL(path, `${origin.url}/dash/`).href;
  const { status, bytes } = await get(path);
  assert.equal(status, 200, path);
  const { playlists, mediaGroups, duration } = parse(bytes.toString(), { manifestUri });
  const sound = Object.values(mediaGroups.AUDIO.audio).flatMap(({ playlists }) => playlists);
  return { duration, all: [...playlists.map((playlist) => [12_500, playlist]), ...sound.map((playlist) => [48_000, playlist])] };
}

for (const addressing of Object.keys(TITLES).filter((addressing) => addressing !== "base")) {
  test(`segments are at the URLs and times of the MPD: ${addressing}`, async () => {
    const { duration, all } = await renditions(`film/${addressing}.mpd`);
    const ad = addressing === "periods" ? 6 : 0;
    assert.ok(Math.abs(duration - (SEGMENTS * SEGMENT_MS) / 1000 - ad) < 0.001, `${duration} s`);
    const named = all.flatMap(([timescale, { segments }]) => segments.map((segment) => ({ timescale, ...segment })));
    assert.ok(named.length >= 4 * SEGMENTS, `${named.length} segments`);
    for (const { timescale, resolvedUri, map, presentationTime } of named) {
      const { status, bytes } = await get(resolvedUri);
      assert.equal(status, 200, resolvedUri);
      assert.equal((await get(map.resolvedUri)).status, 200);
      if (resolvedUri.includes("/ad/")) continue;
      const before = ad > 0 && presentationTime > duration / 2 ? ad : 0;
      assert.equal(Number(decodeTime(cut(bytes).fragments[0])) / timescale, Number((presentationTime - before).toFixed(3)), resolvedUri);
    }
  });
}

test("an index tells where segments are in their file", async () => {
  for (const id of ["180p", "audio-ar"]) {
    const file = (await get(`film/${id}.mp4`)).bytes;
    const { all } = await renditions("film/base.mpd");
    const { sidx } = all.map(([, playlist]) => playlist).find(({ sidx }) => sidx.resolvedUri.endsWith(`/${id}.mp4`));
    const { offset, length } = sidx.byterange;
    const { status, bytes } = await get(`film/${id}.mp4`, { Range: `bytes=${offset}-${offset + length - 1}` });
    assert.deepEqual([status, bytes.toString("latin1", 4, 8)], [206, "sidx"]);
    const sizes = Array.from({ length: bytes.readUInt16BE(30) }, (_, index) => bytes.readUInt32BE(32 + 12 * index));
    let at = offset + length;
    for (const [number, size] of sizes.entries()) {
      assert.deepEqual(file.subarray(at, at + size), (await get(`film/${id}/${number}.m4s`)).bytes, `${id} ${number}`);
      at += size;
    }
    assert.equal(at, file.length);
  }
});

test("a live MPD names the existing segments", async () => {
  const { all } = await renditions("live/live.mpd");
  assert.equal(all.length, 4);
  for (const [, { segments }] of all) {
    assert.equal(segments.length, Math.ceil(30_000 / SEGMENT_MS));
    for (const { resolvedUri } of [segments[0], segments.at(-1)]) assert.equal((await get(resolvedUri)).status, 200, resolvedUri);
  }
});

test("an MPD with its patch is the MPD of that time", () => {
  const from = channel.start + 100 * SEGMENT_MS + 7;
  for (const ms of [1, PART_MS, SEGMENT_MS, 3 * SEGMENT_MS, 20 * SEGMENT_MS]) {
    const options = { patches: true };
    const patched = applied(live(channel, from, options), patch(channel, from, from + ms, options));
    assert.deepEqual(patched, parseXml(live(channel, from + ms, options)), `${ms} ms later`);
  }
  for (const ms of [0, -1, 61_000, NaN]) assert.equal(patch(channel, from, from + ms), null, `${ms} ms`);
});

/** Applies the operations of RFC 5261 that the origin's patches use. */
function applied(mpd, patch) {
  const document = parseXml(mpd);
  const [root] = getElementsByName(document, "MPD");
  for (const { nodeName, attributes, childNodes } of getElementsByName(parseXml(patch), "Patch")[0].childNodes) {
    const set = /AdaptationSet\[@id='([^']+)'\]\/SegmentTemplate\/SegmentTimeline(\/S\[1\])?$/.exec(attributes.sel);
    if (set) {
      const { childNodes: times } = getElementsByName(root, "AdaptationSet").filter(({ attributes }) => attributes.id === set[1]).flatMap((found) => getElementsByName(found, "SegmentTimeline"))[0];
      if (nodeName === "remove") times.shift();
      else times.push(...childNodes);
    } else if (attributes.sel === "/MPD/@publishTime") root.attributes.publishTime = childNodes[0].nodeValue;
    else if (attributes.sel === "/MPD/PatchLocation[1]") root.childNodes[root.childNodes.findIndex(({ nodeName }) => nodeName === "PatchLocation")] = childNodes[0];
    else assert.fail(attributes.sel);
  }
  return document;
}

test("a low-latency segment arrives part by part, while it is made", async () => {
  const number = Math.floor(channel.parts(Date.now()) / PARTS) + 1;
  const asked = Date.now();
  const reply = await fetch(`${origin.url}/dash/low/360p/${number}.m4s`);
  assert.equal(reply.headers.get("Content-Length"), null);
  const parts = [];
  for await (const bytes of reply.body) parts.push({ bytes, at: Date.now() });
  assert.deepEqual(Buffer.concat(parts.map(({ bytes }) => bytes)), channel.segment("360p", number));
  assert.ok(parts.at(-1).at - parts[0].at > PART_MS, `all of it ${parts[0].at - asked} ms after it was asked for`);
  assert.equal((await get(`live/360p/${Math.floor(channel.parts(Date.now()) / PARTS)}.m4s`)).status, 404);
});

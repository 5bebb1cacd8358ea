// Messages of SCTE 35 in the segments of live MPDs, in workerd: they open the break that an `Event` of the MPD opens, each segment is
// asked for once by all isolates of a data centre, and hostile segments cost the viewer nothing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { mint, readFlows, startEdges, until } from "./harness.mjs";

const base = await readFlows("base.json");
const ORIGIN = "https://media.example.com/vod/";
const SEGMENT_MS = 2_000;
const ZERO = Date.parse("2026-01-01T00:00:00Z");
const FIRST = Math.floor((Date.now() - ZERO) / SEGMENT_MS - 10) * SEGMENT_MS;
/** The splice, on the MPD's timeline. */
const CUE_MS = FIRST + 12 * SEGMENT_MS;
/** `splice_insert` 721 at `pts_time` 1,710,000: out of the network for 30 s. */
const OUT = "/DAlAAAAAAAAAP/wFAUAAALRf+/+ABoXsH4AKTLgAAEBAQAAYR8KQg==";

const title = (id) => ({
  revision: 1,
  id,
  sites: ["watch.example.com"],
  offers: [{ id: "free", territories: { allow: ["*"] }, ads: "guided" }],
  ads: { mid_rolls: { longest_s: 60 } },
});
const documents = {
  ...base.documents,
  "v1/site/watch.example.com": { ...base.documents["v1/site/watch.example.com"], ads: {} },
  "v1/title/harbour": title("harbour"),
  "v1/title/quay": title("quay"),
  "v1/title/pier": title("pier"),
};

const mpd = (period, set) => `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S" minimumUpdatePeriod="PT2S" availabilityStartTime="2026-01-01T00:00:00Z">
  <Period id="1" start="PT0S">${period}
    <AdaptationSet contentType="video" mimeType="video/mp4">${set}
      <SegmentTemplate timescale="1000" media="v/$Time$.m4s" initialization="v/init.mp4"><SegmentTimeline><S t="${FIRST}" d="${SEGMENT_MS}" r="9"/></SegmentTimeline></SegmentTemplate>
      <Representation id="360p" bandwidth="400000" codecs="avc1.4d401e" width="640" height="360"/>
    </AdaptationSet>
  </Period>
</MPD>
`;
const INBAND = mpd("", '<InbandEventStream schemeIdUri="urn:scte:scte35:2013:bin" value="1"/>');
const EVENT = mpd(`<EventStream schemeIdUri="urn:scte:scte35:2013:bin" timescale="1000"><Event presentationTime="${CUE_MS}">${OUT}</Event></EventStream>`, "");
/** Segments by number: the newest follows from the clock. The Period has begun with a few segments behind it. */
const NUMBERED_FROM = FIRST + 8 * SEGMENT_MS;
const NUMBERED = INBAND.replace('start="PT0S"', `start="PT${NUMBERED_FROM / 1_000}S"`).replace(/<SegmentTemplate .*<\/SegmentTemplate>/, `<SegmentTemplate timescale="1000" duration="${SEGMENT_MS}" media="v/$Number$.m4s"/>`);

const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer).swap32();
const box = (kind, ...parts) => Buffer.concat([u32(8 + Buffer.concat(parts).length), Buffer.from(kind, "latin1"), ...parts]);
/** A message of version 1, as ISO/IEC 23009-1 section 5.10.3.3.3 has it. */
const emsg = (at_ms) =>
  box("emsg", u32(0x01000000), u32(1_000), u32(Math.floor(at_ms / 2 ** 32)), u32(at_ms % 2 ** 32), u32(0xffffffff), u32(7), Buffer.from("urn:scte:scte35:2013:bin\x001\x00"), Buffer.from(OUT, "base64"));
const STYP = box("styp", Buffer.from("msdh\x00\x00\x00\x00msdh", "latin1"));
const MEDIA = Buffer.concat([box("moof", Buffer.alloc(100)), box("mdat", Buffer.alloc(100_000))]);

/** The ranges that each file was asked for. */
const asked = new Map();
/** At the end, the silent segment is answered, and the endless segment ends. */
let release;
const released = new Promise((resolve) => (release = resolve));
let isReleased = false;
released.then(() => (isReleased = true));

function segment(path) {
  if (path.startsWith("pier/")) {
    // Each is published late: it is not there when it is asked for twice.
    if (asked.get(path).length <= 2) return new Response("", { status: 404 });
    return new Response(Buffer.concat([STYP, emsg(CUE_MS - NUMBERED_FROM), MEDIA]).subarray(0, 16 * 1024), { status: 206 });
  }
  const number = (Number(/(\d+)\.m4s$/.exec(path)[1]) - FIRST) / SEGMENT_MS;
  if (path.startsWith("harbour/")) {
    // The message is in two segments.
    return new Response(Buffer.concat([STYP, ...([5, 6].includes(number) ? [emsg(CUE_MS)] : []), MEDIA]).subarray(0, 16 * 1024), { status: 206 });
  }
  if (number === 9) {
    // A media origin that does not know ranges, and a segment that never ends.
    const pull = async (controller) => {
      await sleep(20);
      controller.enqueue(new Uint8Array(16_384));
      if (isReleased) controller.close();
    };
    return new Response(new ReadableStream({ pull }));
  }
  if (number === 8) return released.then(() => new Response(""));
  if (number === 7) return new Response("", { status: 500 });
  if (number === 6) return new Response(Buffer.concat([u32(0xffffffff), Buffer.from("emsg"), Buffer.alloc(64)]));
  if (number === 5) return new Response(Buffer.concat([u32(1), Buffer.from("styp"), Buffer.alloc(8, 0xff), Buffer.alloc(64)]));
  return new Response(Buffer.concat([STYP, ...Array.from({ length: 400 }, (_, index) => emsg(CUE_MS + index * 40_000))]));
}

function upstream(request) {
  const path = request.url.slice(ORIGIN.length);
  asked.set(path, [...(asked.get(path) ?? []), request.headers.get("Range")]);
  if (path === "harbour/event.mpd") return new Response(EVENT);
  if (path === "pier/live.mpd") return new Response(NUMBERED);
  if (path.endsWith("/live.mpd")) return new Response(INBAND);
  return path.endsWith(".m4s") ? segment(path) : new Response("", { status: 404 });
}

let edges;
let stop;
before(async () => {
  ({ edges, stop } = await startEdges([{ documents, upstream }, { documents, upstream }]));
});
after(async () => {
  release();
  await stop();
});

/** Enters as a viewer, and returns a function that requests files of the title. */
async function enter(edge, name, file) {
  const from = (path) => edge.fetch(`https://watch.example.com${path}`, { country: "AE" });
  const token = await mint(base, { key: "h1", claims: { sub: name } });
  const text = await (await from(`/${name}/${file}?token=${token}`)).text();
  const folder = new RegExp(`/~[A-Za-z0-9_-]{100}/${name}/`).exec(text)?.[0];
  assert.ok(folder, text);
  return async (file) => {
    const reply = await from(folder + file);
    const text = await reply.text();
    assert.equal(reply.status, 200, text);
    assert.doesNotMatch(text, /StagedoorInband/);
    return text;
  };
}

/** The times and ids of the events that announce breaks. */
const announced = (mpd) => [...mpd.matchAll(/<Event [^>]*id="\d+"[^>]*><ReplacePresentation/g)].map(([event]) => event);
const heads = (title) => [...asked].filter(([path]) => path.startsWith(`${title}/v/`));

test("a message in a segment opens the break that an event opens", async () => {
  const get = await enter(edges[0], "harbour", "event.mpd");
  const expected = announced(await get("event.mpd"));
  assert.equal(expected.length, 1);
  let found = [];
  await until("the break", async () => (found = announced(await get("live.mpd"))).length > 0);
  assert.deepEqual(found, expected);
});

test("each segment is asked for once, with a small range, by all isolates", async () => {
  const get = await enter(edges[0], "harbour", "live.mpd");
  await until("the older segments", async () => (await get("live.mpd")) && heads("harbour").length === 10);
  // Asked for is not read yet. What was read is shared by the time that the next version comes.
  const versions = () => asked.get("harbour/live.mpd").length;
  const before = versions();
  await until("the next version", async () => (await get("live.mpd")) && versions() > before);
  const other = await enter(edges[1], "harbour", "live.mpd");
  await until("the break", async () => announced(await other("live.mpd")).length === 1);
  // As long as both fetch the MPD again, twice.
  const now = versions();
  await until("newer versions", async () => (await get("live.mpd")) && (await other("live.mpd")) && versions() > now + 1);
  assert.deepEqual(heads("harbour").map(([, ranges]) => ranges), Array(10).fill(["bytes=0-16383"]));
});

test("a segment that the media origin publishes late is read", { timeout: 60_000 }, async () => {
  const get = await enter(edges[0], "pier", "live.mpd");
  for (const times of [1, 2, 3]) {
    await until(`request ${times} for a segment`, async () => (await get("live.mpd")) && heads("pier").some(([, ranges]) => ranges.length === times));
  }
  await until("the break", async () => announced(await get("live.mpd")).length > 0);
  assert.deepEqual(edges[0].lines().filter(({ reason }) => reason === "segment_unread"), []);
});

test("hostile segments cost the viewer nothing", { timeout: 60_000 }, async () => {
  const get = await enter(edges[0], "quay", "live.mpd");
  // The first version came with no segment read. The later ones have the breaks of segments that can be read.
  let found = "";
  await until("the breaks", async () => announced((found = await get("live.mpd"))).length > 0);
  assert.ok(found.length < 256 * 1024, `${found.length} bytes`);
  const times = ([, ranges]) => ranges.length;
  await until("the second tries", async () => {
    await get("live.mpd");
    return [7, 8].every((number) => asked.get(`quay/v/${FIRST + number * SEGMENT_MS}.m4s`)?.length === 2) && heads("quay").length === 10;
  });
  assert.ok(heads("quay").every((head) => times(head) <= 2), JSON.stringify(heads("quay")));
  assert.equal(times(heads("quay").find(([path]) => path.endsWith(`/${FIRST + 9 * SEGMENT_MS}.m4s`))), 1, "the endless segment counts as read");
  const lines = edges[0].lines().filter(({ reason }) => reason === "segment_unread");
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.equal(lines[0].host, "watch.example.com");
  assert.match(lines[0].detail, /^https:\/\/media\.example\.com\/vod\/quay\/live\.mpd; /);
});

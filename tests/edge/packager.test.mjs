// Checks the live packager of the player tests.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import HLS from "hls-parser";
import { Channel, PARTS, PART_MS, RENDITION_IDS, SEGMENT_MS } from "../../demo/stack/live/channel.mjs";
import { decodeTime } from "../../demo/stack/live/fragments.mjs";
import { startOrigin } from "../players/origin.mjs";
import { Packager } from "../../demo/stack/live/packager.mjs";

const CHANNELS = {
  low: { lowLatency: true, skip: true },
  plain: { history_s: 90, window_s: 600 },
  broken: { lowLatency: true, discontinuities: true },
};
let packager;
let origin;

before(async () => {
  packager = new Packager(Object.fromEntries(Object.entries(CHANNELS).map(([name, options]) => [name, new Channel(options)])));
  origin = await startOrigin({ "/live": packager });
});
after(() => origin.stop());

const get = async (path) => {
  const reply = await fetch(`${origin.url}/live/${path}`);
  return { status: reply.status, bytes: Buffer.from(await reply.arrayBuffer()) };
};
const text = async (path) => {
  const { status, bytes } = await get(path);
  assert.equal(status, 200, path);
  return bytes.toString();
};

/** Parses with an independent parser. */
function judged(playlist) {
  HLS.setOptions({ strictMode: true });
  try {
    return HLS.parse(playlist);
  } finally {
    HLS.setOptions({ strictMode: false });
  }
}

const PLAYLISTS = Object.keys(CHANNELS).flatMap((channel) => RENDITION_IDS.map((id) => [channel, id]));

test("every playlist is accepted by hls-parser in its strict mode, whenever it is asked for", () => {
  for (const name of Object.keys(CHANNELS)) assert.equal(judged(packager.channels[name].master()).isMasterPlaylist, true);
  for (const [name, id] of PLAYLISTS) {
    const channel = new Channel(CHANNELS[name], 0);
    for (let parts = PARTS; parts < 64 * PARTS; parts += 1) {
      const playlist = judged(channel.playlist(id, parts));
      const complete = playlist.segments.filter(({ uri }) => uri);
      assert.equal(complete.at(-1).mediaSequenceNumber, Math.floor(parts / PARTS) - 1, `${name}/${id} at ${parts}`);
      assert.equal(complete.at(-1).duration, SEGMENT_MS / 1000);
    }
  }
});

test("a window slides, and counts the removed segments", () => {
  const channel = new Channel({ discontinuities: true, window_s: 20 }, 0);
  for (let parts = PARTS; parts < 64 * PARTS; parts += PARTS) {
    const playlist = channel.playlist("360p", parts);
    const number = (name) => Number(new RegExp(`#EXT-X-${name}:(\\d+)`).exec(playlist)[1]);
    const first = number("MEDIA-SEQUENCE");
    assert.equal(first, Math.max(0, parts / PARTS - 10));
    const left = Array.from({ length: first }, (_, msn) => msn).filter((msn) => msn > 0 && msn % 8 === 0).length;
    assert.equal(number("DISCONTINUITY-SEQUENCE"), left, `at ${parts}`);
  }
});

test("parts are their segment, and time goes on over the end of the loop", async () => {
  for (const id of RENDITION_IDS.filter((id) => !id.startsWith("text"))) {
    for (const msn of [0, 7, 8, 20]) {
      const parts = await Promise.all([0, 1, 2, 3].map((part) => get(`low/${id}/${msn}.${part}.m4s`)));
      const whole = await get(`low/${id}/${msn}.m4s`);
      assert.equal(whole.status, 200);
      assert.ok(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(whole.bytes), `${id}/${msn}`);
      const timescale = id.startsWith("audio") ? 48_000 : 12_500;
      assert.equal(Number(decodeTime(whole.bytes)), (msn * SEGMENT_MS * timescale) / 1000, `${id}/${msn}`);
      const broken = await get(`broken/${id}/${msn}.m4s`);
      assert.equal(Number(decodeTime(broken.bytes)), ((msn % 8) * SEGMENT_MS * timescale) / 1000, `${id}/${msn} after a discontinuity`);
    }
  }
});

test("playlists grow in real time", async () => {
  for (const path of ["low/360p/index.m3u8", "plain/audio-en/index.m3u8"]) {
    const last = async () => (await text(path)).match(/[\d.]+\.m4s/g).at(-1);
    const before = await last();
    const end = Date.now() + 5 * SEGMENT_MS;
    while ((await last()) === before) assert.ok(Date.now() < end, `${path} does not grow`);
  }
});

test("a blocking request is answered with what it asks for, and not before", async () => {
  const channel = packager.channels.low;
  const there = channel.parts(Date.now());
  // Up to seven parts ahead, and the same part by two names: the part after a segment's last is the next segment's first.
  for (const ahead of [1, 3, PARTS + 1]) {
    const wanted = there + ahead;
    const [msn, part] = [Math.floor(wanted / PARTS), wanted % PARTS];
    for (const query of [`_HLS_msn=${msn}&_HLS_part=${part}`, ...(part === 0 ? [`_HLS_msn=${msn - 1}&_HLS_part=${PARTS}`] : [])]) {
      const playlist = await text(`low/360p/index.m3u8?${query}`);
      assert.ok(Date.now() >= channel.completeAt(wanted + 1), `${query} came early`);
      assert.match(playlist, new RegExp(`URI="${msn}\\.${part}\\.m4s"`));
    }
  }
  const msn = Math.floor(channel.parts(Date.now()) / PARTS);
  assert.match(await text(`low/text-ar/index.m3u8?_HLS_msn=${msn}`), new RegExp(`^${msn}\\.vtt$`, "m"));
  assert.ok(Date.now() >= channel.completeAt((msn + 1) * PARTS));
});

test("a request for the hinted part waits until it is ready; a later part is unknown", async () => {
  const channel = packager.channels.low;
  const parts = channel.parts(Date.now());
  const name = (number) => `low/180p/${Math.floor(number / PARTS)}.${number % PARTS}.m4s`;
  const [hinted, later] = await Promise.all([get(name(parts)), get(name(parts + 10))]);
  assert.deepEqual([hinted.status, later.status], [200, 404]);
  assert.ok(Date.now() >= channel.completeAt(parts + 1));
});

test("invalid requests are refused", async () => {
  const ahead = Math.floor(packager.channels.low.parts(Date.now()) / PARTS) + 10;
  for (const query of ["_HLS_part=1", "_HLS_msn=x", `_HLS_msn=${ahead}`]) {
    assert.equal((await get(`low/360p/index.m3u8?${query}`)).status, 400, query);
  }
  for (const path of ["none/master.m3u8", "low/none/index.m3u8", "low/text-en/init.mp4", "plain/360p/0.0.m4s", `low/360p/${ahead}.m4s`]) {
    assert.equal((await get(path)).status, 404, path);
  }
});

test("a delta update and what it skips are the whole", () => {
  const channel = new Channel({ lowLatency: true, skip: true }, 0);
  for (const id of RENDITION_IDS) {
    const whole = judged(channel.playlist(id, 200));
    const delta = judged(channel.playlist(id, 200, { delta: true }));
    assert.ok(delta.skip > 0);
    assert.equal(delta.mediaSequenceBase, whole.mediaSequenceBase);
    const uris = ({ segments }) => segments.map(({ uri, parts }) => uri ?? parts.map(({ uri }) => uri));
    assert.deepEqual(uris(delta), uris(whole).slice(delta.skip), id);
    const reach = delta.segments.filter(({ uri }) => uri).length * SEGMENT_MS;
    assert.ok(reach >= 12_000 && reach < 12_000 + 2 * SEGMENT_MS, `${id}: ${reach} ms are left`);
  }
});

test("a channel without delivery directives answers at once", async () => {
  const playlist = await text("plain/360p/index.m3u8?_HLS_msn=100000&_HLS_skip=YES");
  assert.doesNotMatch(playlist, /EXT-X-(PART|PRELOAD|SKIP|SERVER|RENDITION)/);
});

test("a frame's number tells its age", () => {
  const channel = new Channel({ history_s: 60 }, 1_000_000);
  assert.equal(channel.start, 1_000_000 - 118 * PART_MS);
  assert.equal(channel.age(0, channel.start + 2_000), 2_000);
  assert.equal(channel.age(500, channel.start + 512 * 32 + 1_000), 512 * 32 + 1_000 - 16_000);
});

test("a break is announced ahead in every rendition alike, and its early end too", () => {
  const channel = new Channel({ lowLatency: true, skip: true }, 0);
  const tags = (now) => RENDITION_IDS.map((id) => channel.playlist(id, channel.parts(now)).match(/^#EXT-X-DATERANGE:.*$/gm) ?? []);
  const { from } = channel.openBreak(8, 0);
  const start_ms = channel.start + from * SEGMENT_MS;
  assert.ok(start_ms > 4_000, `announced ${start_ms} ms ahead`);
  const [first, ...others] = tags(0);
  assert.equal(first.length, 1);
  assert.match(first[0], new RegExp(`ID="splice-${from}",START-DATE="${new Date(start_ms).toISOString()}",PLANNED-DURATION=16.384,SCTE35-OUT=0xFC`));
  for (const other of others) assert.deepEqual(other, first);
  assert.throws(() => channel.openBreak(8, 0), /no break under way/);

  const { to } = channel.returnEarly(start_ms + 2 * SEGMENT_MS);
  assert.equal(to - from, 4);
  const [out, back] = tags(start_ms + 2 * SEGMENT_MS)[0];
  assert.equal(out, first[0], "the tag that announced the break has changed");
  assert.match(back, new RegExp(`ID="splice-${from}",.*,DURATION=8.192,SCTE35-IN=0xFC`));
  assert.throws(() => channel.returnEarly(start_ms + 3 * SEGMENT_MS), /does not end by itself/);
  judged(channel.playlist("360p", channel.parts(start_ms + 2 * SEGMENT_MS)));
  assert.deepEqual(tags(start_ms + 80 * SEGMENT_MS)[0], [], "it has left the window");
});

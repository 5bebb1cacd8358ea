// Media clients play the Worker's HLS and DASH, and the same media straight from the media origin, to tell a fault of the client from
// one of the edge. The tests check the decoded frames and the log of requests. Each client has a limit of one stream and a token for
// one use: a client that opens a manifest twice, or requests a live one at its entry, is not a second viewer.
import assert from "node:assert/strict";
import { after, before, describe, test as nodeTest } from "node:test";
import { Channel } from "../../demo/stack/live/channel.mjs";
import { NAMES, play, told, version } from "./clients.mjs";
import { EXP_S, LIFETIME_S, startTheatre } from "./theatre.mjs";

/** The number of a title's segments, of 64 frames each. */
const SEGMENTS = 4;
const FRAMES = SEGMENTS * 64;

const AES_FRAMES = 600;

/** The frames of a live channel that have to be decoded: eight seconds. */
const LIVE_FRAMES = 256;

/**
 * The cases: the media, and its manifest below the media origin. `frames` is its number of frames.
 * @type {Record<string, {media: string, manifest: string, live?: boolean, frames: number}>}
 */
const CASES = {
  "HLS": { media: "film/", manifest: "master.m3u8", frames: FRAMES },
  "HLS, AES-128": { media: "vod/harbour-aes/", manifest: "master.m3u8", frames: AES_FRAMES },
  "HLS, live": { media: "live/channel/", manifest: "master.m3u8", live: true, frames: LIVE_FRAMES },
  "DASH": { media: "dash/film/", manifest: "timeline.mpd", frames: FRAMES },
  "DASH, a base URL in each Representation": { media: "dash/film/", manifest: "list.mpd", frames: FRAMES },
  "DASH, live, numbers": { media: "dash/numbers/", manifest: "live.mpd", live: true, frames: LIVE_FRAMES },
  "DASH, live, times": { media: "dash/times/", manifest: "live.mpd", live: true, frames: LIVE_FRAMES },
};

/** Cases that a client cannot play from the media origin either. */
const OWN_FAULTS = {
  "ffmpeg: DASH, live, numbers": "FFmpeg 5.1 asks for the segment that is being made, again and again, and for no other",
  "gstreamer: DASH, live, times": "GStreamer 1.22 counts the time at which a live timeline begins twice",
};

/** Clients that keep the URLs of a live channel's first manifest: their sessions have to last (`sessions.unrenewed`). */
const KEEPS_FIRST = ["ffmpeg: DASH, live, times", "vlc: DASH, live, times", "vlc: DASH, live, numbers"];

/** Further viewers. Each has its own title, so that requests can be told apart. */
const OTHERS = ["capped", "refused", "whole"];

/** @type {Awaited<ReturnType<typeof startTheatre>>} */
let theatre;
before(
  async () => {
    const plans = { premium: {}, basic: { max_height: 180 } };
    const names = (name) => [name, ...OTHERS.map((other) => `${name} ${other}`)];
    const titles = NAMES.flatMap((client) => Object.entries(CASES).flatMap(([name, { media }]) => names(name).map((name) => [id(client, name), { media, plans }])));
    theatre = await startTheatre({
      film: SEGMENTS,
      channels: { channel: {} },
      dash: { film: { segments: SEGMENTS }, numbers: { channel: new Channel(), numbers: true }, times: { channel: new Channel() } },
      titles: Object.fromEntries(titles),
    });
  },
  { timeout: 90_000 },
);
after(() => theatre?.stop());

const test = (name, body) => nodeTest(name, { timeout: 120_000 }, body);

describe("clients of others", { concurrency: 2 }, () => {
  for (const client of NAMES) {
    for (const name of Object.keys(CASES)) {
      test(`${client}: ${name}`, () => asStraight(client, name));
    }
    for (const [name, site] of [["HLS", "path"], ["DASH", "query"]]) {
      test(`${client}: ${name}, no higher than its cap, the session in the ${site}`, () => capped(client, name, site));
      test(`${client}: ${name}, refused, the session in the ${site}`, () => refused(client, name, site));
    }
    test(`${client}: a session that lasts as long as its grant`, () => whole(client));
  }
});

test("every client is installed, and names itself", () => {
  for (const client of NAMES) {
    const found = version(client);
    assert.ok(found, `${client} does not run: scripts/setup test installs it`);
    console.log(`${client}: ${found}`);
  }
});

/** Plays a case from the media origin, and then with the session in the path and in the query. */
async function asStraight(client, name) {
  const fault = OWN_FAULTS[`${client}: ${name}`];
  const { media, manifest, live, frames } = CASES[name];
  const straight = await play(client, `${theatre.origin}/${media}${manifest}`, { live, limit_ms: fault ? 8_000 : undefined, enough: live && ((played) => played.frames >= frames) });
  if (fault) {
    assert.ok(straight.frames < frames * told(client), `${client} plays ${name} by now: take it out of the table of its faults`);
    return;
  }
  isPlayed(client, straight, frames, "straight from the media origin");
  for (const signing of ["path", "query"]) {
    const site = live ? `renewing ${signing}` : signing;
    const viewing = await theatre.enter({ site, title: id(client, name), manifest, plan: "premium" });
    const isKept = KEEPS_FIRST.includes(`${client}: ${name}`);
    const isLong = () => (isKept ? viewing.manifests().length > 3 : viewing.segmentSessions().size > 2);
    const played = await play(client, viewing.url, { live, enough: live && ((played) => played.frames >= frames && isLong()) });
    isPlayed(client, played, frames, `the session in the ${signing}\n${viewing.report()}`);
    viewing.wasServedWell();
    if (live && isKept) assert.equal(viewing.segmentSessions().size, 1, `${client} goes on to later URLs by now: take it out of the table\n${viewing.report()}`);
    if (live && !isKept) assert.ok(isLong(), `segments came under ${viewing.segmentSessions().size} sessions\n${viewing.report()}`);
  }
}

async function capped(client, name, site) {
  const { manifest, frames } = CASES[name];
  const viewing = await theatre.enter({ site, title: id(client, `${name} capped`), manifest, plan: "basic" });
  isPlayed(client, await play(client, viewing.url), frames, viewing.report());
  viewing.wasServedWell();
  assert.deepEqual([...viewing.heights()], ["180p"]);
}

async function refused(client, name, site) {
  const { manifest } = CASES[name];
  const viewing = await theatre.enter({ site, title: id(client, `${name} refused`), manifest, plan: "none" });
  const played = await play(client, viewing.url, { limit_ms: 8_000 });
  assert.equal(played.frames, 0);
  assert.ok(viewing.requests().length > 0, "nothing was asked for");
  for (const { status, body } of viewing.requests()) {
    assert.equal(status, 403);
    assert.equal(JSON.parse(body).reason, "plan");
  }
}

/** The clients' names match those in the site's document. */
async function whole(client) {
  const { manifest } = CASES.DASH;
  for (const [site, lifetime_s] of [["path", LIFETIME_S], ["unrenewed", EXP_S]]) {
    const viewing = await theatre.enter({ site, title: id(client, "DASH whole"), manifest, plan: "premium" });
    isPlayed(client, await play(client, viewing.url), FRAMES, viewing.report());
    const lives_s = viewing.lifetimes_s();
    assert.ok(lives_s.length > 0);
    for (const life_s of lives_s) assert.ok(Math.abs(life_s - lifetime_s) < 60, `a session of ${life_s} s on the site ${site}`);
  }
}

function isPlayed(client, { frames, sounds, code, said }, expected, where) {
  const found = `${frames} of ${expected} pictures, ${sounds} pieces of sound, exit ${code}, ${where}\n${said}`;
  assert.ok(frames >= expected * told(client), found);
  assert.ok(sounds > 0, found);
  assert.ok(code === 0 || code === null, found);
}

/** A title. */
function id(client, name) {
  return `${client}-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
}

// Real players play the Worker's HLS: VOD, encrypted VOD, live with a long window, and low latency.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test as nodeTest } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Channel, PART_MS, PARTS, SEGMENT_MS } from "../../demo/stack/live/channel.mjs";
import { startStage } from "../players/stage.mjs";

const PLAYERS = { "hls.js": "hls.js", "Shaka Player": "shaka-player", "video.js": "video.js" };

/** A player of plain live stays three target durations behind the live edge. */
const PLAIN_LATENCY_MS = 3 * SEGMENT_MS;
const LOW_LATENCY_MS = 5_000;

/** Delivery directives, as one cache key spells them. */
const CANONICAL = /^(_HLS_msn=\d+(&_HLS_part=\d+)?(&_HLS_skip=(YES|v2))?)?$/;

/** Limits of players, with any server. The edge's own delta updates repeat the map. */
const FORGETS_MAPS = { "Shaka Player": "Shaka Player 5.2.12 forgets the EXT-X-MAP that a delta update skips, and stalls at the next discontinuity" };

/** The rewind window of the plan `short`, in seconds. */
const REWIND_S = 20;

const ARABIC = /\p{Script=Arabic}/u;
const ENGLISH = /[a-z]/i;

// Each player has its own channels, so that the packager's log concerns one player.
const own = (kind, player) => `${kind}-${PLAYERS[player].replace(/\W/g, "")}`;
const CHANNELS = {
  live: { history_s: 90, window_s: 600 },
  low: { lowLatency: true },
  delta: { lowLatency: true, skip: true },
  broken: { lowLatency: true, discontinuities: true },
  skipped: { lowLatency: true, skip: true, discontinuities: true },
};
const eachPlayer = (make) => Object.fromEntries(Object.keys(PLAYERS).flatMap((player) => Object.keys(CHANNELS).map((kind) => make(own(kind, player), kind))));

/** @type {Awaited<ReturnType<typeof startStage>>} */
let stage;
before(
  async () => {
    const plans = { premium: {}, basic: { max_height: 360 }, small: { max_height: 180 }, short: { rewind_s: REWIND_S } };
    stage = await startStage({
      channels: { ...eachPlayer((name, kind) => [name, CHANNELS[kind]]), shared: CHANNELS.low },
      titles: {
        film: { media: "vod/harbour/", plans },
        shared: { media: "live/shared/", plans },
        secret: { media: "vod/harbour-aes/", plans },
        ...eachPlayer((name) => [name, { media: `live/${name}/`, plans }]),
      },
    });
  },
  { timeout: 90_000 },
);
after(() => stage?.stop());

const test = (name, ...rest) => nodeTest(name, { timeout: 180_000, ...(rest.length > 1 ? rest[0] : {}) }, rest.at(-1));

// The three watch at the same time: most of a live test is waiting for the clock.
describe("players", { concurrency: true }, () => {
  for (const [player, of] of Object.entries(PLAYERS)) describe(`${player} ${version(of)}`, { concurrency: 1 }, () => tests(player));
});

function tests(player) {
  const watch = (wish, body) => stage.watch({ player, ...wish }, body);

  test("plays VOD to its end, every height on offer", () =>
    watch({ title: "film", plan: "premium" }, async (viewer) => {
      assert.deepEqual(sorted(await viewer.call("heights")), [360, 720, 1080]);
      await viewer.call("rate", 4);
      const ended = ({ time, duration }) => time >= duration - 0.5;
      const { duration, frames } = await viewer.until("the title has ended", ended, { limitMs: 90_000 });
      assert.ok(Math.abs(duration - 60) < 0.1, `it lasts ${duration} s`);
      assert.ok(frames > 60, `${frames} pictures were shown`);
    }));

  test("a viewer capped at 360p is offered no more, and fetches no more", () =>
    watch({ title: "film", plan: "basic" }, async (viewer) => {
      assert.deepEqual(await viewer.call("heights"), [360]);
      await viewer.call("rate", 4);
      await viewer.playOn(16);
      assert.equal((await viewer.state()).height, 360);
      const folders = new Set(viewer.paths().map((path) => path.split("/")[0]));
      assert.deepEqual(sorted([...folders].filter((folder) => /^\d+p$/.test(folder))), ["360p"]);
    }));

  test("changes audio and subtitles, and back", () =>
    watch({ title: "film", plan: "basic" }, async (viewer) => {
      assert.deepEqual([sorted(await viewer.call("sound")), sorted(await viewer.call("text"))], [["ar", "en"], ["ar", "en"]]);
      await viewer.choose("ar", ARABIC);
      await viewer.choose("en", ENGLISH);
    }));

  test("plays AES-128, its key fetched under the session", () =>
    watch({ title: "secret", plan: "premium" }, async (viewer) => {
      await viewer.call("rate", 4);
      await viewer.playOn(10);
      assert.ok(viewer.paths().includes("key.bin"));
    }));

  test("plays live, changes language, and goes back in time and on from there", () =>
    watch({ title: own("live", player), plan: "premium" }, async (viewer) => {
      const channel = stage.packager.channels[own("live", player)];
      const latency = await viewer.latency(channel);
      assert.ok(latency > PLAIN_LATENCY_MS - SEGMENT_MS, `${latency} ms behind`);
      await viewer.playOn(2);
      await viewer.choose("ar", ARABIC);
      const { time, seekable } = await viewer.state();
      assert.ok(seekable[1] - seekable[0] > 80, `${seekable} can be sought in`);

      const back_s = 50;
      const from = viewer.requests.length;
      const behind = await viewer.latency(channel);
      await viewer.call("seek", time - back_s);
      await viewer.until("pictures move", (state) => state.time > time - back_s + 1);
      await viewer.playOn(3);
      // The channel went on while the player sought, so the picture may be a little older than the target.
      const older = (await viewer.latency(channel)) - ((behind + back_s * 1000) % (32 * PART_MS));
      assert.ok(between(mod(older + 1_000, 32 * PART_MS), 0, 9_000), `${older} ms older than expected`);
      const numbers = viewer.paths(from).flatMap((path) => /^\d+p\/(\d+)\.m4s$/.exec(path)?.[1] ?? []).map(Number);
      const now = channel.parts(Date.now()) / PARTS;
      assert.ok(numbers.some((number) => number < now - 20), `asked for ${numbers}, at ${now}`);
    }));

  test("goes back no further than its rewind window", () => {
    const channel = stage.packager.channels[own("live", player)];
    const oldest = Math.floor(channel.parts(Date.now()) / PARTS - REWIND_S / (SEGMENT_MS / 1000)) - 1;
    return watch({ title: own("live", player), plan: "short" }, async (viewer) => {
      await viewer.playOn(2);
      const { time, seekable } = await viewer.state();
      const length = seekable[1] - seekable[0];
      assert.ok(length <= REWIND_S + SEGMENT_MS / 1000, `${length} s can be sought in`);
      await viewer.call("seek", seekable[0] + SEGMENT_MS / 1000);
      await viewer.until("older pictures move", (state) => state.time < time - 4 && state.time > seekable[0] + 3);
      await viewer.playOn(2);
      const asked = viewer.paths().flatMap((path) => /^\d+p\/(\d+)\.m4s$/.exec(path)?.[1] ?? []).map(Number);
      assert.ok(Math.min(...asked) >= oldest, `asked for ${asked}, of ${oldest} and later`);
    });
  });

  test("plays low latency closer to the edge than plain live, by parts and blocking requests", () =>
    watch({ title: own("low", player), plan: "premium", lowLatency: true }, async (viewer) => {
      await viewer.playOn(4);
      await isClose(viewer, own("low", player));
      assert.ok(viewer.paths().some((path) => /^360p\/\d+\.\d\.m4s$/.test(path)), "no part was asked for");
      blocked(own("low", player), /_HLS_part=/);
    }));

  test("plays low latency by delta updates, no higher than its cap", () =>
    watch({ title: own("delta", player), plan: "small", lowLatency: true }, async (viewer) => {
      assert.deepEqual(await viewer.call("heights"), [180]);
      await viewer.playOn(4);
      assert.ok(!viewer.paths().some((path) => path.startsWith("360p/")), "a rendition report led higher");
      await isClose(viewer, own("delta", player));
      blocked(own("delta", player), /_HLS_skip=/);
    }));

  test("plays low latency across discontinuities", () => acrossDiscontinuities("broken", /_HLS_part=/));

  test("plays low latency by delta updates that skip the map, across discontinuities", { skip: FORGETS_MAPS[player] ?? false }, () =>
    acrossDiscontinuities("skipped", /_HLS_skip=/));

  test("plays low latency in a rewind window, while its session is renewed again and again", () =>
    watch({ title: own("low", player), plan: "short", lowLatency: true, site: "renewing.localhost" }, async (viewer) => {
      const parts = () => viewer.requests.filter(({ path, status }) => status === 200 && path.endsWith(".m4s"));
      const sessions = () => new Set(parts().map(({ path, query }) => /(?:^|&)sd_session=([^&]+)/.exec(query)?.[1] ?? /^\/~([^/]+)\//.exec(path)?.[1]));
      await viewer.until("parts come under renewed sessions", ({ size }) => size > 2, { see: sessions });
      await viewer.playOn(2);
      await isClose(viewer, own("low", player));
    }));

  test("plays low latency by delta updates that the edge makes, across discontinuities", () =>
    acrossDiscontinuities("broken", /_HLS_part=/, "delta.localhost", async (viewer) => {
      const delta = viewer.requests.find(({ query }) => /_HLS_skip=/.test(query));
      assert.match(await viewer.fetch(`${delta.path}?_HLS_skip=YES`), /^#EXT-X-SKIP:/m);
    }));

  function acrossDiscontinuities(kind, directive, site, also = async () => {}) {
    const name = own(kind, player);
    // Restarted, so that the end of the loop is near.
    stage.packager.channels[name] = new Channel(CHANNELS[kind]);
    return watch({ title: name, plan: "premium", lowLatency: true, site }, async (viewer) => {
      let before = 0;
      const wrapped = ({ number }) => number < before - 256 || void (before = number);
      await viewer.until("a discontinuity has been on screen", wrapped, { see: () => viewer.call("frame") });
      await viewer.playOn(2);
      keepsUp(viewer, name);
      blocked(name, directive);
      await also(viewer);
    });
  }
}

test("three players of one low-latency title share what is fetched for them", async () => {
  const blocking = ({ path, query }) => path.endsWith(".m3u8") && query.includes("_HLS_msn=");
  const watching = Object.keys(PLAYERS).map((player) => {
    let asked;
    const watched = stage.watch({ player, title: "shared", plan: "premium", lowLatency: true }, async (viewer) => {
      await viewer.playOn(5);
      asked = viewer.requests.filter(blocking).length;
    });
    return watched.then(() => asked);
  });
  const asked = (await Promise.all(watching)).reduce((sum, count) => sum + count);

  const fetched = stage.packager.requests.filter(({ channel }) => channel === "shared");
  const media = fetched.map(({ path }) => path).filter((path) => path.endsWith(".m4s"));
  assert.ok(media.length > 20, `${media.length} parts and segments`);
  assert.deepEqual(media.filter((path, index) => media.indexOf(path) < index), [], "fetched twice");
  // A playlist is kept only for the time of a part. A later request gets a newer one.
  const playlists = fetched.filter(blocking).length;
  assert.ok(playlists < 0.8 * asked, `${playlists} playlists for ${asked} requests`);
});

test("the edge refused nothing", async () => {
  // One refusal shows that refusals are noticed. The edge's log is read in order, with a short delay.
  const refused = await fetch(`http://localhost:${stage.edge.port}/film/360p/seg_001.m4s`);
  assert.equal(refused.status, 401);
  const { logs } = stage.edge;
  for (const end = Date.now() + 10_000; logs.length === 0; await setTimeout(50)) assert.ok(Date.now() < end, "nothing was logged");
  assert.match(logs[0].message, /session_missing/);
  assert.equal(logs.length, 1);
});

/** The picture on screen is a fresh one. */
async function isClose(viewer, name) {
  const channel = stage.packager.channels[name];
  const close = async () => between(await viewer.latency(channel), PART_MS, LOW_LATENCY_MS);
  // A player that has stalled on a loaded machine stays behind, unless the viewer returns to the live edge.
  for (let tries = 5; !(await close()); tries -= 1) {
    assert.ok(tries > 0, `${await viewer.latency(channel)} ms behind`);
    await viewer.call("goToEdge");
    await viewer.playOn(1);
  }
  keepsUp(viewer, name);
}

/** The player fetches the newest segments, and is not a whole loop behind. */
function keepsUp(viewer, name) {
  const last = Math.max(...viewer.paths().map((path) => Number(/^\d+p\/(\d+)\.\d\.m4s$/.exec(path)?.[1] ?? 0)));
  const now = stage.packager.channels[name].parts(Date.now()) / PARTS;
  assert.ok(now - last < 4, `asked for parts of ${last} last, at ${now}`);
}

/** Blocking requests reached the packager, in one spelling whatever the player's order. */
function blocked(name, directive) {
  const queries = stage.packager.requests.filter(({ channel }) => channel === name).map(({ query }) => query);
  assert.deepEqual(queries.filter((query) => !CANONICAL.test(query)), []);
  const blocking = queries.filter((query) => query.startsWith("_HLS_msn=") && directive.test(query));
  assert.ok(blocking.length > 4, `${blocking.length} blocking requests`);
}

function version(name) {
  return JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url))).version;
}

const sorted = (list) => list.toSorted((one, other) => (one < other ? -1 : 1));
const between = (number, least, most) => number >= least && number <= most;
const mod = (number, by) => ((number % by) + by) % by;

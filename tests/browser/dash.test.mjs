// Real players play the Worker's DASH: titles in each way of addressing, several periods, live, patches, and low latency.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test as nodeTest } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Channel, PARTS, PART_MS, SEGMENT_MS } from "../../demo/stack/live/channel.mjs";
import { CLOCKS, SEGMENTS, TILES } from "../players/mpd.mjs";
import { startStage } from "../players/stage.mjs";
import { grey } from "../players/tiles.mjs";

const PLAYERS = { "dash.js": "dashjs", "Shaka Player": "shaka-player" };

const FILM_S = (SEGMENTS * SEGMENT_MS) / 1000;

/** The duration of the advertisement in the middle. */
const AD_S = 6;

const LOW_LATENCY_MS = 4_000;

/** The rewind window of the plan `short`, in seconds. */
const REWIND_S = 14;

const ARABIC = /\p{Script=Arabic}/u;
const ENGLISH = /[a-z]/i;

// Each player has its own channels and titles, so that the origin's log and a blackout concern one player.
const own = (kind, player) => `${kind}-${PLAYERS[player]}`;
const KINDS = { live: {}, patched: { patches: true }, renewed: { patches: true }, capped: { patches: true }, low: { lowLatency: true } };
const eachPlayer = (make) => Object.fromEntries(Object.keys(PLAYERS).flatMap(make));

/** @type {Awaited<ReturnType<typeof startStage>>} */
let stage;
before(
  async () => {
    const plans = { premium: {}, basic: { max_height: 180 }, middle: { max_height: 360 }, short: { rewind_s: REWIND_S } };
    stage = await startStage({
      dash: {
        film: { segments: SEGMENTS },
        short: { segments: SEGMENTS / 2 },
        ...eachPlayer((player) => Object.entries(KINDS).map(([kind, options]) => [own(kind, player), { ...options, channel: new Channel() }])),
      },
      titles: {
        film: { media: "dash/film/", plans },
        cut: { media: "dash/film/", plans: { premium: {}, basic: { variance: "short" } }, variances: [{ id: "short", media: "dash/short/" }] },
        slated: { media: "dash/film/", plans: { basic: {} }, blackouts: [{ id: "derby", territories: { allow: ["*"] }, action: { slate: { media: "dash/short/" } } }] },
        ...eachPlayer((player) => Object.keys(KINDS).map((kind) => [own(kind, player), { media: `dash/${own(kind, player)}/`, plans }])),
        ...eachPlayer((player) => [[own("dark", player), { media: `dash/${own("live", player)}/`, plans }]]),
      },
    });
  },
  { timeout: 90_000 },
);
after(() => stage?.stop());

const test = (name, body) => nodeTest(name, { timeout: 180_000 }, body);

describe("DASH", { concurrency: true }, () => {
  for (const [player, of] of Object.entries(PLAYERS)) describe(`${player} ${version(of)}`, { concurrency: 2 }, () => tests(player));
});

function tests(player) {
  const watch = (wish, body) => stage.watch({ player, plan: "premium", ...wish }, body);

  for (const [addressing, site, session] of [
    ["timeline", "localhost", "path"],
    ["number", "localhost", "path"],
    ["list", "localhost", "path"],
    ["base", "localhost", "path"],
    ["base", "query.localhost", "query"],
  ]) {
    test(`plays a title to its end: ${addressing}, the session in the ${session}`, () =>
      watch({ title: "film", manifest: `${addressing}.mpd`, site }, async (viewer) => {
        assert.deepEqual(sorted(await viewer.call("heights")), [180, 360]);
        assert.equal(await viewer.call("grey", FILM_S - 1), grey(SEGMENTS - 1, TILES.columns * TILES.rows));
        await playsToItsEnd(viewer, FILM_S);
      }));
  }

  test("plays three periods, the second an advertisement, no higher than its cap", () =>
    watch({ title: "film", manifest: "periods.mpd", plan: "middle" }, async (viewer) => {
      assert.deepEqual(sorted(await viewer.call("heights")), [180, 360]);
      await viewer.call("selectSound", "ar");
      await playsToItsEnd(viewer, FILM_S + AD_S);
      const paths = viewer.paths();
      for (const part of ["ad/360p/seg_001.m4s", "ad/audio-en/seg_001.m4s", `audio-ar/t${(SEGMENTS - 1) * CLOCKS.audio.segment}.m4s`]) assert.ok(paths.includes(part), part);
      assert.ok(!paths.some((path) => path.startsWith("ad/720p/")), "the advertisement is higher than the cap");
    }));

  test("a viewer capped at 180 lines is offered no more, and fetches no more", () =>
    watch({ title: "film", manifest: "timeline.mpd", plan: "basic" }, async (viewer) => {
      assert.deepEqual(await viewer.call("heights"), [180]);
      await viewer.call("rate", 4);
      await viewer.playOn(FILM_S / 2);
      assert.equal((await viewer.state()).height, 180);
      assert.deepEqual(videoFolders(viewer), ["180p"]);
    }));

  test("changes audio and subtitles, and back", () =>
    watch({ title: "film", manifest: "timeline.mpd", plan: "basic" }, async (viewer) => {
      assert.deepEqual([sorted(await viewer.call("sound")), sorted(await viewer.call("text"))], [["ar", "en"], ["ar", "en"]]);
      for (const [language, words] of [["ar", ARABIC], ["en", ENGLISH]]) {
        await viewer.choose(language, words);
        // The title is short.
        await viewer.call("seek", 0);
      }
    }));

  for (const [title, what] of [["cut", "the cut that the viewer's plan shows"], ["slated", "what is shown in a title's place"]]) {
    test(`plays ${what}`, () => watch({ title, manifest: "number.mpd", plan: "basic" }, (viewer) => playsToItsEnd(viewer, FILM_S / 2)));
  }

  test("plays live, and changes language", () =>
    watch({ title: own("live", player), manifest: "live.mpd" }, async (viewer) => {
      const from = viewer.requests.length;
      await viewer.call("selectSound", "ar");
      await viewer.until("ar is fetched", () => viewer.paths(from).some((path) => /^audio-ar\/t\d+\.m4s$/.test(path)));
      await viewer.playOn(5);
      const asked = viewer.paths().filter((path) => path === "live.mpd");
      assert.ok(asked.length > 2, `${asked.length} MPDs were asked for`);
    }));

  test("goes back no further than its rewind window", () => {
    const oldest = channelOf("live", player).parts(Date.now()) / PARTS - (REWIND_S * 1000) / SEGMENT_MS - 1;
    return watch({ title: own("live", player), manifest: "live.mpd", plan: "short" }, async (viewer) => {
      await viewer.playOn(1);
      const { seekable } = await viewer.state();
      assert.ok(seekable[1] - seekable[0] <= REWIND_S + SEGMENT_MS / 1000, `${seekable} can be sought in`);
      const to = seekable[0] + SEGMENT_MS / 1000;
      await viewer.call("seek", to);
      await viewer.until("older pictures move", ({ time, waits }) => time > to + 0.3 && time < to + 3 && !waits);
      const asked = viewer.paths().flatMap((path) => /^\d+p\/t(\d+)\.m4s$/.exec(path)?.[1] ?? []).map((ticks) => ticks / CLOCKS.video.segment);
      assert.ok(Math.min(...asked) >= oldest, `asked for ${asked}, of ${oldest} and later`);
    });
  });

  test("plays live by patches", () =>
    watch({ title: own("patched", player), manifest: "live.mpd" }, async (viewer) => {
      const asked = (file) => stage.dash.requests.filter(({ name, path }) => name === own("patched", player) && path === file).length;
      const before = asked("live.mpd");
      await viewer.until("patches have been asked for", (count) => count > 3, { see: () => asked("live.mpp") });
      await viewer.playOn(3);
      assert.equal(asked("live.mpd"), before, "the MPD was asked for again");
    }));

  test("plays live without patches, no higher than its cap", () =>
    watch({ title: own("capped", player), manifest: "live.mpd", plan: "basic" }, async (viewer) => {
      assert.deepEqual(await viewer.call("heights"), [180]);
      await viewer.playOn(6);
      assert.deepEqual(videoFolders(viewer), ["180p"]);
      assert.ok(!viewer.paths().includes("live.mpp"), "a patch would tell of what was taken out");
    }));

  for (const [kind, site, how] of [
    ["live", "renewing.localhost", "by MPDs"],
    ["renewed", "renewing.localhost", "by patches"],
    ["renewed", "query.localhost", "by patches, the session in the query"],
  ]) {
    test(`plays live ${how}, while the session is renewed again and again`, () =>
      watch({ title: own(kind, player), manifest: "live.mpd", site }, async (viewer) => {
        const segments = () => viewer.requests.filter(({ path }) => path.endsWith(".m4s"));
        const sessions = () => new Set(segments().map(({ path, query }) => /\/~([^/]+)\/|sd_session=([^&]+)/.exec(`${path}?${query}`)?.slice(1).join("")));
        await viewer.until("segments come under renewed sessions", ({ size }) => size > 2, { see: sessions });
        await viewer.playOn(2);
        assert.equal(viewer.paths().includes("live.mpp"), kind === "renewed");
      }));
  }

  test("plays low latency, with segments that arrive while they are made", () =>
    watch({ title: own("low", player), manifest: "live.mpd", lowLatency: true }, async (viewer) => {
      const early = () => viewer.requests.filter(({ path, body_ms }) => path.endsWith(".m4s") && body_ms >= 2 * PART_MS).length;
      // A player that has stalled on a loaded machine stays behind, unless the viewer returns to the live edge.
      for (let tries = 5; ; tries -= 1) {
        await viewer.playOn(3);
        const latency = await viewer.latency(channelOf("low", player));
        if (early() > 2 && latency < LOW_LATENCY_MS) break;
        assert.ok(tries > 0, `${early()} segments came in bit by bit, and ${latency} ms behind`);
        await viewer.call("goToEdge");
      }
    }));

  test("a blackout that begins stops playback", () =>
    watch({ title: own("dark", player), manifest: "live.mpd", refusal: 403 }, async (viewer) => {
      await viewer.playOn(2);
      await stage.change(own("dark", player), { blackouts: [{ id: "derby", territories: { allow: ["*"] }, action: "deny" }] });
      await viewer.stops(403);
      const refused = viewer.requests.findIndex(({ status }) => status === 403);
      const served = viewer.requests.slice(refused).filter(({ status }) => status === 200);
      assert.deepEqual(served, [], "served during the blackout");
    }));
}

test("the edge refused nothing but what is blacked out", async () => {
  const { logs } = stage.edge;
  // The edge's log is read in order, with a short delay.
  const last = await fetch(`http://localhost:${stage.edge.port}/film/360p/0.m4s`);
  assert.equal(last.status, 401);
  for (const end = Date.now() + 10_000; !/session_missing/.test(logs.at(-1)?.message); await setTimeout(50)) assert.ok(Date.now() < end, "nothing was logged");
  assert.deepEqual(logs.slice(0, -1).filter(({ message }) => !/"blackout"/.test(message)), []);
});

async function playsToItsEnd(viewer, length_s) {
  await viewer.call("rate", 4);
  const ended = ({ time, duration }) => time >= duration - 0.5;
  const { duration, frames } = await viewer.until("the title has ended", ended, { limitMs: 60_000 });
  assert.ok(Math.abs(duration - length_s) < 0.1, `it lasts ${duration} s`);
  assert.ok(frames > 4 * length_s, `${frames} pictures were shown`);
}

const channelOf = (kind, player) => stage.dash.offers[own(kind, player)].channel;
const videoFolders = (viewer) => sorted(new Set(viewer.paths().flatMap((path) => /^(\d+p)\//.exec(path)?.[1] ?? [])));
const sorted = (list) => [...list].sort((one, other) => (one < other ? -1 : 1));

function version(name) {
  return JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url))).version;
}

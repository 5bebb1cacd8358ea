// Real players insert ads: before, within and behind titles, and in breaks of live channels. Screenshots tell what was on screen, so
// that no player is believed about its own events.
import assert from "node:assert/strict";
import { after, before, describe, test as nodeTest } from "node:test";
import { Channel, SEGMENT_MS } from "../../demo/stack/live/channel.mjs";
import { startStage } from "../players/stage.mjs";

/** Segments of a film, and its length in seconds. */
const SEGMENTS = 4;
const FILM_S = (SEGMENTS * SEGMENT_MS) / 1000;

/** Segments after which the content of the live channels begins anew. */
const LOOP_SEGMENTS = 8;

/** Where its mid-roll lies, in seconds. */
const MIDDLE_S = 4;

/** The durations of the sample ads, in seconds. */
const AMBER_S = 6;
const TEAL_S = 8;

/** How much of the beginning or the end of an ad may be missed between two screenshots, in seconds: machines may be loaded. */
const UNSEEN_S = 2.5;

/** How far from the break's own second content may be on screen, in seconds. */
const NEAR_S = 0.4;

/** hls.js shows the segment of content within which live ads end, from its beginning. */
const EARLY_S = SEGMENT_MS / 1000;

const PLAYERS = { "hls.js": "hlsjs", "Shaka Player": "shaka", "dash.js": "dashjs" };
const own = (kind, player) => `${kind}-${PLAYERS[player]}`;
const mine = (kind) => Object.keys(PLAYERS).map((player) => own(kind, player));

const LATER = { mid_rolls: { at_s: [MIDDLE_S], longest_s: 10 }, post_roll: { longest_s: 10 } };
const ROLLS = { pre_roll: { longest_s: 10 }, ...LATER };

/** @type {Awaited<ReturnType<typeof startStage>>} */
let stage;
before(
  async () => {
    const plans = { premium: {} };
    const live = [...mine("live"), ...mine("dash")];
    const campaign = (id, creatives, rest) => ({ id, creatives, ...rest });
    stage = await startStage({
      films: { film: { segments: SEGMENTS } },
      channels: Object.fromEntries(mine("live").map((name) => [name, { window_s: 60 }])),
      dash: { film: { segments: SEGMENTS }, ...Object.fromEntries(mine("dash").map((name) => [name, { channel: new Channel() }])) },
      ads: {
        policy: { insertion: { restrict: ["skip", "jump"] } },
        lost: ["broken"],
        campaigns: [
          campaign("before", ["amber"], { titles: ["film", "secret"], places: ["pre_roll"] }),
          campaign("within", ["teal"], { titles: ["film", "later", "mpd"], places: ["mid_roll"] }),
          campaign("behind", ["amber"], { titles: ["film", "later", "mpd"], places: ["post_roll"] }),
          campaign("first", ["teal"], { titles: live, priority: 2 }),
          campaign("second", ["plum"], { titles: live, priority: 1 }),
          campaign("third", ["amber"], { titles: live }),
          campaign("good", ["bumper-in"], { titles: ["bad"], priority: 3 }),
          campaign("bad", ["broken"], { titles: ["bad"], priority: 2 }),
          campaign("good-too", ["amber"], { titles: ["bad"], priority: 1 }),
        ],
      },
      titles: {
        film: { media: "film/film/", plans, ads: ROLLS },
        later: { media: "film/film/", plans, ads: LATER },
        mpd: { media: "dash/film/", plans, ads: LATER },
        bad: { media: "film/film/", plans, ads: { mid_rolls: { at_s: [MIDDLE_S], longest_s: 30 } } },
        secret: { media: "vod/harbour-aes/", plans, ads: { pre_roll: { longest_s: 10 } } },
        ...Object.fromEntries(mine("live").map((name) => [name, { media: `live/${name}/`, plans }])),
        ...Object.fromEntries(mine("dash").map((name) => [name, { media: `dash/${name}/`, plans }])),
      },
    });
  },
  { timeout: 90_000 },
);
after(() => stage?.stop());

const test = (name, body) => nodeTest(name, { timeout: 180_000 }, body);

describe("advertising", { concurrency: 4 }, () => {
  test("hls.js plays a pre-, a mid- and a post-roll, each at its second", () =>
    watch({ player: "hls.js", title: "film" }, async (viewer) => {
      const runs = await screen(viewer, (runs) => ran(runs, ["amber", "content", "teal", "content", "amber"]));
      playsWholeAds(runs);
      joinsAt(runs[1], runs[3], MIDDLE_S);
      assert.ok(runs[3].to > FILM_S - UNSEEN_S, `content ends at ${runs[3].to}`);
    }));

  // Shaka Player plays content until the list of a pre-roll has arrived, which in this short film may be up to the mid-roll.
  for (const [what, wish] of [
    ["playlists", { title: "later" }],
    ["alternative MPDs", { title: "mpd", manifest: "timeline.mpd" }],
  ]) {
    test(`Shaka Player plays a mid- and a post-roll of ${what}, each at its second`, () =>
      watch({ player: "Shaka Player", ...wish }, async (viewer) => {
        const runs = await screen(viewer, (runs) => ran(runs, ["content", "teal", "content", "amber"]));
        playsWholeAds(runs);
        joinsAt(runs[0], runs[2], MIDDLE_S);
      }));
  }

  for (const player of ["hls.js", "Shaka Player"]) {
    test(`${player} plays a clear pre-roll before AES-128`, () =>
      watch({ player, title: "secret" }, async (viewer) => {
        const isOver = async () => (await viewer.call("events")).includes("break ended");
        const [run] = await screen(viewer, isOver);
        assert.equal(run.what, "amber");
        playsWholeAds([run]);
        await viewer.until("the film plays", ({ time, frames }) => time > 1 && frames > 10);
        assert.ok(viewer.paths().includes("key.bin"));
      }));

    test(`${player} plays the rest of a pod when the files of one ad are missing`, () =>
      watch({ player, title: "bad", refusal: 404 }, async (viewer) => {
        const runs = await screen(viewer, (runs) => ran(runs, ["content", "bumper-in", "amber", "content"]));
        joinsAt(runs[0], runs[3], MIDDLE_S);
      }));

    test(`${player} plays two live breaks, and returns early from the second`, () => inLive(player, own("live", player), "master.m3u8", stage.packager.channels[own("live", player)]));
  }

  test("Shaka Player plays the alternative MPD of a live break", () =>
    watch({ player: "Shaka Player", title: own("dash", "Shaka Player"), manifest: "live.mpd" }, async (viewer) => {
      await wholeBreak(viewer, channelOfDash("Shaka Player"));
    }));

  test("dash.js plays a title past the events of its breaks", () =>
    watch({ player: "dash.js", title: "mpd", manifest: "timeline.mpd" }, async (viewer) => {
      const runs = await screen(viewer, ([run]) => run?.to > FILM_S - 1);
      assert.deepEqual(runs.map(({ what }) => what), ["content"]);
      assert.ok(!viewer.paths().some((path) => path.includes("_stagedoor/")), "a pod was asked for");
    }));

  test("dash.js plays a live channel past the events of its breaks", () =>
    watch({ player: "dash.js", title: own("dash", "dash.js"), manifest: "live.mpd" }, async (viewer) => {
      const channel = channelOfDash("dash.js");
      await viewer.playOn(1);
      const { to } = channel.openBreak(2);
      const end_s = (to * SEGMENT_MS) / 1000;
      const runs = await screen(viewer, (_, { time }) => time > end_s + 1);
      assert.deepEqual(new Set(runs.map(({ what }) => what)), new Set(["content"]));
    }));
});

const channelOfDash = (player) => stage.dash.offers[own("dash", player)].channel;

const watch = (wish, body) => stage.watch({ plan: "premium", ...wish }, body);

/** Watches a live break of 10.24 s, which one ad fills but for 2 s. Returns the runs. */
async function wholeBreak(viewer, channel) {
  await viewer.playOn(1);
  const { from } = channel.openBreak(5);
  const runs = await screen(viewer, (runs) => ran(runs, ["content", "teal", "content"]));
  playsWholeAds(runs, EARLY_S);
  const start = loopSecond(from);
  assert.ok(near(runs[0].to, start, -UNSEEN_S, NEAR_S), `content stops at ${runs[0].to} for a break at ${start}`);
  // The content goes on behind the ads, or behind the break. Shaka Player may show the picture first at which it stopped.
  const end_s = (5 * SEGMENT_MS) / 1000;
  assert.ok(near(runs[2].to, start, TEAL_S - EARLY_S - NEAR_S, end_s + UNSEEN_S), `content goes on at ${runs[2].to} after a break at ${start}`);
}

/** One break of its planned length, and one that is ended early. */
function inLive(player, title, manifest, channel) {
  return watch({ player, title, manifest }, async (viewer) => {
    await wholeBreak(viewer, channel);

    // Three ads fill it.
    const { from, planned } = channel.openBreak(12);
    await screen(viewer, (runs) => runs.at(-1)?.what === "teal");
    const { to } = channel.returnEarly();
    assert.ok(to < from + planned - 2, `from ${from} to ${to}`);
    const runs = await screen(viewer, (runs) => runs.length > 1 && runs.at(-1).what === "content" && runs.at(-1).to !== runs.at(-1).from);
    assert.match(runs.map(({ what }) => what).join(), /^teal(,plum)?,content$/);
    const start = loopSecond(to);
    assert.ok(near(runs.at(-1).to, start, -EARLY_S - NEAR_S, UNSEEN_S + 1), `content goes on at ${runs.at(-1).to}, for a return at ${start}`);
  });
}

/** The second of the loop at which a segment begins. */
const loopSecond = (segment) => ((segment % LOOP_SEGMENTS) * SEGMENT_MS) / 1000;

/** Whether a second of the loop is that far from another one, at least and at most. */
function near(second, of, least, most) {
  const loop = (LOOP_SEGMENTS * SEGMENT_MS) / 1000;
  const far = (((second - of - least) % loop) + loop) % loop;
  return far <= most - least;
}

/**
 * Watches the screen until the runs of pictures so far are enough. A run is what is seen in one go: its first and last second.
 * @param {(runs: {what: string, from: number, to: number}[], state: {time: number}) => unknown} enough
 */
async function screen(viewer, enough) {
  const runs = [];
  for (const end = Date.now() + 90_000; ; ) {
    const found = await viewer.screen();
    const run = runs.at(-1);
    if (found && run?.what === found.what) run.to = found.second;
    else if (found) runs.push({ what: found.what, from: found.second, to: found.second });
    const state = await viewer.state();
    assert.deepEqual(state.errors, [], `the player gave up after ${JSON.stringify(runs)}`);
    if (await enough(runs, state)) return runs;
    if (Date.now() > end) throw new Error(`waited 90 s, and saw ${JSON.stringify(runs)}`);
  }
}

/**
 * Whether the screen has shown these in this order, the last of them up to its end or for a second. Shaka Player shows content until
 * the list of a pre-roll has arrived: that run is taken out.
 */
function ran(runs, wanted) {
  const isEarly = wanted[0] !== "content" && runs[0]?.what === "content" && runs[0].to < MIDDLE_S - NEAR_S;
  if (isEarly && runs.length === 1) return false;
  if (isEarly) runs.shift();
  const { what, from, to } = runs.at(-1) ?? {};
  const duration = { amber: AMBER_S, teal: TEAL_S }[what];
  // Content of a live channel begins anew after a loop.
  const far = duration ? to > duration - UNSEEN_S : Math.abs(to - from) > 1;
  const shown = runs.map((run) => run.what);
  if (shown.length > wanted.length || shown.some((what, index) => what !== wanted[index])) throw new Error(`expected ${wanted}, found ${JSON.stringify(runs)}`);
  return shown.length === wanted.length && far;
}

/** Each ad was seen from its beginning to its end, or so many seconds before. */
function playsWholeAds(runs, early_s = 0) {
  for (const { what, from, to } of runs) {
    const duration = { amber: AMBER_S, teal: TEAL_S }[what];
    if (duration) assert.ok(from < UNSEEN_S && to > duration - early_s - UNSEEN_S, `${what} was seen from second ${from} to ${to}`);
  }
}

/** Content stops at the second of a break, and goes on there. */
function joinsAt(before, after, second) {
  assert.ok(before.to < second + NEAR_S && before.to > second - UNSEEN_S, `content stops at ${before.to} for a break at ${second}`);
  assert.ok(after.from > second - NEAR_S && after.from < second + UNSEEN_S, `content goes on at ${after.from} after a break at ${second}`);
}

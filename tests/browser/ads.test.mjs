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
const DURATIONS = { amber: 6, teal: 8, plum: 10 };

/** How far from the break's own second content may be on screen, and how much of an ad may be left out, in seconds. */
const NEAR_S = 1;

/** How long after an early return a loaded machine may show an ad, in seconds: half of what is left of the break, at most. */
const LATE_S = 4;

/** hls.js shows the segment of content within which live ads end, from its beginning. */
const EARLY_S = SEGMENT_MS / 1000;

/** How long the list of a slow break takes, in milliseconds. */
const SLOW_MS = 2_000;

/** The tracking events of an ad that is played to its end, by players that send them. */
const EVENTS = ["impression", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete"].map((event) => `GET ${event}`);

const PLAYERS = { "hls.js": "hlsjs", "Shaka Player": "shaka", "dash.js": "dashjs" };
const own = (kind, player) => `${kind}-${PLAYERS[player]}`;
const mine = (kind) => Object.keys(PLAYERS).map((player) => own(kind, player));

const ROLLS = { pre_roll: { longest_s: 10 }, mid_rolls: { at_s: [MIDDLE_S], longest_s: 10 }, post_roll: { longest_s: 10 } };

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
          campaign("before", ["amber"], { titles: ["film", "mpd", "secret"], places: ["pre_roll"] }),
          campaign("within", ["teal"], { titles: ["film", "mpd"], places: ["mid_roll"] }),
          campaign("behind", ["amber"], { titles: ["film", "mpd"], places: ["post_roll"] }),
          campaign("first", ["teal"], { titles: live, priority: 2 }),
          campaign("second", ["plum"], { titles: live, priority: 1 }),
          campaign("third", ["amber"], { titles: live, frequency: { per_break: 7 } }),
          campaign("good", ["bumper-in"], { titles: ["bad"], priority: 3 }),
          campaign("bad", ["broken"], { titles: ["bad"], priority: 2 }),
          campaign("good-too", ["amber"], { titles: ["bad"], priority: 1 }),
        ],
      },
      titles: {
        film: { media: "film/film/", plans, ads: ROLLS },
        mpd: { media: "dash/film/", plans, ads: ROLLS },
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

describe("advertising", { concurrency: 3 }, () => {
  for (const [what, wish, events] of [
    ["hls.js plays a pre-, a mid- and a post-roll", { player: "hls.js", title: "film", lists_ms: SLOW_MS }, []],
    ["Shaka Player plays a pre-, a mid- and a post-roll of playlists", { player: "Shaka Player", title: "film", lists_ms: SLOW_MS }, EVENTS],
    ["Shaka Player plays a pre-, a mid- and a post-roll of alternative MPDs", { player: "Shaka Player", title: "mpd", manifest: "timeline.mpd" }, EVENTS],
  ]) {
    test(`${what}, each at its second`, () =>
      watch(wish, async (viewer) => {
        const rolls = ["amber", "content", "teal", "content", "amber"];
        const isOver = async () => (await ended(viewer)) === 3;
        const runs = await screen(viewer, async (runs) => ran(runs, rolls) || (runs.length === rolls.length && (await isOver())));
        playsWholeAds(runs, { left_s: (Date.now() - viewer.sawAt) / 1000 });
        const [, content, ad, rest, last] = runs;
        joinsAt([content, ad, rest], MIDDLE_S);
        assert.ok(rest.to + last.unseen_s > FILM_S - NEAR_S, `content ends at ${rest.to}`);
        const sent = viewer.beacons.filter(({ ad }) => ad === "teal").map(({ method, event }) => `${method} ${event}`);
        assert.deepEqual(sent, events);
      }));
  }

  for (const player of ["hls.js", "Shaka Player"]) {
    test(`${player} plays a clear pre-roll before AES-128`, () =>
      watch({ player, title: "secret" }, async (viewer) => {
        const runs = await screen(viewer, async () => (await ended(viewer)) === 1);
        assert.deepEqual(runs.map(({ what }) => what), ["amber"]);
        playsWholeAds(runs, { left_s: (Date.now() - viewer.sawAt) / 1000 });
        await viewer.until("the film plays", ({ time, frames }) => time > 1 && frames > 10);
        assert.ok(viewer.paths().includes("key.bin"));
      }));

    test(`${player} plays the rest of a pod when the files of one ad are missing`, () =>
      watch({ player, title: "bad", refusal: 404 }, async (viewer) => {
        const runs = await screen(viewer, (runs) => ran(runs, ["content", "bumper-in", "amber", "content"]));
        const [content, ad, , rest] = runs;
        joinsAt([content, ad, rest], MIDDLE_S);
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

/** How many breaks have ended, as the player says. */
const ended = async (viewer) => (await viewer.call("events")).filter((event) => event === "break ended").length;

const watch = (wish, body) => stage.watch({ plan: "premium", ...wish }, body);

/** Watches a live break of 10.24 s, which one ad fills but for 2 s. */
async function wholeBreak(viewer, channel) {
  await viewer.playOn(1);
  const { from } = channel.openBreak(5);
  const runs = await screen(viewer, (runs) => ran(runs, ["content", "teal", "content"]));
  playsWholeAds(runs, { early_s: EARLY_S });
  const start = loopSecond(from);
  const [content, ad, { moved }] = runs;
  assert.ok(near(content.to, start, -NEAR_S - ad.unseen_s, NEAR_S), `content stops at ${content.to} for a break at ${start}`);
  // The content goes on behind the ads, or behind the break.
  const end_s = (5 * SEGMENT_MS) / 1000;
  assert.ok(near(moved.second, start, DURATIONS.teal - EARLY_S - NEAR_S, end_s + NEAR_S + moved.unseen_s), `content goes on at ${JSON.stringify(moved)} after a break at ${start}`);
}

/** One break of its planned length, and one that is ended early. */
function inLive(player, title, manifest, channel) {
  return watch({ player, title, manifest }, async (viewer) => {
    await wholeBreak(viewer, channel);

    // Nine ads fill a minute, so that also a viewer who is far behind sees the return before they end.
    await viewer.call("goToEdge");
    await viewer.playOn(1);
    const { from, planned } = channel.openBreak(30);
    await screen(viewer, (runs) => runs.at(-1)?.what === "teal");
    const { to } = channel.returnEarly();
    assert.ok(((from + planned - to) * SEGMENT_MS) / 1000 > 2 * LATE_S, `from ${from} to ${to}`);
    const runs = await screen(viewer, (runs) => runs.length > 1 && runs.at(-1).what === "content" && runs.at(-1).moved);
    assert.match(runs.map(({ what }) => what).join(), /^teal(,plum(,amber)?)?,content$/);
    const start = loopSecond(to);
    const { moved } = runs.at(-1);
    assert.ok(near(moved.second, start, -EARLY_S - NEAR_S, LATE_S + moved.unseen_s), `content goes on at ${JSON.stringify(moved)} for a return at ${start}`);
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
 * @typedef {object} Run what is seen in one go
 * @property {string} what
 * @property {number} from the second of its first picture
 * @property {number} to the second of its last picture
 * @property {number} unseen_s the time between the last picture of the run before, and the first one of this: nobody saw what they showed
 * @property {{second: number, unseen_s: number}} [moved] the first picture after which the run moves, and the time since the run
 *   before: Shaka Player may show the picture first at which the content stopped
 */

/**
 * Watches the screen until the runs of pictures so far are enough.
 * @param {(runs: Run[], state: {time: number}) => unknown} enough
 */
async function screen(viewer, enough) {
  const runs = [];
  let since = viewer.sawAt;
  for (const end = Date.now() + 90_000; ; ) {
    const sawAt = viewer.sawAt;
    const found = await viewer.screen();
    const run = runs.at(-1);
    if (found && run?.what === found.what) {
      run.to = found.second;
      if (found.second !== run.from) run.moved ??= { second: found.second, unseen_s: (Date.now() - since) / 1000 };
    } else if (found) {
      since = sawAt;
      runs.push({ what: found.what, from: found.second, to: found.second, unseen_s: (Date.now() - since) / 1000 });
    }
    const state = await viewer.state();
    assert.deepEqual(state.errors, [], `the player gave up after ${JSON.stringify(runs)}`);
    if (await enough(runs, state)) return runs;
    if (Date.now() > end) throw new Error(`waited 90 s, and saw ${JSON.stringify(runs)}`);
  }
}

/**
 * Whether the screen has shown these in this order, the last of them up to its end or for a second. Shaka Player may show the first
 * picture of the content before a pre-roll: that run is taken out.
 */
function ran(runs, wanted) {
  const isEarly = wanted[0] !== "content" && runs[0]?.what === "content" && runs[0].to < NEAR_S;
  if (isEarly && runs.length === 1) return false;
  if (isEarly) runs.shift();
  const shown = runs.map((run) => run.what);
  // What follows the last of them shows that it has ended.
  const isOver = shown.length === wanted.length + 1 && shown.at(-1) === "content";
  if ((shown.length > wanted.length && !isOver) || shown.some((what, index) => index < wanted.length && what !== wanted[index])) {
    throw new Error(`expected ${wanted}, found ${JSON.stringify(runs)}`);
  }
  if (shown.length < wanted.length) return false;
  const { what, from, to } = runs[wanted.length - 1];
  // Content of a live channel begins anew after a loop.
  return isOver || (DURATIONS[what] ? to > DURATIONS[what] - NEAR_S : Math.abs(to - from) > 1);
}

/** Each ad was on screen from its beginning to its end, or so many seconds before, as far as screenshots tell. */
function playsWholeAds(runs, { early_s = 0, left_s = 0 } = {}) {
  for (const [index, { what, from, to, unseen_s }] of runs.entries()) {
    const after_s = runs[index + 1]?.unseen_s ?? left_s;
    const isWhole = from - unseen_s < NEAR_S && to + after_s > DURATIONS[what] - early_s - NEAR_S;
    if (DURATIONS[what]) assert.ok(isWhole, `${what} was seen from second ${from} to ${to}: ${JSON.stringify(runs)}`);
  }
}

/** Content stops at the second of a break, and goes on there after the ads. @param {Run[]} runs the content, the first ad, and the content again */
function joinsAt([before, ad, after], second) {
  const stops = before.to < second + NEAR_S && before.to + ad.unseen_s > second - NEAR_S;
  assert.ok(stops, `content stops at ${before.to} for a break at ${second}`);
  const goesOn = after.from > second - NEAR_S && after.from - after.unseen_s < second + NEAR_S;
  assert.ok(goesOn, `content goes on at ${after.from} after a break at ${second}`);
}

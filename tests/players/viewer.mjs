// A viewer with one of the players, and the browser's requests to the edge.
import assert from "node:assert/strict";
import { seen } from "./seen.mjs";

/** The time limit for a step, in milliseconds; machines may be loaded. */
const STEP_MS = 30_000;

const POLL_MS = 100;

const SESSION = /^\/~[A-Za-z0-9_-]{100}\//;

/** The place of the session in a request, by the site's way of signing. */
const SIGNED = { path: ({ path }) => SESSION.test(path), query: ({ query }) => /(^|&)sd_session=[A-Za-z0-9_-]{100}(&|$)/.test(query) };

export class Viewer {
  #edge;
  #signing;
  #url = null;

  /**
   * Requests to the edge, oldest first. `status` is null until the reply, and `body_ms`, the time that the body took, is null
   * until its end.
   * @type {{path: string, query: string, status: number | null, failure: string | null, body_ms: number | null}[]}
   */
  requests = [];

  /** The tracking events of ads that the player sent, oldest first. @type {{ad: string, event: string, method: string}[]} */
  beacons = [];

  /** The time before the last screenshot that showed a picture, or, before the first, at which nothing played yet. */
  sawAt = 0;

  /** @param {import("playwright-core").Page} tab @param {keyof typeof SIGNED} signing */
  constructor(tab, edge, signing = "path") {
    this.tab = tab;
    this.#edge = edge;
    this.#signing = signing;
    tab.setDefaultTimeout(STEP_MS);
    const known = new Map();
    tab.on("request", (request) => {
      const url = new URL(request.url());
      const event = /^\/beacon\/(.+)$/.exec(url.pathname)?.[1];
      if (event) this.beacons.push({ ad: url.searchParams.get("ad"), event, method: request.method() });
      if (url.origin !== edge) return;
      const entry = { path: url.pathname, query: url.search.slice(1), status: null, failure: null, body_ms: null };
      known.set(request, entry);
      this.requests.push(entry);
    });
    tab.on("response", (response) => {
      const entry = known.get(response.request());
      if (entry) entry.status = response.status();
    });
    tab.on("requestfinished", (request) => {
      const entry = known.get(request);
      const { responseStart, responseEnd } = request.timing();
      if (entry) entry.body_ms = responseEnd - responseStart;
    });
    tab.on("requestfailed", (request) => {
      const entry = known.get(request);
      if (entry) entry.failure = request.failure().errorText;
    });
  }

  /** Opens the page, and a title with a player. */
  async open(page, { player, url, lowLatency }) {
    this.#url = url;
    await this.tab.goto(page);
    await this.tab.locator("body[data-ready]").waitFor();
    await this.tab.evaluate((wish) => void window.begin(wish), { player, url: this.#edge + url, lowLatency });
    await this.tab.waitForFunction(() => window.viewer ?? window.failure);
    const failure = await this.tab.evaluate(() => window.failure);
    if (failure) throw new Error(`${player} did not begin: ${failure}`);
    this.sawAt = Date.now();
    const progress = async () => {
      const before = Date.now();
      const found = await this.call("progress");
      if (found.time === 0) this.sawAt = before;
      return found;
    };
    await this.until("pictures move", ({ time, frames }) => time > 0 && frames > 0, { see: progress });
  }

  /** Lets requests wait. @param {string} pattern of their URLs */
  async delay(pattern, ms) {
    await this.tab.route(pattern, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      // The page may have been closed meanwhile.
      await route.continue().catch(() => {});
    });
  }

  /** Calls an adapter: see tests/players/page/open.mjs. */
  call(name, ...args) {
    return this.tab.evaluate(([name, args]) => window.viewer[name](...args), [name, args]);
  }

  state = () => this.call("state");

  /** Waits until the player's state, or the result of `see`, passes the check. @param {(found: object) => unknown} check runs here */
  async until(what, check, { limitMs = STEP_MS, see = this.state } = {}) {
    const end = Date.now() + limitMs;
    for (;;) {
      const found = await see();
      const { errors } = await this.state();
      assert.deepEqual(errors, [], `the player gave up while ${what} was waited for`);
      if (check(found)) return found;
      if (Date.now() > end) throw new Error(`waited ${limitMs / 1000} s until ${what}, in vain: ${JSON.stringify(found)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Plays for a duration in media time, with new frames and audio. */
  async playOn(seconds) {
    const from = await this.state();
    const moved = ({ time, frames, heard }) => time >= from.time + seconds && frames > from.frames + seconds && heard > from.heard;
    return this.until(`${seconds} s more have played`, moved, { limitMs: STEP_MS + 2_000 * seconds });
  }

  /** Selects languages, and waits until they play. @param {RegExp} words of a cue */
  async choose(language, words) {
    const from = this.requests.length;
    await this.call("selectSound", language);
    await this.call("selectText", language);
    // Subtitles in one file are fetched once.
    const asked = (kind, from) => this.paths(from).some((path) => path.startsWith(`${kind}-${language}`) && /\.(m4s|vtt)$/.test(path));
    await this.until(`${language} is fetched`, () => asked("audio", from) && asked("text", 0));
    await this.until(`${language} is read`, (cues) => cues.some((cue) => words.test(cue)), { see: () => this.call("cues") });
    await this.playOn(1);
  }

  /** The delay of the picture on screen, in milliseconds. @param {import("../../demo/stack/live/channel.mjs").Channel} channel */
  async latency(channel) {
    const { number, at } = await this.call("frame");
    return channel.age(number, at);
  }

  /** Waits until playback has stopped because its requests are refused. @param {number} refusal the status */
  async stops(refusal) {
    const stopped = ({ waits }) => waits && this.requests.some(({ status }) => status === refusal);
    for (const end = Date.now() + STEP_MS; !stopped(await this.state()); ) {
      assert.ok(Date.now() < end, `plays on after ${STEP_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** All requests followed from the entry, under its session, and none was refused except with this status. */
  wasServedWell(refusal = null) {
    const [entry, ...below] = this.requests;
    assert.equal(`${entry.path}?${entry.query}`, this.#url);
    for (const request of below) {
      const { path, query, status, failure } = request;
      assert.ok(SIGNED[this.#signing](request), `a request without its session: ${path}?${query}`);
      assert.doesNotMatch(query, /(^|&)token=/);
      assert.ok(status === null || status < 400 || status === refusal, `${path}?${query} was answered with ${status}`);
      // Players abort requests that they no longer need.
      assert.ok([null, "net::ERR_ABORTED"].includes(failure), `${path}?${query}: ${failure}`);
    }
  }

  /** The paths of requests, below the session and the title. */
  paths(from = 0) {
    return this.requests.slice(from).map(({ path }) => path.replace(SESSION, "/").replace(/^\/[^/]+\//, ""));
  }

  /** The page's own request to the edge. */
  fetch(path) {
    return this.tab.evaluate(async (url) => (await fetch(url)).text(), this.#edge + path);
  }

  /** What a screenshot shows: see seen.mjs. The page has the picture in 640 by 360 pixels, and the fields along its bottom. */
  async screen() {
    const before = Date.now();
    const found = seen(await this.tab.screenshot({ clip: { x: 0, y: 315, width: 640, height: 45 } }));
    if (found) this.sawAt = before;
    return found;
  }

  picture(path) {
    return this.tab.screenshot({ path });
  }

  /** The last events, for a failed test. */
  async report() {
    const state = await this.state().catch((error) => error.message);
    const last = this.requests.slice(-15).map(({ path, query, status }) => `  ${status} ${path.replace(SESSION, "/~/")}?${query}`);
    return `${JSON.stringify(state)}\n${last.join("\n")}`;
  }
}

// Somebody who watches with one of the players, and what their browser asks the edge for.
import assert from "node:assert/strict";

/** How long a step may take, in milliseconds: machines are loaded at times. */
const STEP_MS = 30_000;

const POLL_MS = 100;

const SESSION = /^\/~[A-Za-z0-9_-]{100}\//;

export class Viewer {
  #edge;
  #url = null;

  /** Requests to the edge, oldest first; `status` is null until there is a reply. @type {{path: string, query: string, status: number | null, failure: string | null}[]} */
  requests = [];

  /** @param {import("playwright-core").Page} tab */
  constructor(tab, edge) {
    this.tab = tab;
    this.#edge = edge;
    tab.setDefaultTimeout(STEP_MS);
    const known = new Map();
    tab.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== edge) return;
      const entry = { path: url.pathname, query: url.search.slice(1), status: null, failure: null };
      known.set(request, entry);
      this.requests.push(entry);
    });
    tab.on("response", (response) => {
      const entry = known.get(response.request());
      if (entry) entry.status = response.status();
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
    await this.until("pictures move", ({ frames, time }) => frames > 0 && time > 0);
  }

  /** Calls what the player offers: see tests/players/page/open.mjs. */
  call(name, ...args) {
    return this.tab.evaluate(([name, args]) => window.viewer[name](...args), [name, args]);
  }

  state = () => this.call("state");

  /** Waits until the state is so, or what `see` finds in its place. @param {(found: object) => unknown} check runs here */
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

  /** Plays on for so long, by the media's time, with new pictures and sound. */
  async playOn(seconds) {
    const from = await this.state();
    const moved = ({ time, frames, heard }) => time >= from.time + seconds && frames > from.frames + seconds && heard > from.heard;
    return this.until(`${seconds} s more have played`, moved, { limitMs: STEP_MS + 2_000 * seconds });
  }

  /** Chooses languages, and waits until they are heard and read. @param {RegExp} words of a cue */
  async choose(language, words) {
    const from = this.requests.length;
    await this.call("selectSound", language);
    await this.call("selectText", language);
    const asked = (folder) => this.paths(from).some((path) => path.startsWith(`${folder}-${language}/`) && /\.(m4s|vtt)$/.test(path));
    await this.until(`${language} is fetched`, () => asked("audio") && asked("text"));
    await this.until(`${language} is read`, (cues) => cues.some((cue) => words.test(cue)), { see: () => this.call("cues") });
    await this.playOn(1);
  }

  /** How far the picture on screen is behind its taking, in milliseconds. @param {import("./channel.mjs").Channel} channel */
  async latency(channel) {
    const { number, at } = await this.call("frame");
    return channel.age(number, at);
  }

  /** Everything that was asked for came from the entry, under its session, and nothing was refused. */
  wasServedWell() {
    const [entry, ...below] = this.requests;
    assert.equal(`${entry.path}?${entry.query}`, this.#url);
    for (const { path, query, status, failure } of below) {
      assert.match(path, SESSION, "a request without its session");
      assert.doesNotMatch(query, /token=/);
      assert.ok(status === null || status < 400, `${path}?${query} was answered with ${status}`);
      // Players end requests that they need no more.
      assert.ok([null, "net::ERR_ABORTED"].includes(failure), `${path}?${query}: ${failure}`);
    }
  }

  /** The paths of requests, below the session and the title. */
  paths(from = 0) {
    return this.requests.slice(from).map(({ path }) => path.replace(SESSION, "/").replace(/^\/[^/]+\//, ""));
  }

  /** What the page itself gets from the edge. */
  fetch(path) {
    return this.tab.evaluate(async (url) => (await fetch(url)).text(), this.#edge + path);
  }

  picture(path) {
    return this.tab.screenshot({ path });
  }

  /** What happened last, for a test that failed. */
  async report() {
    const state = await this.state().catch((error) => error.message);
    const last = this.requests.slice(-15).map(({ path, query, status }) => `  ${status} ${path.replace(SESSION, "/~/")}?${query}`);
    return `${JSON.stringify(state)}\n${last.join("\n")}`;
  }
}

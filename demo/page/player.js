// The player: shows the offered qualities, the playback, and refusals. HlsPlayback and DashPlayback do the playing.
import { DashPlayback } from "./dash-playback.js";
import { HlsPlayback } from "./hls-playback.js";
import { problemOf } from "./requests.js";
import { sessionEnd } from "./tokens.js";
import { $, duration, element } from "./words.js";

const STATUS_TEXT = { 400: "Bad request", 401: "Unauthorized", 403: "Forbidden", 404: "Not found", 502: "Bad gateway", 504: "Gateway timeout" };

/** A short buffer, so that the end of a session or a change of quality is visible soon. */
const AHEAD_S = 12;

/**
 * A playback starts from an Opening. It has `stop()`, and `selectQuality`, `selectAudio` and `selectSubtitles`, each of
 * which takes an index into the last reported list; -1 is automatic, or off.
 *
 * @typedef {{name?: string, lang?: string}} Track
 * @typedef {{
 *   offered: (levels: {width: number, height: number, bitrate: number}[]) => void,
 *   playing: (level: number) => void,
 *   audio: (tracks: Track[], selected: number) => void,
 *   subtitles: (tracks: Track[], selected: number) => void,
 *   requested: (request: {url: string, kind: string, status: number, bytes: number, ms: number, body: unknown}) => void,
 *   failed: (failure: {reason: string, title: string, detail: string}) => void,
 * }} Listener
 * @typedef {{url: string, headers: Record<string, string>, aheadS: number, video: HTMLVideoElement, on: Listener}} Opening
 */
const PLAYBACKS = { hls: HlsPlayback, dash: DashPlayback };

export class Player {
  #playback = null;
  #requests;
  #levels = [];
  #sessionEnds = null;
  #denial = null;

  /** @param {import("./requests.js").Requests} requests */
  constructor(requests) {
    this.#requests = requests;
    setInterval(() => this.#showSession(), 500);
    $("video").addEventListener("playing", () => this.#playback && this.#state("playing"));
    for (const [id, select] of [["quality", "selectQuality"], ["audio", "selectAudio"], ["subtitles", "selectSubtitles"]]) {
      $(id).addEventListener("change", (event) => this.#playback[select](Number(event.target.value)));
    }
  }

  /** Opens an entry URL, in a format, as a viewer in a country. */
  play({ url, format, country }) {
    this.stop();
    // Late events of a stopped playback are ignored.
    const current = (hear) => (...news) => this.#playback === playback && hear(...news);
    const playback = new PLAYBACKS[format]({
      url,
      // For the demo only, since it costs each request a preflight. In production the edge knows the country.
      headers: { "Stagedoor-Geography": country },
      aheadS: AHEAD_S,
      video: $("video"),
      on: {
        offered: current((levels) => this.#showLevels(levels)),
        playing: current((level) => this.#showPlaying(level)),
        audio: current((tracks, selected) => fill("audio", tracks.map(named), selected)),
        subtitles: current((tracks, selected) => fill("subtitles", ["Off", ...tracks.map(named)], selected, -1)),
        requested: current((request) => this.#requested(request)),
        // The refusal is known when its request has ended, which may be shortly after the error.
        failed: (failure) => setTimeout(current(() => this.deny(this.#denial ?? failure))),
      },
    });
    this.#playback = playback;
    $("stage").scrollIntoView({ block: "nearest" });
    // If the browser requires a gesture first, the viewer uses the controls.
    $("video").play().catch(() => {});
  }

  /** Clears the stage for the next viewer. */
  stop() {
    this.#playback?.stop();
    this.#playback = null;
    this.#denial = null;
    this.#sessionEnds = null;
    $("denial").hidden = true;
    for (const id of ["quality", "audio", "subtitles"]) fill(id, [], -1);
    for (const id of ["offered", "playing", "session"]) $(id).textContent = "–";
    this.#state("loading");
  }

  /** Shows a refusal or a fault. */
  deny({ status, reason, title, detail }) {
    this.stop();
    this.#state("denied");
    $("denial-status").textContent = [status, STATUS_TEXT[status]].filter(Boolean).join(" ");
    $("denial-reason").textContent = reason;
    $("denial-title").textContent = title;
    $("denial-detail").textContent = detail;
    $("denial").hidden = false;
    $("stage").scrollIntoView({ block: "nearest" });
  }

  /** Remembers a refusal, which tells a viewer more than the player's own error. */
  #requested({ body, ...request }) {
    const { url, status } = request;
    this.#requests.add(request);
    this.#sessionEnds = sessionEnd(new URL(url)) ?? this.#sessionEnds;
    if (status >= 400) this.#denial = problemOf(status, body);
  }

  #showLevels(levels) {
    this.#levels = levels;
    const heights = levels.map(({ height }) => `${height}p`);
    $("offered").replaceChildren(...heights.map((height) => element("span", height, { class: "chip" })));
    fill("quality", ["Automatic", ...heights], -1, -1);
  }

  #showPlaying(index) {
    const level = this.#levels[index];
    if (!level) return;
    $("playing").textContent = `${level.width} × ${level.height}, ${Math.round(level.bitrate / 1000)} kbit/s`;
    [...$("offered").children].forEach((chip, at) => chip.classList.toggle("current", at === index));
  }

  #showSession() {
    if (this.#sessionEnds === null) return;
    const left = (this.#sessionEnds - Date.now()) / 1000;
    $("session").textContent = left > 0 ? duration(left) : "ended";
  }

  #state(state) {
    $("stage").dataset.state = state;
    $("hint").textContent = state === "loading" ? "Asking the edge …" : "Choose a viewer and press Play.";
  }
}

/** A track's name, or its language's own name. */
function named({ name, lang }) {
  if (!lang) return name;
  return `${name ?? new Intl.DisplayNames([lang], { type: "language" }).of(lang)} (${lang})`;
}

/** Fills a selector; the values count from `first`. */
function fill(id, names, selected, first = 0) {
  const options = names.map((name, index) => element("option", name, { value: index + first, dir: "auto" }));
  $(id).replaceChildren(...options);
  $(id).disabled = names.length === 0;
  if (names.length) $(id).value = selected;
}

// The player: shows the offered qualities, the playback, and refusals. HlsPlayback and DashPlayback do the playing.
import { DashPlayback } from "./dash-playback.js";
import { HlsPlayback } from "./hls-playback.js";
import { REFUSED, problemOf } from "./requests.js";
import { sessionEnd } from "./tokens.js";
import { $, duration, element, marked, sentence } from "./words.js";

const STATUS_TEXT = { 400: "Bad request", 401: "Unauthorized", 403: "Forbidden", 404: "Not found", 502: "Bad gateway", 504: "Gateway timeout" };

/** A short buffer, so that the end of a session or a change of quality is visible soon. */
const AHEAD_S = 12;

/**
 * A playback starts from an Opening. It has `stop()`, and `selectQuality`, `selectAudio` and `selectSubtitles`, each of
 * which takes an index into the last reported list; -1 is automatic, or off. `behindS` is how long ago the picture was live, in
 * seconds, or null.
 *
 * @typedef {{name?: string, lang?: string}} Track
 * @typedef {{
 *   offered: (levels: {width: number, height: number, bitrate: number}[]) => void,
 *   playing: (level: number) => void,
 *   audio: (tracks: Track[], selected: number) => void,
 *   subtitles: (tracks: Track[], selected: number) => void,
 *   requested: (request: import("./requests.js").Request & {body: unknown}) => void,
 *   failed: (failure: {reason: string, title: string, detail: string}) => void,
 *   ads: import("./hls-ads.js").Listener | null,
 * }} Listener
 * @typedef {{url: string, headers: Record<string, string>, aheadS: number, video: HTMLVideoElement, on: Listener}} Opening
 */
export const PLAYBACKS = { hls: HlsPlayback, dash: DashPlayback };

export class Player {
  #playback = null;
  #on;
  #levels = [];
  #sessionEnds = null;
  #denial = null;

  /**
   * @param {{requested: (request: import("./requests.js").Request) => void, denied: (problem: object) => void,
   *          ads: import("./hls-ads.js").Listener}} on
   *   `requested` hears of each finished request, `denied` of a refusal after it is shown, with the refused `url` if there is one
   */
  constructor(on) {
    this.#on = on;
    setInterval(() => this.#showClocks(), 500);
    $("video").addEventListener("playing", () => {
      if (!this.#playback) return;
      this.#showClocks();
      this.#state("playing");
    });
    for (const [id, select] of [["quality", "selectQuality"], ["audio", "selectAudio"], ["subtitles", "selectSubtitles"]]) {
      $(id).addEventListener("change", (event) => this.#playback[select](Number(event.target.value)));
    }
  }

  /** Whether something plays, or is about to. */
  get isOn() {
    return ["loading", "playing"].includes($("stage").dataset.state);
  }

  /** Empties the stage, and tells why. */
  clear(hint) {
    this.#stop();
    this.#state("idle", hint);
  }

  /** Shows that something is about to play. */
  load() {
    this.#stop();
    this.#state("loading", "Asking the edge …");
    bringIntoView();
  }

  /** Opens an entry URL, in a format, as a viewer in a country. */
  play({ url, format, country }) {
    this.#stop();
    // Late events of a stopped playback are ignored.
    const current = (hear) => (...news) => this.#playback === playback && hear(...news);
    // A refusal is known when its request has ended, which may be shortly after the player's own error.
    const end = (failure) => setTimeout(current(() => this.deny(this.#denial ?? failure)));
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
        requested: current((request) => {
          this.#requested(request);
          // Every later request would be refused too. hls.js would try other qualities, and play until its buffer is empty.
          if (REFUSED.includes(request.status)) end();
        }),
        failed: (failure) => end(failure),
        ads: Object.fromEntries(Object.entries(this.#on.ads).map(([name, hear]) => [name, current(hear)])),
      },
    });
    this.#playback = playback;
    // If the browser requires a gesture first, the viewer uses the controls.
    $("video").play().catch(() => {});
  }

  /** Shows a refusal or a fault. */
  deny(problem) {
    const { status, reason, title, detail } = problem;
    const moment = this.#moment();
    this.#stop();
    this.#state("denied");
    $("denial-status").textContent = [status, STATUS_TEXT[status]].filter(Boolean).join(" ");
    $("denial-reason").textContent = reason;
    $("denial-title").textContent = title;
    $("denial-detail").replaceChildren(...marked(sentence(detail ?? "")));
    $("denial-moment").textContent = moment;
    $("denial").hidden = false;
    bringIntoView();
    this.#on.denied(problem);
  }

  /** The moment in which a playback is refused, in words. */
  #moment() {
    const { currentTime, duration: length, buffered } = $("video");
    if (!currentTime) return "";
    const ahead = buffered.length ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
    const film = this.#playback?.behindS === null ? `The film stood at ${duration(currentTime)} of ${duration(length)}. ` : "";
    return `${film}The page stopped the player, which had ${ahead.toFixed(0)} s more in its buffer.`;
  }

  /** Ends the playback, and forgets what was shown of it. */
  #stop() {
    this.#playback?.stop();
    this.#playback = null;
    this.#denial = null;
    this.#sessionEnds = null;
    $("denial").hidden = true;
    for (const id of ["quality", "audio", "subtitles"]) fill(id, [], -1);
    for (const id of ["offered", "playing", "session"]) $(id).textContent = "–";
  }

  /** Remembers a refusal, which tells a viewer more than the player's own error. */
  #requested({ body, ...request }) {
    const { url, status } = request;
    this.#on.requested(request);
    this.#sessionEnds = sessionEnd(new URL(url)) ?? this.#sessionEnds;
    if (status >= 400) this.#denial = { url, ...problemOf(status, body) };
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

  #showClocks() {
    const behind = this.#playback?.behindS ?? null;
    $("behind").parentElement.hidden = behind === null;
    if (behind !== null) $("behind").textContent = `${behind.toFixed(1)} s`;
    if (this.#sessionEnds === null) return;
    const left = (this.#sessionEnds - Date.now()) / 1000;
    $("session").textContent = left > 0 ? duration(left) : "ended";
  }

  #state(state, hint = "") {
    $("stage").dataset.state = state;
    $("hint").textContent = hint;
  }
}

/** Scrolls to the player, unless its picture is in view. */
function bringIntoView() {
  const { top, bottom } = $("screen").getBoundingClientRect();
  if (top < 0 || bottom > window.innerHeight) $("stage").scrollIntoView();
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

// The player: hls.js through the edge, what it offers and what it plays.
import Hls from "/hls.js";
import { kindOf } from "./requests.js";
import { sessionEnd } from "./tokens.js";
import { $, duration, element } from "./words.js";

const STATUS_TEXT = { 400: "Bad request", 401: "Unauthorized", 403: "Forbidden", 404: "Not found", 502: "Bad gateway", 504: "Gateway timeout" };

/** Little is loaded ahead, so that one sees a session end, or a quality change. */
const AHEAD_S = 12;

export class Player {
  #hls = null;
  #requests;
  #sessionEnds = null;
  #denial = null;

  /** @param {import("./requests.js").Requests} requests */
  constructor(requests) {
    this.#requests = requests;
    setInterval(() => this.#showSession(), 500);
    $("video").addEventListener("playing", () => this.#hls && this.#state("playing"));
    $("quality").addEventListener("change", (event) => (this.#hls.nextLevel = Number(event.target.value)));
    $("audio").addEventListener("change", (event) => (this.#hls.audioTrack = Number(event.target.value)));
    $("subtitles").addEventListener("change", (event) => this.#selectSubtitles(Number(event.target.value)));
  }

  /** Opens an entry URL as a viewer in a country. */
  play(url, country) {
    this.stop();
    const hls = (this.#hls = new Hls({
      maxBufferLength: AHEAD_S,
      maxMaxBufferLength: AHEAD_S,
      xhrSetup: (xhr, target, context) => this.#prepare(xhr, target, context, country),
    }));
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#showLevels());
    hls.on(Hls.Events.LEVEL_SWITCHED, () => this.#showPlaying());
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => fill("audio", hls.audioTracks.map(named), hls.audioTrack));
    hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_, { id }) => ($("audio").value = id));
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => this.#showSubtitles());
    hls.on(Hls.Events.ERROR, (_, error) => error.fatal && this.#fail(error));
    hls.loadSource(url);
    hls.attachMedia($("video"));
    $("stage").scrollIntoView({ block: "nearest" });
    // A browser that wants a gesture first leaves it to the controls.
    $("video").play().catch(() => {});
  }

  /** Clears the stage for the next viewer. */
  stop() {
    this.#hls?.destroy();
    this.#hls = null;
    this.#denial = null;
    this.#sessionEnds = null;
    $("denial").hidden = true;
    for (const id of ["quality", "audio", "subtitles"]) fill(id, [], -1);
    for (const id of ["offered", "playing", "session"]) $(id).textContent = "–";
    this.#state("loading");
  }

  /** Shows a refusal, or that something broke. */
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

  #prepare(xhr, url, context, country) {
    xhr.open("GET", url, true);
    const { pathname } = new URL(url);
    // The demo's alone: it costs each request a preflight. Elsewhere the edge knows the country by itself.
    xhr.setRequestHeader("Stagedoor-Geography", country);
    this.#sessionEnds = sessionEnd(pathname) ?? this.#sessionEnds;
    this.#requests.watch(xhr, { url, kind: kindOf(context), refused: (problem) => (this.#denial = problem) });
  }

  /** A refusal on the way is what a viewer is to read, rather than what the player made of it. */
  #fail({ type, details, error }) {
    // The last refusal is known once its request has ended, just after hls.js has heard of it.
    setTimeout(() => this.deny(this.#denial ?? { reason: details, title: `The player gave up: ${type}.`, detail: error?.message ?? "" }));
  }

  #showLevels() {
    const heights = this.#hls.levels.map((level) => `${level.height}p`);
    $("offered").replaceChildren(...heights.map((height) => element("span", height, { class: "chip" })));
    fill("quality", ["Automatic", ...heights], -1, -1);
  }

  #showPlaying() {
    const { currentLevel, levels } = this.#hls;
    const level = levels[currentLevel];
    if (!level) return;
    $("playing").textContent = `${level.width} × ${level.height}, ${Math.round(level.bitrate / 1000)} kbit/s`;
    [...$("offered").children].forEach((chip, index) => chip.classList.toggle("current", index === currentLevel));
  }

  #showSubtitles() {
    fill("subtitles", ["Off", ...this.#hls.subtitleTracks.map(named)], this.#hls.subtitleTrack, -1);
  }

  #selectSubtitles(index) {
    this.#hls.subtitleTrack = index;
    this.#hls.subtitleDisplay = index >= 0;
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

const named = ({ name, lang }) => (lang ? `${name} (${lang})` : name);

/** Fills a selector; the values count from `first`. */
function fill(id, names, selected, first = 0) {
  const options = names.map((name, index) => element("option", name, { value: index + first, dir: "auto" }));
  $(id).replaceChildren(...options);
  $(id).disabled = names.length === 0;
  if (names.length) $(id).value = selected;
}

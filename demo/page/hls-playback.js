// Plays HLS with hls.js. player.js defines the interface.
import Hls from "/hls.js";
import { hearAds } from "./hls-ads.js";
import { ageOf, digestOf } from "./replies.js";

export class HlsPlayback {
  #hls;

  /** @param {import("./player.js").Opening} opening */
  constructor({ url, headers, aheadS, video, on }) {
    const hls = (this.#hls = new Hls({
      maxBufferLength: aheadS,
      maxMaxBufferLength: aheadS,
      // A live picture that has fallen behind catches up.
      maxLiveSyncPlaybackRate: 1.1,
      xhrSetup: (xhr, target, context) => prepare(xhr, target, { kind: kindOf(context), headers, on }),
    }));
    hls.on(Hls.Events.MANIFEST_PARSED, () => on.offered(hls.levels));
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => on.playing(level));
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => on.audio(hls.audioTracks, hls.audioTrack));
    hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, () => on.audio(hls.audioTracks, hls.audioTrack));
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => on.subtitles(hls.subtitleTracks, hls.subtitleTrack));
    hls.on(Hls.Events.ERROR, (_, { fatal, type, details, error }) => {
      if (fatal) on.failed({ reason: details, title: `The player gave up: ${type}.`, detail: error?.message ?? "" });
    });
    if (on.ads) hearAds(hls, video, on.ads);
    hls.loadSource(url);
    hls.attachMedia(video);
  }

  stop() {
    this.#hls.destroy();
  }

  /** By the date-time that the playlist gives the picture. */
  get behindS() {
    const { playingDate, latestLevelDetails } = this.#hls;
    return latestLevelDetails?.live && playingDate ? (Date.now() - playingDate) / 1000 : null;
  }

  selectQuality(index) {
    this.#hls.nextLevel = index;
  }

  selectAudio(index) {
    this.#hls.audioTrack = index;
  }

  selectSubtitles(index) {
    this.#hls.subtitleTrack = index;
    this.#hls.subtitleDisplay = index >= 0;
  }
}

function prepare(xhr, url, { kind, headers, on }) {
  xhr.open("GET", url, true);
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
  const startedAt = Date.now();
  let digest = null;
  // Before hls.js hands the bytes to its worker.
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState === XMLHttpRequest.DONE && xhr.status === 200) digest = digestOf(xhr.response);
  });
  xhr.addEventListener("loadend", ({ loaded }) => {
    on.requested({ url, kind, status: xhr.status, bytes: loaded, age: ageOf(xhr.getResponseHeader("Age")), startedAt, digest, body: xhr.response });
  });
}

/** The kind of a request, by the loader's context. */
function kindOf({ type, frag, part, keyInfo }) {
  if (keyInfo) return "key";
  if (frag) return `${frag.type === "main" ? "video" : frag.type} ${part ? "part" : frag.sn === "initSegment" ? "init" : "segment"}`;
  return { manifest: "entry", level: "video playlist", audioTrack: "audio playlist", subtitleTrack: "subtitle playlist", "interstitial-asset-list": "asset list" }[type] ?? type;
}

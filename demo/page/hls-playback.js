// Plays HLS with hls.js. player.js defines the interface.
import Hls from "/hls.js";

export class HlsPlayback {
  #hls;

  /** @param {import("./player.js").Opening} opening */
  constructor({ url, headers, aheadS, video, on }) {
    const hls = (this.#hls = new Hls({
      maxBufferLength: aheadS,
      maxMaxBufferLength: aheadS,
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
    hls.loadSource(url);
    hls.attachMedia(video);
  }

  stop() {
    this.#hls.destroy();
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
  const started = performance.now();
  xhr.addEventListener("loadend", ({ loaded }) => {
    on.requested({ url, kind, status: xhr.status, bytes: loaded, ms: performance.now() - started, body: xhr.response });
  });
}

/** The kind of a request, by the loader's context. */
function kindOf({ type, frag, keyInfo }) {
  if (keyInfo) return "key";
  if (frag) return `${frag.type === "main" ? "video" : frag.type} ${frag.sn === "initSegment" ? "init" : "segment"}`;
  return { manifest: "entry", level: "video playlist", audioTrack: "audio playlist", subtitleTrack: "subtitle playlist" }[type] ?? type;
}

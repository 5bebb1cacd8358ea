// Plays DASH with dash.js. player.js defines the interface.
import { Debug, MediaPlayer } from "/dash.js";
import { ageOf, digestOf } from "./replies.js";

const { events } = MediaPlayer;

export class DashPlayback {
  #dash = MediaPlayer().create();

  /** @param {import("./player.js").Opening} opening */
  constructor({ url, headers, aheadS, video, on }) {
    const dash = this.#dash;
    dash.initialize();
    dash.updateSettings(settings(aheadS));
    dash.addRequestInterceptor(async (request) => {
      for (const [name, value] of Object.entries(headers)) request.headers[name] = value || EMPTY;
      return request;
    });
    dash.addResponseInterceptor(async (response) => {
      on.requested(asked(response, url));
      return response;
    });
    const levels = () => dash.getRepresentationsByType("video");
    const audio = () => on.audio(dash.getTracksFor("audio"), dash.getTracksFor("audio").indexOf(dash.getCurrentTrackFor("audio")));
    // A destroyed player may still report a stream, but does not answer questions about it.
    const when = (event, hear) => dash.on(event, (news) => this.#dash && hear(news));
    when(events.STREAM_INITIALIZED, () => {
      on.offered(levels().map(({ width, height, bandwidth }) => ({ width, height, bitrate: bandwidth })));
      audio();
    });
    when(events.QUALITY_CHANGE_RENDERED, ({ mediaType, newRepresentation }) => {
      if (mediaType === "video") on.playing(levels().findIndex(({ id }) => id === newRepresentation.id));
    });
    when(events.TRACK_CHANGE_RENDERED, ({ mediaType }) => mediaType === "audio" && audio());
    when(events.TEXT_TRACKS_ADDED, ({ tracks }) => on.subtitles(tracks, dash.getCurrentTextTrackIndex()));
    // dash.js does not mark fatal errors, and requests refused subtitles for ever.
    when(events.ERROR, ({ error: { code, message } }) => {
      on.failed({ reason: `dash.js error ${code}`, title: "The player gave up.", detail: message });
    });
    dash.attachView(video);
    dash.attachSource(url);
  }

  stop() {
    this.#dash.destroy();
    this.#dash = null;
  }

  /** The demo has no live MPD. */
  behindS = null;

  selectQuality(index) {
    this.#dash.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: index < 0 } } } });
    if (index >= 0) this.#dash.setRepresentationForTypeByIndex("video", index);
  }

  selectAudio(index) {
    this.#dash.setCurrentTrack(this.#dash.getTracksFor("audio")[index]);
  }

  selectSubtitles(index) {
    this.#dash.setTextTrack(index);
  }
}

/** dash.js drops a header without a value. A space is sent instead, and trimmed on the way. */
const EMPTY = " ";

function settings(aheadS) {
  return {
    // The page itself shows the error.
    debug: { logLevel: Debug.LOG_LEVEL_NONE },
    streaming: {
      buffer: { bufferTimeDefault: aheadS, bufferTimeAtTopQuality: aheadS, bufferTimeAtTopQualityLongForm: aheadS },
      // A refusal is final, but dash.js would retry three times, whatever the status.
      retryAttempts: { MPD: 0, InitializationSegment: 0, MediaSegment: 0 },
      text: { defaultEnabled: false },
    },
  };
}

/** Reports a finished or stopped request. */
function asked({ request, status, headers, data, resourceTiming }, entry) {
  const { url, customData } = request;
  const kind = url === entry ? "entry" : kindOf(customData.request);
  const startedAt = Date.now() - resourceTiming.duration;
  const digest = status === 200 ? digestOf(data) : null;
  return { url, kind, status, bytes: new Blob([data ?? ""]).size, age: ageOf(headers?.age), startedAt, digest, body: data };
}

/** The kind of a request. dash.js treats subtitles in one file as an initialization segment. */
function kindOf({ type, mediaType, representation }) {
  const what = { InitializationSegment: "init", MediaSegment: "segment" }[type];
  if (!what) return type;
  if (mediaType !== "text") return `${mediaType} ${what}`;
  return `subtitle ${representation.mediaInfo.isFragmented ? what : "file"}`;
}

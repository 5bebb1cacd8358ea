// hls.js.
import { script, shownCues, span } from "./open.mjs";

/** The events of ads, and their names for tests. */
const EVENTS = {
  INTERSTITIAL_STARTED: "break started",
  INTERSTITIAL_ASSET_STARTED: "ad started",
  INTERSTITIAL_ASSET_ENDED: "ad ended",
  INTERSTITIAL_ASSET_ERROR: "ad failed",
  INTERSTITIAL_ENDED: "break ended",
};

export async function play(video, url, { lowLatency }) {
  await script("/lib/hls.js");
  const { Hls } = window;
  const hls = new Hls({ lowLatencyMode: lowLatency, backBufferLength: 10 });
  const errors = [];
  hls.on(Hls.Events.ERROR, (_, { fatal, type, details, error }) => fatal && errors.push(`${type}: ${details}: ${error?.message}`));
  const ready = new Promise((resolve, reject) => {
    hls.once(Hls.Events.MANIFEST_PARSED, resolve);
    hls.on(Hls.Events.ERROR, (_, { fatal, details }) => fatal && reject(new Error(details)));
  });
  const events = [];
  for (const [name, event] of Object.entries(EVENTS)) {
    hls.on(Hls.Events[name], () => events.push(event));
  }
  // The end of a film pauses the video, and hls.js 1.7.4 leaves the post-roll paused.
  hls.on(Hls.Events.INTERSTITIAL_STARTED, () => video.play().catch(() => {}));
  hls.loadSource(url);
  hls.attachMedia(video);
  await ready;
  const of = (tracks, language) => tracks.findIndex(({ lang }) => lang === language);
  return {
    heights: () => hls.levels.map(({ height }) => height),
    sound: () => hls.audioTracks.map(({ lang }) => lang),
    text: () => hls.subtitleTracks.map(({ lang }) => lang),
    selectSound: (language) => (hls.audioTrack = of(hls.audioTracks, language)),
    selectText: (language) => {
      hls.subtitleTrack = of(hls.subtitleTracks, language);
      hls.subtitleDisplay = true;
    },
    cues: () => shownCues(video.textTracks),
    // The element reports that it is seekable from 0, even after segments have left the window.
    seekable: () => {
      const { live, fragmentStart, edge } = hls.latestLevelDetails ?? {};
      return live ? [fragmentStart, edge] : span(video.seekable);
    },
    goToEdge: () => (video.currentTime = hls.liveSyncPosition),
    breaks: () => hls.interstitialsManager.events.map(({ identifier, startTime }) => ({ id: identifier, start: startTime })),
    events: () => events,
    errors: () => errors,
  };
}

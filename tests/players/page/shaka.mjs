// Shaka Player.
import { script, shownCues } from "./open.mjs";

/** The events of ads, and their names for tests. */
const EVENTS = {
  AD_BREAK_STARTED: "break started",
  AD_STARTED: "ad started",
  AD_STOPPED: "ad ended",
  AD_ERROR: "ad failed",
  AD_BREAK_ENDED: "break ended",
};

export async function play(video, url, { lowLatency }) {
  await script("/lib/shaka.js");
  const { shaka } = window;
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  const errors = [];
  const { CRITICAL } = shaka.util.Error.Severity;
  player.addEventListener("error", ({ detail }) => detail.severity === CRITICAL && errors.push(`${detail.code}: ${detail.message}`));
  await player.attach(video);
  // Otherwise it enters the break again that it has just left early.
  player.configure({ streaming: { lowLatencyMode: lowLatency }, ads: { allowStartInMiddleOfInterstitial: false } });
  const ads = player.getAdManager();
  const container = document.querySelector("#ads");
  ads.setContainers(container, container);
  const events = [];
  for (const [name, event] of Object.entries(EVENTS)) ads.addEventListener(shaka.ads.Utils[name], () => events.push(event));
  await player.load(url);
  const text = (language) => player.getTextTracks().find((track) => track.language === language);
  return {
    heights: () => [...new Set(player.getVideoTracks().map(({ height }) => height))],
    sound: () => player.getAudioTracks().map(({ language }) => language),
    text: () => player.getTextTracks().map(({ language }) => language),
    selectSound: (language) => player.selectAudioTrack(player.getAudioTracks().find((track) => track.language === language)),
    selectText: (language) => player.selectTextTrack(text(language)),
    cues: () => shownCues(video.textTracks),
    seekable: () => {
      const { start, end } = player.seekRange();
      return [start, end];
    },
    goToEdge: () => player.goToLive(),
    breaks: () => ads.getCuePoints(),
    events: () => events,
    thumbnail: async (time) => {
      const { uris, positionX, positionY, width, height } = await player.getThumbnails(null, time);
      return { url: uris[0], x: positionX, y: positionY, width, height };
    },
    errors: () => errors,
  };
}

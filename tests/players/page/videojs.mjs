// video.js, with its own HLS engine rather than the browser's.
import { script, shownCues, span } from "./open.mjs";

export async function play(video, url, { lowLatency }) {
  await script("/lib/video.js");
  const { videojs } = window;
  const player = videojs(video, {
    html5: { vhs: { overrideNative: true, llhls: lowLatency }, nativeAudioTracks: false, nativeVideoTracks: false },
  });
  const errors = [];
  player.on("error", () => errors.push(`${player.error().code}: ${player.error().message}`));
  // Before playback starts, only the playlists of a live title are loaded.
  player.autoplay(true);
  player.src({ src: url, type: "application/vnd.apple.mpegurl" });
  await new Promise((resolve, reject) => {
    player.one("loadedmetadata", resolve);
    player.one("error", () => reject(new Error(player.error().message)));
  });
  const sound = () => Array.from(player.audioTracks());
  const text = () => Array.from(player.textTracks()).filter(({ kind }) => kind === "subtitles");
  return {
    heights: () => player.tech(true).vhs.representations().map(({ height }) => height),
    sound: () => sound().map(({ language }) => language),
    text: () => text().map(({ language }) => language),
    selectSound: (language) => sound().forEach((track) => (track.enabled = track.language === language)),
    selectText: (language) => text().forEach((track) => (track.mode = track.language === language ? "showing" : "disabled")),
    cues: () => shownCues(player.textTracks()),
    seekable: () => span(player.seekable()),
    goToEdge: () => player.currentTime(span(player.seekable())[1]),
    errors: () => errors,
  };
}

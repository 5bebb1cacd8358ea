// dash.js.
import { script, shownCues } from "./open.mjs";

export async function play(video, url) {
  await script("/lib/dash.js");
  const { dashjs } = window;
  const player = dashjs.MediaPlayer().create();
  const errors = [];
  player.on("error", ({ error }) => errors.push(`${error.code}: ${error.message}`));
  const ready = new Promise((resolve, reject) => {
    player.on("streamInitialized", resolve);
    player.on("error", ({ error }) => reject(new Error(error.message)));
  });
  player.initialize(video, url, false);
  await ready;
  const tracks = (kind) => player.getTracksFor(kind);
  const of = (tracks, language) => tracks.findIndex(({ lang }) => lang === language);
  return {
    heights: () => player.getRepresentationsByType("video").map(({ height }) => height),
    sound: () => tracks("audio").map(({ lang }) => lang),
    text: () => tracks("text").map(({ lang }) => lang),
    selectSound: (language) => player.setCurrentTrack(tracks("audio")[of(tracks("audio"), language)]),
    selectText: (language) => {
      player.enableText(true);
      player.setTextTrack(of(tracks("text"), language));
    },
    cues: () => shownCues(video.textTracks),
    seekable: () => {
      const { start, end } = player.getDvrWindow() ?? {};
      return [start, end];
    },
    goToEdge: () => player.seekToOriginalLive(),
    // dash.js 5.2.1 knows no alternative MPDs.
    breaks: () => [],
    events: () => [],
    thumbnail: (time) => new Promise((resolve) => player.provideThumbnail(time, resolve)),
    errors: () => errors,
  };
}

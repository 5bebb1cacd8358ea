// One interface for several players on the page: the actions and observations of a viewer.

const ADAPTERS = { "hls.js": "./hls.mjs", "dash.js": "./dash.mjs", "Shaka Player": "./shaka.mjs", "video.js": "./videojs.mjs" };

/**
 * Opens a URL with a player.
 *
 * @param {{player: keyof typeof ADAPTERS, url: string, lowLatency: boolean}} wish
 *
 * An adapter's `play(video, url, options)` returns `{heights, sound, text, selectSound, selectText, cues, seekable, goToEdge,
 * errors}`: the offered heights, the languages of audio and text and their selection, the cues on screen, the seekable range,
 * the action of a Live button, and fatal errors. Adapters of players that insert ads also have `breaks` and `events`: the known
 * breaks, and what happened to ads and breaks so far. Adapters for DASH also have `thumbnail`: the position of the thumbnail of a time,
 * as `{url, x, y, width, height}`.
 */
export async function open({ player, url, lowLatency }) {
  const { play } = await import(ADAPTERS[player]);
  const adapter = await play(document.querySelector("video"), url, { lowLatency });
  const video = () => document.querySelector("video");
  // A pre-roll takes the element over, which aborts this, and plays.
  await video().play().catch((error) => {
    if (error.name !== "AbortError") throw error;
  });
  window.viewer = {
    ...adapter,
    state: () => ({
      time: video().currentTime,
      duration: video().duration,
      ended: video().ended,
      waits: video().readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
      height: video().videoHeight,
      frames: video().getVideoPlaybackQuality().totalVideoFrames,
      heard: video().webkitAudioDecodedByteCount,
      seekable: adapter.seekable(),
      errors: adapter.errors(),
    }),
    // Of the title or of an ad: Shaka Player's ads have an element of their own.
    progress: () => {
      const all = [...document.querySelectorAll("video")].map((video) => ({ time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames }));
      return all.find(({ time }) => time > 0) ?? all[0];
    },
    rate: (rate) => (video().playbackRate = rate),
    seek: (time) => (video().currentTime = time),
    frame: () => frame(video()),
    grey: async (time) => grey(await adapter.thumbnail(time)),
  };
}

/** The frame number in a live picture, and the time at which it was on screen: see demo/stack/live/media/README.md. */
function frame(video) {
  const canvas = new OffscreenCanvas(90, 80);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const at = Date.now();
  context.drawImage(video, 0, 0, 90, 80);
  const bits = Array.from({ length: 9 }, (_, bit) => (context.getImageData(bit * 10 + 5, 75, 1, 1).data[1] > 128 ? 1 << bit : 0));
  return { number: bits.reduce((sum, bit) => sum + bit), at };
}

/** The brightness of the middle of a thumbnail. */
async function grey({ url, x, y, width, height }) {
  const picture = new Image();
  picture.crossOrigin = "anonymous";
  picture.src = url;
  await picture.decode();
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, x, y, width, height, 0, 0, width, height);
  return context.getImageData(width >> 1, height >> 1, 1, 1).data[0];
}

/** Loads a classic script, which defines a global. */
export function script(url) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = url;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`no script at ${url}`));
    document.head.append(element);
  });
}

/** The text on screen, of native text tracks. */
export function shownCues(tracks) {
  return Array.from(tracks).filter(({ mode }) => mode === "showing").flatMap(({ activeCues }) => Array.from(activeCues ?? []).map(({ text }) => text));
}

/** The ranges of a TimeRanges object as one. */
export function span(ranges) {
  return ranges.length ? [ranges.start(0), ranges.end(ranges.length - 1)] : null;
}

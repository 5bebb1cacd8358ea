// A second viewer of what the first one watches: another token, another session, the same edge.
import { PLAYBACKS } from "./player.js";
import { REFUSED, problemOf } from "./requests.js";
import { sessionOf } from "./tokens.js";
import { $ } from "./words.js";

/** The second viewer needs no more ahead than the first. */
const AHEAD_S = 8;

export class SecondViewer {
  #playback = null;
  #requested;

  /** @param {{requested: (request: object) => void}} options `requested` hears of each finished request */
  constructor({ requested }) {
    this.#requested = requested;
  }

  /** @param {{url: string, format: string, country: string, subject: string}} opening */
  play({ url, format, country, subject }) {
    this.stop();
    const current = (hear) => (...news) => this.#playback === playback && hear(...news);
    const ignore = () => {};
    const end = (problem) => setTimeout(current(() => this.#end(problem)));
    $("second-words").textContent = `${subject}: asking the edge …`;
    $("second").hidden = false;
    const playback = new PLAYBACKS[format]({
      url,
      headers: { "Stagedoor-Geography": country },
      aheadS: AHEAD_S,
      video: $("second-video"),
      on: {
        offered: ignore,
        playing: ignore,
        audio: ignore,
        subtitles: ignore,
        requested: current(({ body, ...request }) => {
          this.#requested(request);
          const session = sessionOf(new URL(request.url));
          if (session) $("second-words").textContent = `${subject} has a token and a session of its own, ${session.slice(0, 4)}…${session.slice(-4)}.`;
          if (REFUSED.includes(request.status)) end(problemOf(request.status, body));
        }),
        failed: (failure) => end(failure),
        ads: null,
      },
    });
    this.#playback = playback;
    $("second-video").play().catch(() => {});
  }

  get isOn() {
    return this.#playback !== null;
  }

  stop() {
    this.#playback?.stop();
    this.#playback = null;
    $("second").hidden = true;
  }

  #end({ reason, title }) {
    this.#playback.stop();
    this.#playback = null;
    $("second-words").textContent = `${title} (${reason})`;
  }
}

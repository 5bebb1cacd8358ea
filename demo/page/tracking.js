// Sends the tracking events of an ad while it plays: VAST 4.2, clause 3.14. hls.js sends none by itself.

/** The part of an ad that has to be played for an event. */
const PARTS = { firstQuartile: 0.25, midpoint: 0.5, thirdQuartile: 0.75 };

/** An ad has played to its end if no more than this is left, in seconds: sound and picture end at different moments. */
const END_S = 0.5;

export class Tracking {
  #tracking;
  #told;
  #due;
  #played = 0;
  #of;

  /**
   * @param {{type: string, offset?: number, urls: string[]}[]} tracking
   * @param {number} seconds the duration of the ad
   * @param {(event: string) => void} told hears of each event for which URLs were requested
   */
  constructor(tracking, seconds, told) {
    this.#tracking = tracking;
    this.#told = told;
    this.#of = seconds;
    this.#due = [
      ...Object.entries(PARTS).map(([event, part]) => ({ event, at: part * seconds })),
      ...tracking.filter(({ type }) => type === "progress").map(({ offset }) => ({ event: "progress", at: offset, offset })),
    ].sort((one, other) => one.at - other.at);
    for (const event of ["impression", "creativeView", "start"]) this.#send(event);
  }

  /** The ad has played up to here. */
  playedTo(seconds) {
    if (!Number.isFinite(seconds)) return;
    this.#played = Math.max(this.#played, seconds);
    while (this.#due.length > 0 && this.#due[0].at <= this.#played) {
      const { event, offset } = this.#due.shift();
      this.#send(event, offset);
    }
  }

  /** The ad has ended, by itself or early. */
  end({ failed = false } = {}) {
    if (failed) return this.#send("error");
    if (this.#played < this.#of - END_S) return;
    this.playedTo(this.#of);
    this.#send("complete");
  }

  #send(event, offset) {
    const urls = this.#tracking.filter(({ type, offset: at }) => type === event && (offset === undefined || at === offset)).flatMap(({ urls }) => urls);
    for (const url of urls) fetch(url, { mode: "no-cors", keepalive: true, credentials: "omit" }).catch(() => {});
    if (urls.length > 0) this.#told(event);
  }
}

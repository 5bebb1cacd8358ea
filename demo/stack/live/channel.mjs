// A live channel: its playlists, segments and parts as functions of time.
//
// The prepared loop is repeated for ever. Part n is complete at `start + (n + 1) × PART_MS`; four of them are a segment,
// whose number is its media sequence number.
// https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22
import { readFileSync } from "node:fs";
import { Breaks } from "./breaks.mjs";
import { cut, later } from "./fragments.mjs";

export const PART_MS = 512;
export const PARTS = 4;
export const SEGMENT_MS = PART_MS * PARTS;

/** The playlists' target duration, in seconds: a segment's, rounded. */
export const TARGET_S = 2;

/** The number of complete segments at the end whose parts are listed, beside the segment under way. */
const WITH_PARTS = 2;

const LOOP_PARTS = 32;
const LOOP_SEGMENTS = LOOP_PARTS / PARTS;

const VIDEO = "avc1.4D401E";
const AUDIO = "mp4a.40.2";
const RENDITIONS = {
  "360p": { ...load("360p"), loopTicks: 204_800n, stream: { bandwidth: 200_000, resolution: "640x360" } },
  "180p": { ...load("180p"), loopTicks: 204_800n, stream: { bandwidth: 130_000, resolution: "320x180" } },
  "audio-en": { ...load("audio-en"), loopTicks: 786_432n, sound: { language: "en", name: "English", default: "YES" } },
  "audio-ar": { ...load("audio-ar"), loopTicks: 786_432n, sound: { language: "ar", name: "العربية", default: "NO" } },
  "text-en": { text: { language: "en", name: "English" }, cue: (msn) => `This is segment ${msn}.` },
  "text-ar": { text: { language: "ar", name: "العربية" }, cue: (msn) => `هذا هو المقطع ${msn}.` },
};

/**
 * @typedef {object} ChannelOptions
 * @property {boolean} [lowLatency] parts, hints, reports and blocking requests; otherwise none of these
 * @property {boolean} [skip] delta updates, for a low-latency channel
 * @property {boolean} [discontinuities] each round of the loop starts its timestamps anew
 * @property {number} [history_s] the age of the channel at its start
 * @property {number} [window_s] the window of the playlists
 */
export class Channel {
  #options;
  #breaks;

  /** @param {ChannelOptions} options */
  constructor(options = {}, now = Date.now()) {
    this.#options = { lowLatency: false, skip: false, discontinuities: false, history_s: 60, window_s: 60, ...options };
    /** The time of the first frame, in milliseconds of Unix time. */
    this.start = now - Math.ceil((this.#options.history_s * 1000) / PART_MS) * PART_MS;
    this.#breaks = new Breaks({ segment_ms: SEGMENT_MS, start: this.start });
  }

  /** Opens a break at the boundary of a segment, a few seconds ahead. @param {number} planned in segments */
  openBreak(planned, now = Date.now()) {
    return this.#breaks.open(this.complete(now), planned);
  }

  /** Ends the break that is open early, at the boundary of a segment. */
  returnEarly(now = Date.now()) {
    return this.#breaks.returnEarly(this.complete(now));
  }

  /** The break that is announced or under way, or null. */
  openBreakAt(now = Date.now()) {
    return this.#breaks.current(this.complete(now));
  }

  /** The event stream of the breaks of a window, for an MPD. @param {number} first the number of the window's first segment */
  eventStream(first, now) {
    return this.#breaks.eventStream(first, this.complete(now));
  }

  /** The number of complete segments. */
  complete(now) {
    return Math.floor(this.parts(now) / PARTS);
  }

  get lowLatency() {
    return this.#options.lowLatency;
  }

  /** The number of complete parts. */
  parts(now) {
    return Math.floor((now - this.start) / PART_MS);
  }

  /** The time at which this many parts are complete. */
  completeAt(parts) {
    return this.start + parts * PART_MS;
  }

  /** How long ago a frame of the loop was taken, if it was less than a round ago, in milliseconds. */
  age(frame, now) {
    const round = LOOP_PARTS * PART_MS;
    const taken = (frame * round) / 512;
    return (((now - this.start - taken) % round) + round) % round;
  }

  master() {
    const media = Object.entries(RENDITIONS).flatMap(([id, { sound, text }]) => {
      if (sound) return `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",LANGUAGE="${sound.language}",NAME="${sound.name}",DEFAULT=${sound.default},AUTOSELECT=YES,CHANNELS="1",URI="${id}/index.m3u8"`;
      if (text) return `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",LANGUAGE="${text.language}",NAME="${text.name}",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="${id}/index.m3u8"`;
      return [];
    });
    const streams = Object.entries(RENDITIONS).flatMap(([id, { stream }]) => {
      if (!stream) return [];
      return `#EXT-X-STREAM-INF:BANDWIDTH=${stream.bandwidth},CODECS="${VIDEO},${AUDIO}",RESOLUTION=${stream.resolution},FRAME-RATE=31.250,AUDIO="audio",SUBTITLES="text"\n${id}/index.m3u8`;
    });
    return lines("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS", ...media, ...streams);
  }

  /**
   * A rendition's playlist when so many parts are complete.
   * @param {string} id
   * @param {{delta?: boolean}} options `delta` leaves out what a player knows already, where that is offered
   */
  playlist(id, parts, { delta = false } = {}) {
    const { lowLatency, skip, discontinuities } = this.#options;
    const { text } = RENDITIONS[id];
    const complete = Math.floor(parts / PARTS);
    const first = Math.max(0, complete - Math.ceil((this.#options.window_s * 1000) / SEGMENT_MS));
    const skipUntil_s = 6 * TARGET_S;
    const skipped = delta && skip ? Math.max(0, complete - Math.ceil((skipUntil_s * 1000) / SEGMENT_MS) - first) : 0;
    const withParts = lowLatency && !text;
    const control = [
      "CAN-BLOCK-RELOAD=YES",
      ...(skip ? [`CAN-SKIP-UNTIL=${skipUntil_s.toFixed(1)}`] : []),
      ...(withParts ? [`PART-HOLD-BACK=${((3 * PART_MS) / 1000).toFixed(3)}`] : []),
      `HOLD-BACK=${(3 * SEGMENT_MS) / 1000}`,
    ];
    return lines(
      "#EXTM3U",
      `#EXT-X-VERSION:${skipped > 0 ? 9 : 7}`,
      `#EXT-X-TARGETDURATION:${TARGET_S}`,
      lowLatency && `#EXT-X-SERVER-CONTROL:${control.join(",")}`,
      withParts && `#EXT-X-PART-INF:PART-TARGET=${PART_MS / 1000}`,
      `#EXT-X-MEDIA-SEQUENCE:${first}`,
      discontinuities && `#EXT-X-DISCONTINUITY-SEQUENCE:${Math.max(0, Math.floor((first - 1) / LOOP_SEGMENTS))}`,
      "#EXT-X-INDEPENDENT-SEGMENTS",
      ...this.#breaks.tags(first, complete),
      skipped > 0 && `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`,
      skipped === 0 && !text && '#EXT-X-MAP:URI="init.mp4"',
      ...Array.from({ length: complete - first - skipped }, (_, index) => {
        const msn = first + skipped + index;
        return [this.#opening(msn), withParts && msn >= complete - WITH_PARTS && this.#parts(msn, PARTS), `#EXTINF:${SEGMENT_MS / 1000},\n${msn}.${text ? "vtt" : "m4s"}`];
      }).flat(),
      ...(withParts ? [parts % PARTS > 0 ? this.#opening(complete) : this.#break(complete), this.#parts(complete, parts % PARTS), this.#hint(parts)] : []),
      ...(lowLatency ? this.#reports(id, parts) : []),
    );
  }

  /** The bytes of a rendition's header, segment or part. */
  init(id) {
    return RENDITIONS[id].init;
  }

  segment(id, msn) {
    return RENDITIONS[id].text ? this.#cues(id, msn) : Buffer.concat(Array.from({ length: PARTS }, (_, part) => this.part(id, msn, part)));
  }

  part(id, msn, part) {
    const { fragments, loopTicks } = RENDITIONS[id];
    const number = msn * PARTS + part;
    const round = this.#options.discontinuities ? 0 : Math.floor(number / LOOP_PARTS);
    return later(fragments[number % LOOP_PARTS], BigInt(round) * loopTicks);
  }

  /** One cue for each segment, which counts from the segment's start. */
  #cues(id, msn) {
    const since = this.#options.discontinuities ? msn % LOOP_SEGMENTS : msn;
    const clock = (since * SEGMENT_MS * 90) % 2 ** 33;
    return Buffer.from(`WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:${clock},LOCAL:00:00:00.000\n\n00:00:00.000 --> 00:00:02.048\n${RENDITIONS[id].cue(msn)}\n`);
  }

  #opening(msn) {
    const taken = new Date(this.start + msn * SEGMENT_MS).toISOString();
    return lines(this.#break(msn), `#EXT-X-PROGRAM-DATE-TIME:${taken}`).trimEnd();
  }

  #break(msn) {
    return this.#options.discontinuities && msn > 0 && msn % LOOP_SEGMENTS === 0 && "#EXT-X-DISCONTINUITY";
  }

  #parts(msn, count) {
    if (count === 0) return false;
    return Array.from({ length: count }, (_, part) => `#EXT-X-PART:DURATION=${PART_MS / 1000},INDEPENDENT=YES,URI="${msn}.${part}.m4s"`).join("\n");
  }

  #hint(parts) {
    return `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${Math.floor(parts / PARTS)}.${parts % PARTS}.m4s"`;
  }

  #reports(own, parts) {
    const kind = ({ stream, sound, text }) => [stream, sound, text].findIndex(Boolean);
    const others = Object.keys(RENDITIONS).filter((id) => id !== own && kind(RENDITIONS[id]) === kind(RENDITIONS[own]));
    return others.map((id) => {
      const last = RENDITIONS[id].text ? Math.floor(parts / PARTS) * PARTS - 1 : parts - 1;
      const part = RENDITIONS[id].text ? "" : `,LAST-PART=${last % PARTS}`;
      return `#EXT-X-RENDITION-REPORT:URI="../${id}/index.m3u8",LAST-MSN=${Math.floor(last / PARTS)}${part}`;
    });
  }
}

/** Whether there is such a rendition, and whether it is made of parts. */
export function rendition(id) {
  return Object.hasOwn(RENDITIONS, id) ? { text: Boolean(RENDITIONS[id].text) } : null;
}

/** What a rendition of text says in a segment. */
export function cue(id, msn) {
  return RENDITIONS[id].cue(msn);
}

export const RENDITION_IDS = Object.keys(RENDITIONS);

function load(name) {
  const { init, fragments } = cut(readFileSync(new URL(`media/${name}.mp4`, import.meta.url)));
  if (fragments.length !== LOOP_PARTS) throw new Error(`expected ${LOOP_PARTS} fragments in ${name}.mp4, found ${fragments.length}`);
  return { init, fragments };
}

const lines = (...all) => `${all.filter(Boolean).join("\n")}\n`;

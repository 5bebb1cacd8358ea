// The breaks of a live channel: an operator opens them, and may return early. Encoders announce both ahead, at the boundary of a
// segment.
import { spliceInsert } from "./splice.mjs";

/** How many segments ahead of its start a break is announced, and of its early end. */
const AHEAD = { start: 3, end: 2 };

/**
 * @typedef {object} LiveBreak
 * @property {number} eventId the `splice_event_id`: the number of its first segment, which no other break has
 * @property {number} from the number of its first segment
 * @property {number} planned how many segments it is planned for
 * @property {number} to the number of the first segment behind it
 */
export class Breaks {
  #segment_s;
  #startedAt;
  #all = [];

  /** @param {{segment_ms: number, start: number}} channel `start` is the time of its first frame, in milliseconds of Unix time */
  constructor({ segment_ms, start }) {
    this.#segment_s = segment_ms / 1000;
    this.#startedAt = start;
  }

  /** Opens a break. Throws while another one is open. @param {number} complete the number of complete segments @param {number} planned in segments */
  open(complete, planned) {
    if (this.current(complete)) throw new Error("expected no break under way, found one");
    const from = complete + AHEAD.start;
    const opened = { eventId: from, from, planned, to: from + planned };
    this.#all.push(opened);
    return opened;
  }

  /** Ends the break under way early. Throws if there is none, or if it ends anyway. */
  returnEarly(complete) {
    const open = this.current(complete);
    const to = Math.max(complete + AHEAD.end, (open?.from ?? 0) + 1);
    if (!open || to >= open.to) throw new Error("expected a break that does not end by itself now, found none");
    open.to = to;
    return open;
  }

  /** The break that is announced or under way. */
  current(complete) {
    return this.#all.find(({ to }) => to > complete) ?? null;
  }

  /** The breaks that reach into a window, with their times in seconds of media time. @param {number} first the number of its first segment */
  since(first) {
    const seconds = (segments) => Number((segments * this.#segment_s).toFixed(3));
    return this.#all.filter(({ to }) => to > first).map((known) => ({ ...known, start_s: seconds(known.from), planned_s: seconds(known.planned), length_s: seconds(known.to - known.from) }));
  }

  /**
   * The tags of the breaks. The tag of a break's end follows once the end is near, or was moved.
   * https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.5.1
   */
  tags(first, complete) {
    return this.since(first).flatMap((known) => {
      const { eventId, to, start_s, planned_s, length_s } = known;
      const date = new Date(this.#startedAt + start_s * 1000).toISOString();
      const common = `#EXT-X-DATERANGE:ID="splice-${eventId}",START-DATE="${date}"`;
      const out = `${common},PLANNED-DURATION=${planned_s},SCTE35-OUT=${hex(section.out(known))}`;
      const isKnown = to - complete <= AHEAD.end || length_s !== planned_s;
      return isKnown ? [out, `${common},DURATION=${length_s},SCTE35-IN=${hex(section.in(known))}`] : [out];
    });
  }

  /** The events of the breaks (SCTE 214-1, clause 6.7). The end of a break is an event once it is known. */
  eventStream(first, complete) {
    const events = this.since(first).flatMap((known) => {
      const { eventId, to, start_s, planned_s, length_s } = known;
      const event = (id, at_s, duration_s, bytes) =>
        `<Event presentationTime="${Math.round(at_s * 1000)}"${duration_s === null ? "" : ` duration="${Math.round(duration_s * 1000)}"`} id="${id}"><Signal xmlns="http://www.scte.org/schemas/35/2016"><Binary>${bytes.toString("base64")}</Binary></Signal></Event>`;
      const out = event(2 * eventId, start_s, planned_s, section.out(known));
      const isKnown = to - complete <= AHEAD.end || length_s !== planned_s;
      return isKnown ? [out, event(2 * eventId + 1, start_s + length_s, null, section.in(known))] : [out];
    });
    return events.length ? `<EventStream schemeIdUri="urn:scte:scte35:2014:xml+bin" timescale="1000">${events.join("")}</EventStream>` : "";
  }
}

const section = {
  out: ({ eventId, start_s, planned_s }) => spliceInsert({ eventId, out: true, at: start_s, duration: planned_s }),
  in: ({ eventId, start_s, length_s }) => spliceInsert({ eventId, out: false, at: start_s + length_s }),
};

const hex = (bytes) => `0x${bytes.toString("hex").toUpperCase()}`;

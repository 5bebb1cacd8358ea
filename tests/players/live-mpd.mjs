// A live channel's MPD, and the patches between two of them, as functions of the publish time.
// https://www.iso.org/standard/83314.html (ISO/IEC 23009-1:2022), clauses 5.3 and 5.15
import { PARTS, PART_MS, SEGMENT_MS } from "../../demo/stack/live/channel.mjs";
import { CLOCKS, document, duration, mpd, period, sets, timeline, times } from "./mpd.mjs";

/** The update period of an MPD, in milliseconds. */
const UPDATE_MS = 2_000;

/** How long after its publication an MPD can be patched, in seconds. */
const PATCHED_S = 60;

/** The target latency of players, in milliseconds. */
const LATENCY = { target: 1_500, min: 1_000, max: 4_000 };

/**
 * @typedef {object} LiveOptions
 * @property {boolean} [patches] whether patches are offered
 * @property {boolean} [lowLatency] whether segments can be requested while they are made
 * @property {boolean} [numbers] whether segments are named by their numbers, in place of a timeline
 * @property {number} [window_s] the length of the window
 */

/** @param {import("../../demo/stack/live/channel.mjs").Channel} channel @param {LiveOptions} options */
export function live(channel, published, { patches = false, lowLatency = false, numbers = false, window_s = 30 } = {}) {
  const complete = completed(channel, published);
  const attributes = {
    id: "channel",
    availabilityStartTime: iso(channel.start),
    publishTime: iso(published),
    minimumUpdatePeriod: duration(UPDATE_MS),
    timeShiftBufferDepth: duration(window_s * 1000),
  };
  return mpd(
    "dynamic",
    attributes,
    patches && patchLocation(published),
    lowLatency && `<ServiceDescription id="0"><Latency target="${LATENCY.target}" min="${LATENCY.min}" max="${LATENCY.max}"/><PlaybackRate min="0.96" max="1.1"/></ServiceDescription>`,
    period("1", 0, null, [
      channel.eventStream(first(complete, window_s), published),
      ...sets({ inSet: (kind) => (lowLatency || numbers ? numbered(kind, lowLatency) : timeline(kind, first(complete, window_s), complete)) }),
    ]),
    '<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="time"/>',
  );
}

/**
 * The patch from the MPD of one time to that of a later time; `null` if there is none.
 * @param {import("../../demo/stack/live/channel.mjs").Channel} channel @param {LiveOptions} options
 */
export function patch(channel, from, to, { window_s = 30 } = {}) {
  if (!(to > from && to - from <= PATCHED_S * 1000)) return null;
  const [before, after] = [completed(channel, from), completed(channel, to)];
  const timelines = ["video", "audio-en", "audio-ar"].flatMap((id) => {
    const place = `/MPD/Period[@id='1']/AdaptationSet[@id='${id}']/SegmentTemplate/SegmentTimeline`;
    const gone = Array.from({ length: first(after, window_s) - first(before, window_s) }, () => `<remove sel="${place}/S[1]"/>`);
    // An added segment may have left the window already.
    return [after > before && `<add sel="${place}">${times(id === "video" ? "video" : "audio", before, after)}</add>`, ...gone];
  });
  return document(
    `<Patch xmlns="urn:mpeg:dash:schema:mpd-patch:2020" mpdId="channel" originalPublishTime="${iso(from)}" publishTime="${iso(to)}">`,
    `<replace sel="/MPD/@publishTime">${iso(to)}</replace>`,
    `<replace sel="/MPD/PatchLocation[1]">${patchLocation(to)}</replace>`,
    ...timelines,
    "</Patch>",
  );
}

function patchLocation(published) {
  return `<PatchLocation ttl="${PATCHED_S}">live.mpp?publishTime=${encodeURIComponent(iso(published))}</PatchLocation>`;
}

/** @param {boolean} isEarly segments can be requested once their first part is ready */
function numbered(kind, isEarly) {
  const { timescale, segment } = CLOCKS[kind];
  const early = isEarly ? ` availabilityTimeOffset="${(SEGMENT_MS - PART_MS) / 1000}" availabilityTimeComplete="false"` : "";
  return `<SegmentTemplate timescale="${timescale}" duration="${segment}" startNumber="0"${early} initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s"/>`;
}

const completed = (channel, instant) => Math.floor(channel.parts(instant) / PARTS);
const first = (complete, window_s) => Math.max(0, complete - Math.ceil((window_s * 1000) / SEGMENT_MS));
const iso = (instant) => new Date(instant).toISOString();

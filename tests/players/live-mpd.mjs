// What a live channel's MPD says, and the patches between two of them, as functions of the time at which they are published.
// https://www.iso.org/standard/83314.html (ISO/IEC 23009-1:2022), clauses 5.3 and 5.15
import { PARTS, PART_MS, SEGMENT_MS } from "./channel.mjs";
import { CLOCKS, document, duration, mpd, period, sets, timeline, times } from "./mpd.mjs";

/** How often an MPD is to be asked for again, in milliseconds. */
const UPDATE_MS = 2_000;

/** For how long after it was published there are patches for an MPD, in seconds. */
const PATCHED_S = 60;

/** How far a player is to be behind, in milliseconds. */
const LATENCY = { target: 1_500, min: 1_000, max: 4_000 };

/**
 * @typedef {object} LiveOptions
 * @property {boolean} [patches] whether patches are offered
 * @property {boolean} [lowLatency] whether segments may be asked for while they are made
 * @property {boolean} [numbers] whether segments are named by their numbers, in place of a timeline
 * @property {number} [window_s] how much of the past there is
 */

/** @param {import("./channel.mjs").Channel} channel @param {LiveOptions} options */
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
    period("1", 0, null, sets({ inSet: (kind) => (lowLatency || numbers ? numbered(kind, lowLatency) : timeline(kind, first(complete, window_s), complete)) })),
    '<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="time"/>',
  );
}

/**
 * What makes the MPD of one time that of a later one; `null` where there is no such patch.
 * @param {import("./channel.mjs").Channel} channel @param {LiveOptions} options
 */
export function patch(channel, from, to, { window_s = 30 } = {}) {
  if (!(to > from && to - from <= PATCHED_S * 1000)) return null;
  const [before, after] = [completed(channel, from), completed(channel, to)];
  const timelines = ["video", "audio-en", "audio-ar"].flatMap((id) => {
    const place = `/MPD/Period[@id='1']/AdaptationSet[@id='${id}']/SegmentTemplate/SegmentTimeline`;
    const gone = Array.from({ length: first(after, window_s) - first(before, window_s) }, () => `<remove sel="${place}/S[1]"/>`);
    // What comes may be gone already.
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

/** @param {boolean} isEarly segments may be asked for once their first part is there */
function numbered(kind, isEarly) {
  const { timescale, segment } = CLOCKS[kind];
  const early = isEarly ? ` availabilityTimeOffset="${(SEGMENT_MS - PART_MS) / 1000}" availabilityTimeComplete="false"` : "";
  return `<SegmentTemplate timescale="${timescale}" duration="${segment}" startNumber="0"${early} initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s"/>`;
}

const completed = (channel, instant) => Math.floor(channel.parts(instant) / PARTS);
const first = (complete, window_s) => Math.max(0, complete - Math.ceil((window_s * 1000) / SEGMENT_MS));
const iso = (instant) => new Date(instant).toISOString();

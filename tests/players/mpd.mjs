// The MPDs of titles in each way of addressing. All describe the loop of channel.mjs: eight segments of 2.048 s.
// https://www.iso.org/standard/83314.html (ISO/IEC 23009-1:2022), clause 5.3
import { SEGMENT_MS } from "../../demo/stack/live/channel.mjs";

/** Segments of the loop. */
export const SEGMENTS = 8;

export const VIDEO = {
  "360p": { width: 640, height: 360, bandwidth: 120_000, codecs: "avc1.4D401E" },
  "180p": { width: 320, height: 180, bandwidth: 70_000, codecs: "avc1.4D4015" },
};
export const SOUND = { "audio-en": "en", "audio-ar": "ar" };
const TEXT = { "text-en": "en", "text-ar": "ar" };

/** The ticks of a second, and of a segment. */
export const CLOCKS = { video: { timescale: 12_500, segment: 25_600 }, audio: { timescale: 48_000, segment: 98_304 } };

/** A picture of eight, one for each segment, in columns and rows. */
export const TILES = { columns: 4, rows: 2, width: 16, height: 9 };

/** The duration of the advertisement of demo/make-media, in video and in audio. */
const AD = { ms: 6_000, video: { timescale: 12_800, durations: [51_200, 25_600] }, audio: { timescale: 48_000, durations: [192_512, 95_232] } };

const FILES = 'initialization="$RepresentationID$/init.mp4"';

/** For each way of addressing: the MPD of a title with a number of segments. @type {Record<string, (segments: number) => string>} */
export const TITLES = {
  timeline: (segments) => title(segments, { inSet: (kind) => timeline(kind, 0, segments) }),
  number: (segments) =>
    title(segments, {
      inSet: (kind) => `<SegmentTemplate timescale="${CLOCKS[kind].timescale}" duration="${CLOCKS[kind].segment}" startNumber="0" ${FILES} media="$RepresentationID$/$Number$.m4s"/>`,
    }),
  list: (segments) =>
    title(segments, {
      inRepresentation: (kind, id) => [
        `<BaseURL>${id}/</BaseURL>`,
        `<SegmentList timescale="${CLOCKS[kind].timescale}" duration="${CLOCKS[kind].segment}"><Initialization sourceURL="init.mp4"/>`,
        ...Array.from({ length: segments }, (_, number) => `<SegmentURL media="${number}.m4s"/>`),
        `</SegmentList>`,
      ],
    }),
  /** One file for each representation; `index` tells where in it its index is. */
  base: (segments, index) =>
    title(segments, {
      inRepresentation: (_, id) => {
        const { first, last } = index(id);
        return [`<BaseURL>${id}.mp4</BaseURL>`, `<SegmentBase indexRange="${first}-${last}"><Initialization range="0-${first - 1}"/></SegmentBase>`];
      },
    }),
  /** Two halves, and an advertisement between them, which has audio in every language of the title. */
  periods: (segments) => {
    const half = segments / 2;
    const ms = half * SEGMENT_MS;
    return mpd(
      "static",
      { mediaPresentationDuration: duration(2 * ms + AD.ms) },
      period("1", 0, ms, sets({ inSet: (kind) => timeline(kind, 0, half) })),
      period("2", ms, AD.ms, ["<BaseURL>ad/</BaseURL>", ...ad()]),
      period("3", ms + AD.ms, ms, sets({ inSet: (kind) => timeline(kind, half, segments, { offset: half * CLOCKS[kind].segment }) })),
    );
  },
};

/** A title of one period, with subtitles and thumbnails. */
function title(segments, addressing) {
  const ms = segments * SEGMENT_MS;
  return mpd("static", { mediaPresentationDuration: duration(ms) }, period("1", 0, ms, [...sets(addressing), ...subtitles(), ...tiles()]));
}

/** An MPD's outermost element. @param {Record<string, string>} attributes beside those that all have */
export function mpd(type, attributes, ...children) {
  const all = {
    xmlns: "urn:mpeg:dash:schema:mpd:2011",
    profiles: "urn:mpeg:dash:profile:isoff-live:2011",
    type,
    minBufferTime: duration(SEGMENT_MS),
    maxSegmentDuration: duration(SEGMENT_MS),
    ...attributes,
  };
  return document(`<MPD ${Object.entries(all).map(([name, value]) => `${name}="${value}"`).join(" ")}>`, ...children.flat(), "</MPD>");
}

export function document(...lines) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${lines.filter(Boolean).join("\n")}\n`;
}

/** A period; without a duration it is open-ended. */
export function period(id, start_ms, length_ms, children) {
  const length = length_ms === null ? "" : ` duration="${duration(length_ms)}"`;
  return [`<Period id="${id}" start="${duration(start_ms)}"${length}>`, ...children, "</Period>"];
}

/**
 * Adaptation sets of two heights and two languages, each with an id.
 * @param {{inSet?: (kind: "video" | "audio") => string, inRepresentation?: (kind: "video" | "audio", id: string) => string[]}} addressing
 */
export function sets({ inSet = () => "", inRepresentation = () => [] }) {
  const common = 'segmentAlignment="true" startWithSAP="1"';
  const one = (attributes, kind, id) => {
    const children = inRepresentation(kind, id);
    return children.length ? [`<Representation ${attributes}>`, ...children, "</Representation>"] : [`<Representation ${attributes}/>`];
  };
  return [
    `<AdaptationSet id="video" contentType="video" mimeType="video/mp4" ${common}>`,
    inSet("video"),
    ...Object.entries(VIDEO).flatMap(([id, { codecs, bandwidth, width, height }]) =>
      one(`id="${id}" codecs="${codecs}" bandwidth="${bandwidth}" width="${width}" height="${height}" frameRate="125/4"`, "video", id),
    ),
    "</AdaptationSet>",
    ...Object.entries(SOUND).flatMap(([id, language]) => [
      `<AdaptationSet id="${id}" contentType="audio" mimeType="audio/mp4" lang="${language}" ${common}>`,
      inSet("audio"),
      ...one(`id="${id}" codecs="mp4a.40.2" bandwidth="36000" audioSamplingRate="48000"`, "audio", id),
      "</AdaptationSet>",
    ]),
  ];
}

/** Segments named by their times, each by itself, so that a patch can take the first and add the last. */
export function timeline(kind, first, end, { offset = 0 } = {}) {
  const { timescale } = CLOCKS[kind];
  return `<SegmentTemplate timescale="${timescale}" presentationTimeOffset="${offset}" ${FILES} media="$RepresentationID$/t$Time$.m4s"><SegmentTimeline>${times(kind, first, end)}</SegmentTimeline></SegmentTemplate>`;
}

/** The elements of a timeline. */
export function times(kind, first, end) {
  const { segment } = CLOCKS[kind];
  return Array.from({ length: end - first }, (_, index) => `<S t="${(first + index) * segment}" d="${segment}"/>`).join("");
}

export const duration = (ms) => `PT${ms / 1000}S`;

function subtitles() {
  return Object.entries(TEXT).map(
    ([id, language]) =>
      `<AdaptationSet id="${id}" contentType="text" mimeType="text/vtt" lang="${language}"><Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/><Representation id="${id}" bandwidth="256"><BaseURL>${id}.vtt</BaseURL></Representation></AdaptationSet>`,
  );
}

/** https://dashif.org/docs/DASH-IF-IOP-v4.3.pdf, clause 6.2.6 */
function tiles() {
  const { columns, rows, width, height } = TILES;
  return [
    '<AdaptationSet id="tiles" contentType="image" mimeType="image/png">',
    `<SegmentTemplate timescale="1000" duration="${SEGMENTS * SEGMENT_MS}" startNumber="1" media="$RepresentationID$/$Number$.png"/>`,
    `<Representation id="tiles" bandwidth="1000" width="${columns * width}" height="${rows * height}"><EssentialProperty schemeIdUri="http://dashif.org/guidelines/thumbnail_tile" value="${columns}x${rows}"/></Representation>`,
    "</AdaptationSet>",
  ];
}

/** The advertisement has audio in one language, which is offered as each language. */
function ad() {
  const template = (kind, folder) => {
    const { timescale, durations } = AD[kind];
    const list = durations.map((ticks) => `<S d="${ticks}"/>`).join("");
    return `<SegmentTemplate timescale="${timescale}" startNumber="1" initialization="${folder}/init.mp4" media="${folder}/seg_$Number%03d$.m4s"><SegmentTimeline>${list}</SegmentTimeline></SegmentTemplate>`;
  };
  const common = 'segmentAlignment="true" startWithSAP="1"';
  return [
    `<AdaptationSet id="video" contentType="video" mimeType="video/mp4" ${common}>`,
    template("video", "$RepresentationID$"),
    '<Representation id="360p" codecs="avc1.4D401E" bandwidth="91769" width="640" height="360" frameRate="25"/>',
    '<Representation id="720p" codecs="avc1.4D401F" bandwidth="162669" width="1280" height="720" frameRate="25"/>',
    "</AdaptationSet>",
    ...Object.entries(SOUND).flatMap(([id, language]) => [
      `<AdaptationSet id="${id}" contentType="audio" mimeType="audio/mp4" lang="${language}" ${common}>`,
      template("audio", "audio-en"),
      `<Representation id="${id}" codecs="mp4a.40.2" bandwidth="50803" audioSamplingRate="48000"/>`,
      "</AdaptationSet>",
    ]),
  ];
}

// The MPDs of the media origin: live ones have timelines, those on demand have durations.

/** How many periods an MPD may have here. */
export const PERIODS = [1, 10, 100];

/** Entries of each timeline in `live.mpd`. */
export const ENTRIES = 1_000;

/** Entries of each timeline where there are several periods. */
const ENTRIES_OF_PERIOD = 10;

const HEIGHTS = [144, 240, 360, 480, 720, 1080, 1440, 2160];
const LANGUAGES = ["en", "ar", "fr"];

/** One period with timelines of so many entries, for pictures and for sound. */
export function live(entries) {
  return dynamic(period(0, entries, ""));
}

/** Periods one behind the other, each in a folder of its own. */
export function periods(count) {
  const one = (_, at) => period(at, ENTRIES_OF_PERIOD, `    <BaseURL>period-${at}/</BaseURL>\n`);
  return dynamic(Array.from({ length: count }, one).join(""));
}

/**
 * On demand: eight heights, three languages of sound, and two of subtitles that are one file each. What `media` and
 * `bases` say instead may lead elsewhere.
 */
export function vod(media = "$RepresentationID$/$Number%05d$.m4s", bases = "") {
  const template = `        <SegmentTemplate timescale="1000" duration="4000" startNumber="1" initialization="$RepresentationID$/init.mp4" media="${media}"/>\n`;
  const text = (language) =>
    `    <AdaptationSet contentType="text" mimeType="text/vtt" lang="${language}">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/>
      <Representation id="text-${language}" bandwidth="256"><BaseURL>text/${language}.vtt</BaseURL></Representation>
    </AdaptationSet>
`;
  const sets = [pictures(template), ...LANGUAGES.map((language) => sound(language, template)), ...LANGUAGES.slice(0, 2).map(text)];
  return `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-live:2011" mediaPresentationDuration="PT10M" minBufferTime="PT4S">
  <ProgramInformation><Title>Harbour &amp; Quay</Title></ProgramInformation>
${bases}  <Period id="1" start="PT0S">
${sets.join("")}  </Period>
</MPD>
`;
}

function dynamic(periods) {
  return `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" profiles="urn:mpeg:dash:profile:isoff-live:2011" availabilityStartTime="2026-01-01T00:00:00Z" publishTime="2026-02-01T00:00:00Z" minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT2H" suggestedPresentationDelay="PT12S" minBufferTime="PT4S">
${periods}</MPD>
`;
}

function period(at, entries, base) {
  const template = (ticks) => {
    const line = (_, entry) => {
      // Segments are of unequal lengths, as sound has them: no two in a row make one entry.
      const from = entry === 0 ? ` t="${at * entries * ticks * 4}"` : "";
      return `            <S${from} d="${ticks * 4 + (entry % 2 ? 512 : -512)}"/>\n`;
    };
    const lines = Array.from({ length: entries }, line).join("");
    return `        <SegmentTemplate timescale="${ticks}" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Time$.m4s">
          <SegmentTimeline>
${lines}          </SegmentTimeline>
        </SegmentTemplate>
`;
  };
  return `  <Period id="p${at}" start="PT${at * entries * 4}S">
${base}${pictures(template(90_000))}${sound("en", template(48_000))}  </Period>
`;
}

function pictures(template) {
  const representation = (height) =>
    `      <Representation id="video-${height}" bandwidth="${height * 4000}" width="${Math.round((height * 16) / 9)}" height="${height}" codecs="avc1.640028"/>\n`;
  return `    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" frameRate="25">
${template}${HEIGHTS.map(representation).join("")}    </AdaptationSet>
`;
}

function sound(language, template) {
  return `    <AdaptationSet contentType="audio" mimeType="audio/mp4" lang="${language}" segmentAlignment="true">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
${template}      <Representation id="audio-${language}" bandwidth="96000" audioSamplingRate="48000" codecs="mp4a.40.2"/>
    </AdaptationSet>
`;
}

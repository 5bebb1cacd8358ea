// What both sides serve: the KV documents, the media origin's files, and viewer tokens.
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { ENTRIES, PERIODS, live as liveMpd, periods, vod } from "./mpds.mjs";

export const HOST = "watch.example.com";
export const LENGTHS = [10, 100, 1_000, 10_000];

const ISSUER = "https://id.example.com/";
const MEDIA = "http://media.example.com/vod/";
const HOUR = 3600;

/** Makes the keys and the documents that name them. */
export async function catalog() {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const pair = await generateKeyPair("ES256", { extractable: true });
  const sessions = crypto.getRandomValues(new Uint8Array(32));
  const symmetric = (kid, bytes) => ({ kty: "oct", kid, alg: "HS256", k: Buffer.from(bytes).toString("base64url") });
  const keys = [symmetric("h1", secret), { kid: "e1", alg: "ES256", ...(await exportJWK(pair.publicKey)) }];
  const documents = {
    [`v1/site/${HOST}`]: {
      revision: 1,
      host: HOST,
      media: { origin: MEDIA },
      tokens: { issuers: [ISSUER], audience: "watch" },
      sessions: { keys: "watch-sessions", lifetime_s: HOUR },
      // Breaks come from the marks in the media alone.
      ads: {},
      // Longer than the run, so that the media origin is not measured.
      cache: { multivariant: { fresh_s: HOUR }, vod: { fresh_s: HOUR }, live: { fresh_s: HOUR }, segment: { fresh_s: HOUR }, init: { fresh_s: HOUR } },
    },
    [`v1/keys/${ISSUER}`]: { revision: 1, issuer: ISSUER, keys },
    "v1/keys/watch-sessions": { revision: 1, issuer: "watch-sessions", keys: [symmetric("s1", sessions)] },
    "v1/title/harbour": title("harbour"),
    "v1/title/quay": title("quay"),
    "v1/title/elsewhere": { ...title("elsewhere"), sites: ["other.example.com"] },
  };
  return { documents, mint: minter({ HS256: secret, ES256: pair.privateKey }) };
}

function title(id) {
  const offers = [
    { id: "gulf", territories: { allow: ["AE", "SA"] }, ads: "guided" },
    { id: "basic", territories: { allow: ["*"], deny: ["KP"] }, plans: ["basic"], caps: { max_height: 480 } },
    {
      id: "premiere",
      territories: { allow: ["GB"] },
      window: { from: new Date(Date.now() + HOUR * 1000).toISOString() },
      plans: ["gold"],
    },
  ];
  return { revision: 1, id, sites: [HOST], offers };
}

const KIDS = { HS256: "h1", ES256: "e1" };

function minter(keys) {
  return (alg, claims = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: ISSUER, aud: "watch", sub: "viewer-1", iat: now, exp: now + HOUR, ...claims })
      .setProtectedHeader({ alg, kid: KIDS[alg], typ: "JWT" })
      .sign(keys[alg]);
  };
}

/** A media playlist of so many segments, with relative URIs. */
function playlist(length, segment = (number) => `${length}/segment_${String(number).padStart(5, "0")}.m4s`) {
  const segments = Array.from({ length }, (_, at) => `#EXTINF:${at % 2 ? "4.004" : "3.96"},\n${segment(at + 1)}\n`);
  const head = `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n`;
  return `${head}#EXT-X-MAP:URI="${length}/init.mp4"\n${segments.join("")}#EXT-X-ENDLIST\n`;
}

/** A live playlist of half an hour, without a break or with a break of a minute that ended early. */
function live(hasBreak) {
  const marks = new Map(hasBreak ? [[420, "#EXT-X-CUE-OUT:60\n"], [430, "#EXT-X-CUE-IN\n"]] : []);
  const segments = Array.from({ length: 450 }, (_, at) => `${marks.get(at) ?? ""}#EXTINF:4,\nsegment_${at + 7}.m4s\n`);
  const head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"init.mp4\"\n";
  return `${head}#EXT-X-PROGRAM-DATE-TIME:2026-12-01T12:00:00.000Z\n${segments.join("")}`;
}

/** A Multivariant Playlist: eight variants over three sound and two subtitle renditions. */
function master() {
  const lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"];
  for (const [language, name] of [["en", "English"], ["ar", "العربية"], ["fr", "Français"]]) {
    const first = language === "en" ? "YES" : "NO";
    lines.push(
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="${name}",DEFAULT=${first},AUTOSELECT=YES,LANGUAGE="${language}",CHANNELS="2",URI="audio/${language}.m3u8"`,
    );
  }
  for (const [language, name] of [["en", "English"], ["ar", "العربية"]]) {
    lines.push(
      `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="${name}",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,LANGUAGE="${language}",URI="text/${language}.m3u8"`,
    );
  }
  for (const height of [144, 240, 360, 480, 720, 1080, 1440, 2160]) {
    const width = Math.round((height * 16) / 9);
    lines.push(
      `#EXT-X-STREAM-INF:BANDWIDTH=${height * 4000},AVERAGE-BANDWIDTH=${height * 3500},CODECS="avc1.640028,mp4a.40.2",RESOLUTION=${width}x${height},FRAME-RATE=25,AUDIO="sound",SUBTITLES="text"`,
      `video/${height}.m3u8`,
    );
  }
  return `${lines.join("\n")}\n`;
}

const TEXT = "application/vnd.apple.mpegurl";
const XML = "application/dash+xml";
const noise = (length) => Buffer.from(Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff));

/** The media origin's files, by path. */
export const files = new Map(
  Object.entries({
    "master.m3u8": [TEXT, master()],
    ...Object.fromEntries(LENGTHS.map((length) => [`video/${length}.m3u8`, [TEXT, playlist(length)]])),
    "live/plain.m3u8": [TEXT, live(false)],
    "live/break.m3u8": [TEXT, live(true)],
    "video/absolute.m3u8": [TEXT, playlist(10, (number) => `${MEDIA}harbour/video/${number}.m4s?v=2`)],
    "video/rooted.m3u8": [TEXT, playlist(10, (number) => `/vod/harbour/a%20b/${number}.m4s`)],
    "video/upwards.m3u8": [TEXT, playlist(10, (number) => `../other/${number}.m4s`)],
    "video/foreign.m3u8": [TEXT, playlist(10, (number) => `https://ads.example/${number}.m4s`)],
    "video/outside.m3u8": [TEXT, playlist(10, (number) => `../../quay/${number}.m4s`)],
    "video/page.m3u8": ["text/html", "<!doctype html>"],
    "dash/live.mpd": [XML, liveMpd(ENTRIES)],
    ...Object.fromEntries(PERIODS.map((count) => [`dash/periods-${count}.mpd`, [XML, periods(count)]])),
    "dash/vod.mpd": [XML, vod()],
    "dash/absolute.mpd": [XML, vod(`${MEDIA}harbour/dash/$RepresentationID$/$Number$.m4s?v=2&amp;w=3`)],
    "dash/rooted.mpd": [XML, vod("/vod/harbour/a%20b/$RepresentationID$/$Number%09d$.m4s")],
    "dash/upwards.mpd": [XML, vod("../other/$RepresentationID$/$Bandwidth$/$Number$.m4s")],
    "dash/base.mpd": [XML, vod(undefined, `  <BaseURL>${MEDIA}harbour/a/</BaseURL>\n  <BaseURL>../b/</BaseURL>\n`)],
    "dash/location.mpd": [XML, vod(undefined, `  <Location>${MEDIA}harbour/dash/vod.mpd?v=2</Location>\n`)],
    "dash/foreign.mpd": [XML, vod("https://ads.example/$RepresentationID$/$Number$.m4s")],
    "dash/foreign-base.mpd": [XML, vod(undefined, "  <BaseURL>https://ads.example/</BaseURL>\n")],
    "dash/outside.mpd": [XML, vod("../../quay/$RepresentationID$/$Number$.m4s")],
    "dash/cut.mpd": [XML, vod().slice(0, 300)],
    "dash/page.mpd": ["text/html", "<!doctype html><html></html>"],
    "video/4k.m4s": ["video/mp4", noise(4 * 1024)],
    "video/200k.m4s": ["video/mp4", noise(200 * 1024)],
    "video/2m.m4s": ["video/mp4", noise(2 * 1024 * 1024)],
  }).map(([path, [type, body]]) => {
    return [`/vod/harbour/${path}`, { type, body: Buffer.from(body), etag: `"${path}"` }];
  }),
);

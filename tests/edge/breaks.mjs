// A viewer who opens a title with ads.
import assert from "node:assert/strict";
import { mint } from "./harness.mjs";

const SITE = "watch.example.com";
let viewers = 0;

/**
 * Opens a title as a new viewer, from an address of their own.
 * @returns {Promise<{get: (url: string) => Promise<Response>, playlist: string, media: string, lists: string[]}>} the media playlist with
 * its URL, and the URLs of the lists of its breaks, in order
 */
export async function open(edge, base, title, { headers: more = {}, rendition = "360/main.m3u8" } = {}) {
  viewers += 1;
  const token = await mint(base, { key: "h1", claims: { sub: `viewer-${viewers}` } });
  const headers = { "cf-connecting-ip": `198.51.${viewers >> 8}.${viewers & 255}`, ...more };
  const get = (url) => edge.fetch(new URL(url, `https://${SITE}/`).href, { headers, country: "AE" });
  const entry = await get(`/${title}/master.m3u8?token=${token}`);
  const text = await entry.text();
  assert.equal(entry.status, 200, text);
  const [folder] = /\/~[^/]+\/[^/]+\//.exec(text) ?? assert.fail(text);
  const media = `https://${SITE}${folder}${rendition}`;
  const playlist = await (await get(media)).text();
  const lists = [...playlist.matchAll(/X-ASSET-LIST="([^"]+)"/g)].map(([, uri]) => new URL(uri, media).href);
  return { get, playlist, media, lists: [...new Set(lists)] };
}

/** Documents with titles on demand. `ads` has the `ads` of each title, and `server` the members of `ads.server`. */
export function documents(base, ads, server, more = {}) {
  const offers = [{ id: "free", territories: { allow: ["*"] }, ads: "guided" }];
  const title = ([id, ads]) => [`v1/title/${id}`, { revision: 1, id, sites: [SITE], offers, ads }];
  const key = `v1/site/${SITE}`;
  return {
    ...base.documents,
    [key]: { ...base.documents[key], revision: 1, ads: { server, campaigns: "never", ...more } },
    ...Object.fromEntries(Object.entries(ads).map(title)),
  };
}

export const MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360\n360/main.m3u8\n";
const segments = Array.from({ length: 12 }, (_, number) => `#EXTINF:10,\n${number}.m4s\n`).join("");
/** Two minutes. */
export const MEDIA = `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-PROGRAM-DATE-TIME:2026-11-22T18:00:00Z\n${segments}#EXT-X-ENDLIST\n`;

/** An ad whose media are a manifest of a host that the site trusts with `"direct": ["files.example.net"]`. */
export const direct = (id, secs = 10) =>
  `<Ad id="${id}"><InLine><AdSystem>s</AdSystem><AdTitle>${id}</AdTitle><Impression>https://track.example.net/${id}</Impression><Creatives>` +
  `<Creative><Linear><Duration>00:00:${String(secs).padStart(2, "0")}</Duration><MediaFiles><MediaFile type="application/x-mpegURL">` +
  `https://files.example.net/${id}.m3u8</MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad>`;
export const vast = (ads) => `<VAST version="4.2">${ads}</VAST>`;

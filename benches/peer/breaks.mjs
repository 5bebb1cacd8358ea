// Tells players of the break of a live playlist, as an interstitial whose address is sealed.
//
// hls-parser keeps one date range for each segment, and the peer writes all before the first: so it serves one break.
import { base64url } from "jose";
import { utf8 } from "./bytes.mjs";

/** Positions between segments are rounded to this grid, so that all renditions have the same. */
const GRID_MS = 500;
const ROUNDED_UP_MS = 325;
/** A break that ends this close to its plan ends as planned. */
const NEAR_MS = 500;

/** Adds the break that an `EXT-X-CUE-OUT` opens; `sale` is the site, the title and the site's key. Returns whether there is one. */
export async function addBreak(playlist, sale) {
  const [first] = playlist.segments;
  if (!sale || playlist.endlist || !first?.programDateTime) return false;
  const found = marked(playlist.segments);
  if (!found || found.start + (found.lasts ?? found.planned) <= first.programDateTime.getTime()) return false;
  const { site, title, key } = sale;
  const { start, planned, lasts } = found;
  const id = `at-${start}`;
  const body = base64url.encode(JSON.stringify({ id, place: "mid_roll", date_ms: start, planned_ms: planned }));
  const mac = await crypto.subtle.sign("HMAC", key, utf8(`break\0${site.host}\0${title.id}\0${body}\0`));
  const sealed = `${body}.${base64url.encode(new Uint8Array(mac, 0, 12))}`;
  first.dateRange = {
    id: `sd-${id}`,
    classId: "com.apple.hls.interstitial",
    start: new Date(start),
    plannedDuration: planned / 1000,
    ...(lasts === undefined ? {} : { duration: lasts / 1000 }),
    attributes: {
      "X-ASSET-LIST": `_stagedoor/break/${sealed}.json?_HLS_interstitial_id=sd-${id}`,
      "X-SNAP": "OUT,IN",
      "X-CONTENT-MAY-VARY": "YES",
      ...(lasts < planned ? { "X-PLAYOUT-LIMIT": lasts / 1000 } : {}),
    },
  };
  return true;
}

function marked(segments) {
  let date = segments[0].programDateTime.getTime();
  let found;
  for (const { markers, duration, programDateTime } of segments) {
    date = programDateTime?.getTime() ?? date;
    const at = Math.floor((date + ROUNDED_UP_MS) / GRID_MS) * GRID_MS;
    for (const marker of markers) {
      if (marker.type === "OUT") found = { start: at, planned: Math.round(marker.duration * 1000) };
      if (marker.type === "IN" && found) {
        const lasts = at - found.start;
        found.lasts = Math.abs(lasts - found.planned) <= NEAR_MS ? found.planned : lasts;
      }
    }
    date += duration * 1000;
  }
  return found;
}

// A playlist rewritten with hls-parser: parse, check or set each URI, stringify.
//
// It differs from Stagedoor because of its library: tags that hls-parser does not know are dropped, and the text is
// written anew even where nothing changed. That writing is also what keeps it closed on foreign URIs, since it puts
// out only what it has looked at. `unchangedAsIs` skips it where no URI changed: faster, and blind to unknown tags.
import * as HLS from "hls-parser";
import { addBreak } from "./breaks.mjs";
import { isLowEnough } from "./picture.mjs";
import { LOCAL, PLAIN, foreign, isAbsolute, within } from "./place.mjs";
import { Denial, Fault } from "./reply.mjs";

// Real playlists break rules that a delivery layer need not enforce; hls-parser would write each to the console.
HLS.setOptions({ strictMode: false, silent: true });

export async function rewritePlaylist(wanted, { token, caps, prefix, sale }, source, text, unchangedAsIs) {
  if (!/^\uFEFF?#EXTM3U[ \t]*\r?\n/.test(text)) {
    throw new Fault("manifest_invalid", `${source.url}: expected #EXTM3U in the first line`);
  }
  const playlist = parse(source, text);
  const place = placer(wanted, source, `/~${token}/${wanted.title}/`, prefix);
  let changed = false;
  const set = (holder, name) => {
    const uri = holder?.[name];
    if (!uri) return;
    const placed = place(uri);
    if (placed === uri) return;
    holder[name] = placed;
    changed = true;
  };
  if (playlist.isMasterPlaylist) {
    changed = limit(playlist, caps);
    master(playlist, set);
  } else {
    changed = await addBreak(playlist, sale);
    mediaPlaylist(playlist, set);
  }
  return unchangedAsIs && !changed ? text : HLS.stringify(playlist);
}

function parse(source, text) {
  try {
    return HLS.parse(text);
  } catch (error) {
    throw new Fault("manifest_invalid", `${source.url}: ${error.message}`);
  }
}

function limit(playlist, { max_height: most }) {
  if (most === undefined) return false;
  const kept = playlist.variants.filter(({ resolution }) => !resolution || isLowEnough(resolution, most));
  if (kept.length === playlist.variants.length) return false;
  if (!kept.some(({ isIFrameOnly }) => !isIFrameOnly)) {
    throw new Denial("no_variant", "no variant stream is within the limits");
  }
  playlist.variants = kept;
  return true;
}

function master(playlist, set) {
  set(playlist.contentSteering, "serverUri");
  for (const item of playlist.sessionDataList) set(item, "uri");
  for (const item of playlist.sessionKeyList) set(item, "uri");
  for (const variant of playlist.variants) {
    set(variant, "uri");
    for (const group of [variant.audio, variant.video, variant.subtitles, variant.closedCaptions]) {
      for (const rendition of group) set(rendition, "uri");
    }
  }
}

function mediaPlaylist(playlist, set) {
  // Segments share the objects of their key and map: each is set once.
  let key;
  let map;
  for (const segment of playlist.segments) {
    set(segment, "uri");
    if (segment.key !== key) set((key = segment.key), "uri");
    if (segment.map !== map) set((map = segment.map), "uri");
    for (const part of segment.parts) set(part, "uri");
    if (segment.dateRange) assets(segment.dateRange, set);
  }
  for (const segment of playlist.prefetchSegments) set(segment, "uri");
  for (const report of playlist.renditionReports) set(report, "uri");
  for (const range of playlist.dateRanges) assets(range, set);
}

function assets(range, set) {
  set(range.attributes, "X-ASSET-URI");
  set(range.attributes, "X-ASSET-LIST");
}

/** Writes a URI so that the session covers it, or refuses a URI that it cannot cover. */
function placer(wanted, source, root, prefix) {
  const below = root + wanted.folder;
  return (uri) => {
    if (PLAIN.test(uri)) return prefix ? below + uri : uri;
    if (LOCAL.test(uri)) return uri;
    if (uri.includes("{$")) throw foreign(source, "a URI with a variable");
    const path = within(uri, source.url, source);
    return prefix || isAbsolute(uri) ? root + path : uri;
  };
}

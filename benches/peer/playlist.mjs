// A playlist rewritten with hls-parser: parse, check or set each URI, stringify.
//
// It differs from Stagedoor in what the library is: tags that hls-parser does not know are dropped, and the text is
// written anew even where nothing changed. That writing is also what keeps it closed on foreign URIs, since it puts
// out only what it has looked at. `unchangedAsIs` skips it where no URI changed: faster, and blind to unknown tags.
import * as HLS from "hls-parser";
import { hash, utf8 } from "./bytes.mjs";
import { Denial, Fault } from "./reply.mjs";
import { canonical } from "./route.mjs";

// Real playlists break rules that a delivery layer need not enforce; hls-parser would write each to the console.
HLS.setOptions({ strictMode: false, silent: true });

export async function manifest(request, wanted, admission, source, text, unchangedAsIs) {
  const body = rewrite(wanted, admission, source, text, unchangedAsIs);
  const bytes = utf8(body);
  const headers = new Headers({ "Content-Type": "application/vnd.apple.mpegurl" });
  if (admission.prefix) {
    headers.set("Cache-Control", "private, no-store");
    return answer(request, bytes, headers);
  }
  headers.set("Cache-Control", `private, max-age=${source.ttl}`);
  const tag = `"${hexadecimal((await hash(bytes)).subarray(0, 12))}"`;
  headers.set("ETag", tag);
  const known = request.headers.get("If-None-Match");
  const same = (item) => item.trim() === "*" || item.trim().replace(/^W\//, "") === tag;
  if (known?.split(",").some(same)) return new Response(null, { status: 304, headers });
  return answer(request, bytes, headers);
}

function answer(request, bytes, headers) {
  headers.set("Content-Length", String(bytes.length));
  return new Response(request.method === "HEAD" ? null : bytes, { headers });
}

const hexadecimal = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function rewrite(wanted, { token, caps, prefix }, source, text, unchangedAsIs) {
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

/** Whether a picture fits in one of 16:9 of this height, lying or standing; whole blocks of 16 pixels do not count. */
function isLowEnough({ width, height }, most) {
  const longest = Math.ceil(most / 9) * 16;
  return Math.min(width, height) <= most && Math.max(width, height) <= longest;
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

const PLAIN = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/;

/** How a URI is to be written so that the session covers it; one that it cannot cover is refused. */
function placer(wanted, source, root, prefix) {
  const below = root + wanted.folder;
  return (uri) => {
    if (PLAIN.test(uri)) return prefix ? below + uri : uri;
    if (/^(?:data|skd|urn):/i.test(uri)) return uri;
    return resolve(uri, source, root, prefix);
  };
}

function resolve(uri, source, root, prefix) {
  const foreign = (why) => new Fault("manifest_foreign_uri", `${source.url}: ${why}`);
  if (uri.includes("{$")) throw foreign("a URI with a variable");
  if (!URL.canParse(uri, source.url)) throw foreign("not a URI");
  const url = new URL(uri, source.url);
  const { origin, pathname } = source.folder;
  if (url.origin !== origin || url.username || url.password || !url.pathname.startsWith(pathname)) {
    throw foreign("a URI outside the title");
  }
  const path = url.pathname.slice(pathname.length);
  try {
    canonical(path);
  } catch {
    throw foreign("a URI outside the title");
  }
  return !prefix && !/^[/\\]/.test(uri) && !URL.canParse(uri) ? uri : root + path + url.search;
}

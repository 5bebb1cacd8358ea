// A manifest's answer: rewritten for the viewer, with headers that tell who may keep it.
import { hash, utf8 } from "./bytes.mjs";
import { rewriteMpd } from "./mpd.mjs";
import { rewritePlaylist } from "./playlist.mjs";

const KINDS = {
  playlist: { type: "application/vnd.apple.mpegurl", rewrite: rewritePlaylist },
  mpd: { type: "application/dash+xml", rewrite: rewriteMpd },
};

export async function manifest(request, wanted, admission, source, text, unchangedAsIs) {
  const { type, rewrite } = KINDS[wanted.kind];
  const bytes = utf8(await rewrite(wanted, admission, source, text, unchangedAsIs));
  const headers = new Headers({ "Content-Type": type });
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

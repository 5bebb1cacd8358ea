// /{title}/{resource} with a viewer token, /~{session}/{title}/{resource} below it.
import { Denial } from "./reply.mjs";

const PATH = /^\/(?:(?:~|%7E)([^/]*)\/)?([^/]+)\/(.*)$/i;
const TITLE = /^[a-z0-9][a-z0-9._-]*$/;
const PLAIN = /^(?:[\w-][\w.~-]*\/)*[\w-][\w.~-]*$/;

export function route(method, pathname) {
  if (method === "OPTIONS") return undefined;
  if (method !== "GET" && method !== "HEAD") {
    throw new Denial("method_not_allowed", "expected GET, HEAD or OPTIONS");
  }
  const [, session, title, path] = PATH.exec(pathname) ?? [];
  if (!title || !TITLE.test(title)) {
    throw new Denial("not_found", "expected /{title}/{manifest} or /~{session}/{title}/{resource}");
  }
  const resource = canonical(path);
  return {
    session: session && session.replace(/%7E/gi, "~").replace(/%3D/gi, "="),
    title,
    resource,
    folder: resource.slice(0, resource.lastIndexOf("/") + 1),
    kind: kind(resource),
  };
}

/** One spelling for one resource, below the title. */
export function canonical(path) {
  if (PLAIN.test(path)) return path;
  const invalid = () => new Denial("path_invalid", "expected a path of plain segments below the title");
  const segments = path.split("/").map((segment) => {
    let plain;
    try {
      plain = decodeURIComponent(segment);
    } catch {
      throw invalid();
    }
    if (/^\.{0,2}$|[\x00-\x1f\x7f/\\]/.test(plain)) throw invalid();
    // encodeURIComponent leaves !'()* alone and encodes the sub-delimiters that a path may hold.
    return encodeURIComponent(plain).replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
  });
  return segments.join("/");
}

function kind(resource) {
  const name = resource.slice(resource.lastIndexOf("/") + 1).toLowerCase();
  if (name.endsWith(".m3u8") || name.endsWith(".m3u")) return "playlist";
  return name.endsWith(".mpd") ? "mpd" : "segment";
}

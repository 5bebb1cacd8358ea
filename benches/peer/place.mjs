// Writes a URI so that the session covers it, or refuses a URI that it cannot cover.
import { Fault } from "./reply.mjs";
import { canonical } from "./route.mjs";

/** A path that stays below where it is resolved, and has nothing that wants decoding. */
export const PLAIN = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/;

/** What is fetched from no server. */
export const LOCAL = /^(?:data|skd|urn):/i;

/** What of a URL lies below the title's folder at the media origin: path and query. */
export function within(uri, base, source) {
  const { path, search } = split(uri, base, source);
  try {
    canonical(path);
  } catch {
    throw foreign(source, "a URI outside the title");
  }
  return path + search;
}

/** The same for a base URL, such as a folder. */
export function baseWithin(uri, base, source) {
  const { path, search } = split(uri, base, source);
  return path + search;
}

function split(uri, base, source) {
  if (!URL.canParse(uri, base)) throw foreign(source, "not a URI");
  const url = new URL(uri, base);
  const { origin, pathname } = source.folder;
  if (url.origin !== origin || url.username || url.password || !url.pathname.startsWith(pathname)) {
    throw foreign(source, "a URI outside the title");
  }
  return { path: url.pathname.slice(pathname.length), search: url.search };
}

export const foreign = (source, why) => new Fault("manifest_foreign_uri", `${source.url}: ${why}`);

/** Whether a URI leads where it does wherever the manifest is. */
export const isAbsolute = (uri) => /^[/\\]/.test(uri) || URL.canParse(uri);

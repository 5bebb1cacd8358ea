// The URL at the media origin, and the cache key: without a token, and without parameters that the site does not list.
import { Fault } from "./reply.mjs";

export function source(requested, wanted, site, title) {
  const folder = new URL(title.folder, site.media.origin);
  const url = new URL(`./${wanted.resource}`, folder);
  if (!folder.href.startsWith(site.media.origin) || !url.href.startsWith(folder.href)) {
    throw new Fault("document_invalid", `expected a URL below ${site.media.origin}`);
  }
  if (site.media.query?.length) {
    const listed = [...requested.searchParams].filter(([name]) => site.media.query.includes(name));
    url.search = new URLSearchParams(listed.sort()).toString();
  }
  const ttl =
    wanted.kind === "segment" ? (site.cache?.segment?.fresh_s ?? 86_400) : (site.cache?.vod?.fresh_s ?? 300);
  return { url, folder, ttl, cacheKey: `https://${site.host}/_cache/${url.href.replace("://", "/")}` };
}

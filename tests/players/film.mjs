// Titles in HLS whose pictures tell their time: so many segments of the live channels' loop.
//
//   /{name}/master.m3u8
//   /{name}/{rendition}/index.m3u8, init.mp4, {number}.m4s, {number}.vtt
import { Channel, RENDITION_IDS, SEGMENT_MS, rendition } from "../../demo/stack/live/channel.mjs";

const TYPES = { m3u8: "application/vnd.apple.mpegurl", mp4: "video/mp4", m4s: "video/mp4", vtt: "text/vtt; charset=utf-8" };

const LOOP = new Channel({ history_s: 0 });

export class Films {
  /** @param {Record<string, {segments: number, tags?: string[]}>} films `tags` stand in every media playlist, in front of the first segment */
  constructor(films) {
    this.films = films;
  }

  /** Answers a request for `/{name}/{path}`. */
  async handle(request, response) {
    const { pathname } = new URL(request.url, "http://films");
    const [, name, path] = /^\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
    const body = Object.hasOwn(this.films, name) ? file(this.films[name], path) : null;
    response.writeHead(body === null ? 404 : 200, { "Content-Type": TYPES[path?.split(".").at(-1)] ?? "text/plain" });
    response.end(body ?? "");
  }
}

function file({ segments, tags = [] }, path) {
  if (path === "master.m3u8") return LOOP.master();
  const [, id, name, extension] = /^([^/]+)\/(\w+)\.(m3u8|mp4|m4s|vtt)$/.exec(path) ?? [];
  if (!RENDITION_IDS.includes(id)) return null;
  if (name === "index") return playlist(segments, tags, rendition(id).text ? "vtt" : "m4s");
  if (name === "init") return LOOP.init(id);
  return Number(name) < segments ? LOOP.segment(id, Number(name)) : null;
}

function playlist(segments, tags, extension) {
  return [
    ...["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:2", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-INDEPENDENT-SEGMENTS"],
    ...(extension === "m4s" ? ['#EXT-X-MAP:URI="init.mp4"'] : []),
    ...tags,
    ...Array.from({ length: segments }, (_, number) => `#EXTINF:${SEGMENT_MS / 1000},\n${number}.${extension}`),
    "#EXT-X-ENDLIST\n",
  ].join("\n");
}

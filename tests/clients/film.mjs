// An HLS title over HTTP: one round of the loop of channel.mjs.
//
//   /master.m3u8
//   /{rendition}/index.m3u8
//   /{rendition}/init.mp4, {number}.m4s, {number}.vtt
import { Channel, SEGMENT_MS, TARGET_S, rendition } from "../../demo/stack/live/channel.mjs";

const TYPES = { m3u8: "application/vnd.apple.mpegurl", mp4: "video/mp4", m4s: "video/mp4", vtt: "text/vtt; charset=utf-8" };

const LOOP = new Channel({ history_s: 0 });

export class Film {
  /** @param {number} segments the number of segments of the loop */
  constructor(segments) {
    this.segments = segments;
  }

  /** Answers a request. */
  async handle(request, response) {
    const { pathname } = new URL(request.url, "http://film");
    const body = this.#body(pathname.slice(1));
    response.writeHead(body === null ? 404 : 200, { "Content-Type": TYPES[pathname.split(".").at(-1)] ?? "text/plain" });
    response.end(body);
  }

  #body(path) {
    if (path === "master.m3u8") return LOOP.master();
    const [, id, file] = /^([^/]+)\/([^/]+)$/.exec(path) ?? [];
    const kind = rendition(id);
    if (!kind) return null;
    if (file === "index.m3u8") return this.#playlist(kind);
    if (file === "init.mp4") return kind.text ? null : LOOP.init(id);
    const [, number, extension] = /^(\d+)\.(m4s|vtt)$/.exec(file) ?? [];
    return number < this.segments && kind.text === (extension === "vtt") ? LOOP.segment(id, Number(number)) : null;
  }

  #playlist({ text }) {
    const extension = text ? "vtt" : "m4s";
    const numbers = Array.from({ length: this.segments }, (_, number) => number);
    return [
      "#EXTM3U",
      "#EXT-X-VERSION:7",
      `#EXT-X-TARGETDURATION:${TARGET_S}`,
      "#EXT-X-PLAYLIST-TYPE:VOD",
      "#EXT-X-INDEPENDENT-SEGMENTS",
      ...(text ? [] : ['#EXT-X-MAP:URI="init.mp4"']),
      ...numbers.flatMap((number) => [`#EXTINF:${SEGMENT_MS / 1000},`, `${number}.${extension}`]),
      "#EXT-X-ENDLIST",
      "",
    ].join("\n");
  }
}

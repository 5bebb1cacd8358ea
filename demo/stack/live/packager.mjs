// Live channels over HTTP: playlists grow in real time, and blocking requests wait for them.
//
//   /{channel}/master.m3u8
//   /{channel}/{rendition}/index.m3u8            ?_HLS_msn=&_HLS_part=&_HLS_skip=
//   /{channel}/{rendition}/init.mp4
//   /{channel}/{rendition}/{msn}.m4s, .vtt       a segment
//   /{channel}/{rendition}/{msn}.{part}.m4s      a part; a request for a hinted part waits until it is ready
// https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.5
import { PARTS, SEGMENT_MS, rendition } from "./channel.mjs";

const TYPES = { m3u8: "application/vnd.apple.mpegurl", mp4: "video/mp4", m4s: "video/mp4", vtt: "text/vtt; charset=utf-8" };

/** Older requests are forgotten. */
const MOST_REQUESTS = 10_000;

/** Requests for playlists further ahead than this many segments do not wait. */
const MOST_AHEAD = 2;

export class Packager {
  /** The requests, oldest first, with the query as received. @type {{channel: string, path: string, query: string, at: number}[]} */
  requests = [];

  /** @param {Record<string, import("./channel.mjs").Channel>} channels */
  constructor(channels) {
    this.channels = channels;
  }

  /** Answers a request for `/{channel}/{path}`. */
  async handle(request, response) {
    const { pathname, search, searchParams } = new URL(request.url, "http://packager");
    const [, name, path] = /^\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
    this.requests.push({ channel: name, path, query: search.slice(1), at: Date.now() });
    if (this.requests.length > MOST_REQUESTS) this.requests.shift();
    if (!Object.hasOwn(this.channels, name)) return answer(response, 404);
    const channel = this.channels[name];
    if (path === "master.m3u8") return answer(response, 200, TYPES.m3u8, channel.master());

    const [, id, file, extension] = /^([^/]+)\/([^/]+)\.(m3u8|mp4|m4s|vtt)$/.exec(path) ?? [];
    const kind = rendition(id);
    if (!kind) return answer(response, 404);
    if (file === "index" && extension === "m3u8") return this.#playlist(channel, id, kind, searchParams, response);
    if (file === "init" && extension === "mp4" && !kind.text) return answer(response, 200, TYPES.mp4, channel.init(id));

    const [, msn, part] = /^(\d+)(?:\.(\d))?$/.exec(file) ?? [];
    if (msn === undefined || extension !== (kind.text ? "vtt" : "m4s")) return answer(response, 404);
    if (part === undefined) {
      const there = Number(msn) < Math.floor(channel.parts(Date.now()) / PARTS);
      return there ? answer(response, 200, TYPES[extension], channel.segment(id, Number(msn))) : answer(response, 404);
    }
    // A hinted part is complete within the duration of a part.
    const number = Number(msn) * PARTS + Number(part);
    if (!channel.lowLatency || kind.text || number > channel.parts(Date.now())) return answer(response, 404);
    if (await until(channel.completeAt(number + 1), response)) answer(response, 200, TYPES.m4s, channel.part(id, Number(msn), Number(part)));
  }

  /** A channel without delivery directives ignores them. */
  async #playlist(channel, id, { text }, query, response) {
    const asked = ["_HLS_msn", "_HLS_part"].map((name) => query.get(name));
    if (channel.lowLatency && asked.some((number) => number !== null && !/^\d{1,9}$/.test(number))) return answer(response, 400);
    const [msn, part] = asked.map((number) => (number === null || !channel.lowLatency ? null : Number(number)));
    if (part !== null && msn === null) return answer(response, 400);
    if (msn !== null) {
      if (msn > Math.floor(channel.parts(Date.now()) / PARTS) + MOST_AHEAD) return answer(response, 400);
      // The part after a segment's last is the first of the next segment.
      const wanted = part === null || text ? (msn + 1) * PARTS : msn * PARTS + Math.min(part, PARTS) + 1;
      if (!(await until(channel.completeAt(wanted), response))) return;
    }
    const delta = ["YES", "v2"].includes(query.get("_HLS_skip"));
    answer(response, 200, TYPES.m3u8, channel.playlist(id, channel.parts(Date.now()), { delta }));
  }
}

/** Waits until an instant. Returns whether the client still waits for the reply. */
async function until(instant, response) {
  const wait = instant - Date.now();
  if (wait > (MOST_AHEAD + 2) * SEGMENT_MS) throw new Error(`expected to wait for ${MOST_AHEAD + 2} segments at most, found ${wait} ms`);
  while (Date.now() < instant && !response.destroyed) {
    await new Promise((resolve) => {
      const timer = setTimeout(done, instant - Date.now());
      response.once("close", done);
      function done() {
        clearTimeout(timer);
        response.off("close", done);
        resolve();
      }
    });
  }
  return !response.destroyed;
}

function answer(response, status, type = "text/plain", body = "") {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

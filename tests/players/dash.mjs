// Titles and live channels in DASH over HTTP.
//
//   /{name}/{addressing}.mpd                     a title: see mpd.mjs
//   /{name}/live.mpd                             a channel
//   /{name}/live.mpp?publishTime=                what is new since that MPD
//   /{name}/time                                 the clock
//   /{name}/{rendition}/init.mp4
//   /{name}/{rendition}/{number}.m4s, t{time}.m4s   a segment; of a low-latency channel also one under way, chunk by chunk
//   /{name}/{rendition}.mp4                      a title's rendition, in ranges
//   /{name}/text-{language}.vtt, tiles/1.png, ad/…
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Channel, PARTS, cue, rendition } from "../../demo/stack/live/channel.mjs";
import { live, patch } from "./live-mpd.mjs";
import { CLOCKS, SEGMENTS, TILES, TITLES } from "./mpd.mjs";
import { singleFile } from "./single-file.mjs";
import { tiles } from "./tiles.mjs";

const ADS = new URL("../../demo/media/ads/amber/", import.meta.url);

const TYPES = { mpd: "application/dash+xml", mpp: "application/dash-patch+xml", mp4: "video/mp4", m4s: "video/mp4", vtt: "text/vtt; charset=utf-8", png: "image/png" };

/** The media of titles. */
const LOOP = new Channel({ history_s: 0 });

/**
 * @typedef {{segments: number}} Title the number of segments of the loop
 * @typedef {import("./live-mpd.mjs").LiveOptions & {channel: Channel}} Live
 */
export class Dash {
  /** The requests, oldest first. @type {{name: string, path: string, query: string, at: number}[]} */
  requests = [];

  #files = new Map();

  /** @param {Record<string, Title | Live>} offers */
  constructor(offers) {
    this.offers = offers;
  }

  /** Answers a request for `/{name}/{path}`. */
  async handle(request, response) {
    const { pathname, search, searchParams } = new URL(request.url, "http://dash");
    const [, name, path] = /^\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
    const now = Date.now();
    this.requests.push({ name, path, query: search.slice(1), at: now });
    const offer = Object.hasOwn(this.offers, name) ? this.offers[name] : null;
    if (!offer) return answer(response, 404);
    const type = TYPES[path.split(".").at(-1)];
    const send = (body) => (body === null ? answer(response, 404) : answer(response, 200, type, body));

    if (path.endsWith(".mpd")) return send(offer.channel ? (path === "live.mpd" ? live(offer.channel, now, offer) : null) : this.#title(offer, path.slice(0, -4)));
    const segment = /^([^/]+)\/(init\.mp4|(t?)(\d+)\.m4s)$/.exec(path);
    if (segment) return this.#segment(offer, segment, send, response);
    if (offer.channel) {
      if (path === "live.mpp" && offer.patches) return send(patch(offer.channel, Date.parse(searchParams.get("publishTime")), now, offer));
      if (path === "time") return answer(response, 200, "text/plain", new Date(now).toISOString(), { "Cache-Control": "no-store" });
      return send(null);
    }
    const [, id] = /^([^/]+)\.mp4$/.exec(path) ?? [];
    if (rendition(id)) return range(request, response, this.#file(offer, id).file);
    const [, text] = /^(text-\w+)\.vtt$/.exec(path) ?? [];
    if (rendition(text)) return send(cues(text, offer.segments));
    if (path === "tiles/1.png") return send(tiles(TILES));
    if (/^ad\/[\w-]+\/[\w]+\.(mp4|m4s)$/.test(path)) return send(await readFile(new URL(path.slice("ad/".length), ADS)).catch(() => null));
    send(null);
  }

  #title(offer, addressing) {
    return Object.hasOwn(TITLES, addressing) ? TITLES[addressing](offer.segments, (id) => this.#file(offer, id)) : null;
  }

  #file(offer, id) {
    const key = `${id} ${offer.segments}`;
    if (!this.#files.has(key)) {
      const segments = Array.from({ length: offer.segments }, (_, number) => LOOP.segment(id, number));
      this.#files.set(key, singleFile(LOOP.init(id), segments, clock(id)));
    }
    return this.#files.get(key);
  }

  async #segment({ channel, lowLatency, segments }, [, id, file, isTime, digits], send, response) {
    const kind = rendition(id);
    if (!kind || kind.text) return send(null);
    if (file === "init.mp4") return send(LOOP.init(id));
    const number = isTime ? Number(digits) / clock(id).segment : Number(digits);
    if (!Number.isInteger(number)) return send(null);
    if (!channel) return send(number < segments ? LOOP.segment(id, number) : null);

    const complete = Math.floor(channel.parts(Date.now()) / PARTS);
    if (number < complete) return send(channel.segment(id, number));
    // Shaka Player requests the next segment before it has begun, and waits.
    if (!lowLatency || number > complete + 1) return send(null);
    // Its length is not known yet.
    response.writeHead(200, { "Content-Type": TYPES.m4s });
    response.flushHeaders();
    for (let part = 0; part < PARTS && !response.destroyed; part += 1) {
      await sleepUntil(channel.completeAt(number * PARTS + part + 1));
      if (!response.write(channel.part(id, number, part))) await Promise.race([once(response, "drain"), once(response, "close")]);
    }
    response.end();
  }
}

const clock = (id) => CLOCKS[id.startsWith("audio") ? "audio" : "video"];

const sleepUntil = (instant) => new Promise((resolve) => setTimeout(resolve, Math.max(0, instant - Date.now())));

/** A title's subtitles: one cue for each segment. */
function cues(id, segments) {
  const at = (number) => `00:00:${((number * 2_048) / 1000).toFixed(3).padStart(6, "0")}`;
  const all = Array.from({ length: segments }, (_, number) => `${at(number)} --> ${at(number + 1)}\n${cue(id, number)}\n`);
  return `WEBVTT\n\n${all.join("\n")}`;
}

/** A file, or the requested range of it. */
function range(request, response, file) {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const headers = { "Content-Type": TYPES.mp4, "Accept-Ranges": "bytes" };
  if (!asked) return answer(response, 200, TYPES.mp4, file, headers);
  const [first, last] = [Number(asked[1]), asked[2] === "" ? file.length - 1 : Math.min(Number(asked[2]), file.length - 1)];
  if (first > last) return answer(response, 416, "text/plain", "", { "Content-Range": `bytes */${file.length}` });
  answer(response, 206, TYPES.mp4, file.subarray(first, last + 1), { ...headers, "Content-Range": `bytes ${first}-${last}/${file.length}` });
}

function answer(response, status, type = "text/plain", body = "", headers = {}) {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body), ...headers });
  response.end(body);
}

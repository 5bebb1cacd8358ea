// The media origin that the edge fetches from: a live channel, and the files of the origin service. It keeps a log of what was
// fetched, so that the page can tell a fetch from a hit of the edge's cache.
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Channel, SEGMENT_MS } from "./live/channel.mjs";
import { Packager } from "./live/packager.mjs";

/** A file's time, by its extension. The edge follows it, and tells players the age of what it kept. */
const FRESH_S = 3_600;
const LASTING = /\.(m4s|mp4|ts|vtt)$/;

/** Headers of the edge's request that select from a file's bytes. */
const ASKED = ["range", "if-none-match", "if-modified-since", "if-range"];
const TOLD = ["content-type", "content-length", "content-range", "accept-ranges", "etag", "last-modified"];

/** Older fetches are forgotten. */
const MOST_FETCHES = 2_000;

/** The planned length of a break of the live channel, in segments. */
const BREAK_SEGMENTS = 8;

export class MediaOrigin {
  #files;
  #channel = new Channel({ lowLatency: true, skip: true, window_s: 30, history_s: channelAge_s() });
  #live = new Packager({ live: this.#channel });
  #fetches = [];
  #count = 0;
  #server = null;

  /** @param {{files: string}} options `files` is the URL of a folder of media, with a slash at the end */
  constructor({ files }) {
    this.#files = files;
  }

  /** Listens on a port of this machine. */
  async serve(port) {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error) => {
        if (response.headersSent) response.destroy(error);
        else response.writeHead(502).end();
      });
    });
    // A connection that is closed while idle may break a request that the edge sends on it at that moment.
    server.keepAliveTimeout = 0;
    await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    this.#server = server;
  }

  async stop() {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve()));
  }

  /** Opens a break of the live channel. Throws while one is open. */
  openBreak() {
    const { from } = this.#channel.openBreak(BREAK_SEGMENTS);
    return { startsIn_s: this.#until(from), planned_s: (BREAK_SEGMENTS * SEGMENT_MS) / 1000 };
  }

  /** Ends the break of the live channel early. Throws if there is none. */
  returnEarly() {
    return { endsIn_s: this.#until(this.#channel.returnEarly().to) };
  }

  hasOpenBreak() {
    return this.#channel.openBreakAt() !== null;
  }

  #until(segment) {
    return (this.#channel.start + segment * SEGMENT_MS - Date.now()) / 1000;
  }

  /**
   * The fetches after the first `count`, and how many there were in all.
   * @returns {{count: number, fetches: {file: string, at: number}[]}} `at` is in milliseconds of Unix time
   */
  fetchesAfter(count) {
    const news = Math.max(0, this.#count - count);
    return { count: this.#count, fetches: news === 0 ? [] : this.#fetches.slice(-news) };
  }

  async #answer(request, response) {
    const { pathname, search } = new URL(request.url, "http://media");
    this.#count += 1;
    this.#fetches.push({ file: pathname + search, at: Date.now() });
    if (this.#fetches.length > MOST_FETCHES) this.#fetches.shift();
    const kept = LASTING.test(pathname) ? { "cache-control": `max-age=${FRESH_S}` } : {};
    if (pathname.startsWith("/live/")) {
      response.setHeaders(new Headers(kept));
      return this.#live.handle(request, response);
    }
    const found = await fetch(`${this.#files}${pathname.slice(1)}`, {
      method: request.method,
      headers: pick(ASKED, (name) => request.headers[name]),
      signal: AbortSignal.timeout(10_000),
    });
    response.writeHead(found.status, { ...pick(TOLD, (name) => found.headers.get(name)), ...(found.ok ? kept : {}) });
    if (found.body) await pipeline(Readable.fromWeb(found.body), response);
    else response.end();
  }
}

/**
 * How long the channel is taken to have run: since a midnight, an hour ago or more. So a channel that starts again goes on
 * with its numbers, and the edge has not kept other segments under them.
 */
function channelAge_s(now = Date.now()) {
  const midnight = new Date(now - 3_600_000).setUTCHours(0, 0, 0, 0);
  return (now - midnight) / 1000;
}

function pick(names, value) {
  return Object.fromEntries(names.map((name) => [name, value(name)]).filter(([, found]) => found !== null && found !== undefined));
}

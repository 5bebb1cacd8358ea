// Tells whether the edge had a file in its cache: by the `Age` of the reply, and by the log of the media origin.

import { ask } from "./server.js";

/** How long the log may lag behind a reply, in milliseconds. */
const LAG_MS = 250;

/** Files that were fetched longer ago are forgotten. */
const MOST_FILES = 1_000;

/** The clocks are one machine's, but are read at different moments. */
const SLACK_MS = 25;

/** @typedef {"hit" | "fetched" | "joined"} Source from the cache; fetched for this request; fetched for another one at the same time */

export class EdgeCache {
  /** The number of fetches in the log so far. */
  #count = 0;
  /** Fetches by file: when, and whether a request has been told that it caused it. @type {Map<string, {at: number, told: boolean}[]>} */
  #fetches = new Map();
  #reading = null;

  /**
   * Where the bytes of a reply came from.
   * @param {{file: string, age: number | null, startedAt: number, endedAt: number}} request
   * @returns {Promise<Source | null>} null: nobody knows, since the log cannot be read
   */
  async sourceOf({ file, age, startedAt, endedAt }) {
    if (age > 0) return "hit";
    this.#reading ??= this.#read();
    if (!(await this.#reading)) return null;
    const during = ({ at }) => at >= startedAt - SLACK_MS && at <= endedAt + SLACK_MS;
    const fetches = (this.#fetches.get(file) ?? []).filter(during);
    const own = fetches.find(({ told }) => !told);
    if (own) own.told = true;
    return own ? "fetched" : fetches.length > 0 ? "joined" : "hit";
  }

  /** Reads what is new in the log. Returns whether it could. */
  async #read() {
    await new Promise((resolve) => setTimeout(resolve, LAG_MS));
    this.#reading = null;
    const { ok, body } = await ask(`/fetches?after=${this.#count}`);
    if (!ok) return false;
    const { count, fetches } = body;
    this.#count = count;
    for (const { file, at } of fetches) {
      const name = fileOf(new URL(file, "http://media"));
      const known = this.#fetches.get(name) ?? [];
      this.#fetches.delete(name);
      this.#fetches.set(name, [...known.slice(-20), { at, told: false }]);
      if (this.#fetches.size > MOST_FILES) this.#fetches.delete(this.#fetches.keys().next().value);
    }
    return true;
  }
}

/** The name of a file at the media origin: its path, and what a low-latency player asks of a playlist. */
export function fileOf({ pathname, searchParams }) {
  const directives = [...searchParams].filter(([name]) => name.startsWith("_HLS_")).sort(([a], [b]) => (a < b ? -1 : 1));
  return directives.length ? `${pathname}?${new URLSearchParams(directives)}` : pathname;
}

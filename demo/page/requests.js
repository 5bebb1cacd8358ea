// The requests of the viewers: the table, what the edge had in its cache, and how long it took.
import { EdgeCache, fileOf } from "./edge-cache.js";
import { Sharing } from "./sharing.js";
import { durationOf, median } from "./timings.js";
import { sessionOf } from "./tokens.js";
import { $, element, size } from "./words.js";

/** The statuses with which the edge refuses a viewer. */
export const REFUSED = [401, 403];

const MOST_ROWS = 400;
const MOST_TIMES = 500;

/** The kinds whose replies are made for one viewer. */
const OWN = ["entry", "asset list"];

const SOURCES = { hit: "cache", fetched: "fetched", joined: "joined a fetch" };

/**
 * @typedef {object} Request
 * @property {string} url
 * @property {string} kind
 * @property {number} status
 * @property {number} bytes
 * @property {number | null} age the reply's `Age`, in seconds
 * @property {number} startedAt in milliseconds of Unix time
 * @property {Promise<string> | null} digest the SHA-256 of a media file
 */
export class Requests {
  #cache = new EdgeCache();
  #folderOf;
  #run;

  /** @param {{folderOf: (title: string) => string}} options `folderOf` gives a title's folder at the media origin */
  constructor({ folderOf }) {
    this.#folderOf = folderOf;
    this.clear();
  }

  clear() {
    this.#run = { count: 0, bytes: 0, sources: { hit: 0, fetched: 0, joined: 0 }, times: { hit: [], fetched: [] }, sharing: new Sharing() };
    $("request-rows").replaceChildren();
    this.#sum();
  }

  /** Adds a finished request of a viewer, A or B. @param {Request} request */
  async add(viewer, { url, kind, status, bytes, age, startedAt, digest }) {
    const run = this.#run;
    const endedAt = Date.now();
    run.count += 1;
    run.bytes += bytes;
    const cells = row(viewer, { url: new URL(url), kind, status, bytes, age });
    this.#sum();
    const isKept = status === 200 && !OWN.includes(kind);
    const file = this.#fileOf(new URL(url));
    const [ms, source] = await Promise.all([durationOf(url), isKept ? this.#cache.sourceOf({ file, age, startedAt, endedAt }) : null]);
    cells.row.dataset.ms = ms ?? "";
    cells.row.dataset.source = source ?? "";
    cells.ms.textContent = ms === null ? "–" : ms.toFixed(ms < 10 ? 1 : 0);
    cells.source.textContent = source ? SOURCES[source] : OWN.includes(kind) && status === 200 ? "own copy" : "–";
    if (source === null || run !== this.#run) return;
    run.sources[source] += 1;
    // Whoever joined a fetch waited for it, and so does a player that asks for what is not made yet.
    if (ms !== null && !isHeld(kind, url)) run.times[source]?.push(ms);
    for (const times of Object.values(run.times)) if (times.length > MOST_TIMES) times.shift();
    if (digest) await run.sharing.add(viewer, { file, source, digest: await digest });
    if (run === this.#run) this.#sum();
  }

  /** The file's name at the media origin. */
  #fileOf(url) {
    const [, id, rest] = /^(?:\/(?:~|%7E)[^/]+)?\/([^/]+)\/(.*)$/i.exec(url.pathname) ?? [];
    return fileOf({ pathname: id ? `/${this.#folderOf(id)}${rest}` : url.pathname, searchParams: url.searchParams });
  }

  #sum() {
    const { count, bytes, sources, times, sharing } = this.#run;
    const spared = sources.hit + sources.joined;
    const all = spared + sources.fetched;
    $("requests-summary").textContent = count ? `${count === 1 ? "one" : count}, ${size(bytes)}, newest first` : "";
    $("cache-hits").textContent = all ? `${spared} of ${all} files` : "–";
    $("cache-fetches").textContent = all ? `${sources.fetched} of ${all} files` : "–";
    $("ms-hit").textContent = inMs(median(times.hit));
    $("ms-fetched").textContent = inMs(median(times.fetched));
    $("sharing").textContent = sharing.inWords();
  }
}

/** Whether the edge holds a request until its reply is made: a low-latency playlist or part. */
const isHeld = (kind, url) => kind.endsWith("part") || url.includes("_HLS_");

const inMs = (ms) => (ms === null ? "–" : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`);

/** Adds a row to the table. Returns its cells that are filled later. */
function row(viewer, { url, kind, status, bytes, age }) {
  const { origin, pathname, search } = url;
  const row = element("tr", "", { "data-viewer": viewer, "data-kind": kind, "data-status": status, "data-url": origin + pathname });
  row.dataset.session = sessionOf(url) ?? "";
  row.dataset.age = age ?? "";
  if (status >= 400) row.className = "refused";
  const path = element("td", "", { title: pathname, class: "path" });
  path.append(element("code", shorten(pathname) + shortenQuery(search)));
  const cells = { row, source: element("td", "…"), ms: element("td", "…", { class: "number" }) };
  row.append(
    element("td", viewer),
    element("td", kind),
    path,
    element("td", status || "stopped", { class: "number" }),
    cells.source,
    element("td", age === null ? "–" : `${age} s`, { class: "number" }),
    element("td", bytes.toLocaleString("en"), { class: "number" }),
    cells.ms,
  );
  const rows = $("request-rows");
  rows.prepend(row);
  if (rows.childElementCount > MOST_ROWS) rows.lastElementChild.remove();
  return cells;
}

/** The problem document of a refusal. */
export function problemOf(status, body) {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body ?? undefined);
  try {
    return { status, ...JSON.parse(text) };
  } catch {
    return { status, reason: "unexpected_reply", title: "The reply is not a problem document.", detail: text.slice(0, 200) };
  }
}

/** The session and the address of a break are long, and nobody reads them. */
const shorten = (path) => path.replace(/^(\/(?:~|%7E).{4})[^/]*(.{4}\/)/i, "$1…$2").replace(/(\/_stagedoor\/break\/.{4})[^/]*(.{4}\.\w+)$/, "$1…$2");

const shortenQuery = (search) => search.replace(/(token|sd_session|_HLS_primary_id)=(.{8})[^&]*/g, "$1=$2…");

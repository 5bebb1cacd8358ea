// A small ad server, for the demo and the tests. What it answers stands in the query, so that every test and every title asks for
// what it needs, and `trouble` changes it for all.
//
//   /vast?pod=amber,teal          a pod in this order; `+teal` stands for an ad of its own, without a sequence (a spare), and
//                                 overlay, squeezeback or pause for one without a film
//        &position=2&pod.2=plum   a pod for breaks in this place: 1 before, 2 within, 3 behind the content
//        &at=00:00:40.000&pod.00:00:40.000=overlay   a pod for the break at this time
//        &wrap=2                  behind so many wrappers
//        &beside=overlay          with a non-linear ad: overlay, squeezeback or pause
//        &trouble=slow            slow, silent, empty, malformed or refused
//   /vmap?pre=amber&mid=8:teal,20:plum&post=amber
//   /beacon/{event}?ad=amber      a tracking event, by GET or POST
//   /pictures/{name}.png
//   /log?after=3                  the requests after the third, as JSON
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

/** The ads of demo/media/ads that can be asked for, and the duration of each in seconds. */
export const ADS = { amber: 6, teal: 8, plum: 10 };

/** The pictures of demo/media/ads: their size on the screen, and their placement by the IAB (AdCOM 1.0, Plcmt subtypes of video). */
export const PICTURES = {
  overlay: { width: 960, height: 120, placement: 7, layout: "lower_third_overlay", seconds: 6 },
  squeezeback: { width: 960, height: 540, placement: 8, layout: "squeezeback_l_shape", seconds: 6 },
  pause: { width: 640, height: 360, placement: 5, layout: "pause", seconds: 6 },
};

export const TROUBLES = ["slow", "silent", "empty", "malformed", "refused"];

/** How long a slow reply takes: longer than any edge waits. */
const SLOW_MS = 12_000;

/** Older requests are forgotten. */
const MOST_REQUESTS = 2_000;

/** The registry of the ads' universal ids. */
export const REGISTRY = "demo.example";

/** The id of the document of an ad's creative for a site: see `CreativeId::of_ad_server`. */
export function creativeId(site, ad) {
  const digits = (parts, number) => createHash("sha256").update(parts.map((part) => `${part}\0`).join("")).digest("hex").slice(0, number);
  return `as-${digits([site], 16)}-${digits(["uaid", REGISTRY, ad], 24)}`;
}

export class AdServer {
  /**
   * The requests, oldest first.
   * @type {{number: number, method: string, path: string, query: Record<string, string>, device: Record<string, string | null>, at: number}[]}
   */
  requests = [];

  /** The trouble that every reply has, or null. @type {string | null} */
  trouble = null;

  #count = 0;
  #media;
  #server = null;

  /** @param {{media: () => string}} options `media` gives the URL of the folder of demo/media, with a slash at the end */
  constructor({ media }) {
    this.#media = media;
  }

  /** Listens on a port of this machine. */
  async serve(port) {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error) => response.destroy(error));
    });
    // A connection that is closed while idle may break a request that the edge sends on it at that moment.
    server.keepAliveTimeout = 0;
    await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    this.#server = server;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  async stop() {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve()));
  }

  /** The tracking events of an ad so far, in order. */
  beacons(ad) {
    return this.requests.flatMap(({ path, query }) => (path.startsWith("/beacon/") && (ad === undefined || query.ad === ad) ? path.slice("/beacon/".length) : []));
  }

  /** The requests after the first `count`, and how many there were in all. */
  requestsAfter(count) {
    return { count: this.#count, requests: this.requests.filter(({ number }) => number > count) };
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, "http://ads");
    response.setHeaders(new Headers({ "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*", "Cache-Control": "no-store" }));
    if (request.method === "OPTIONS") return response.writeHead(204).end();
    if (pathname === "/log") return send(response, "application/json", JSON.stringify(this.requestsAfter(Number(searchParams.get("after")) || 0)));
    if (pathname.startsWith("/pictures/")) return picture(pathname.slice("/pictures/".length), response);
    this.#note(request, pathname, searchParams);
    if (pathname.startsWith("/beacon/")) return response.writeHead(204).end();
    const make = { "/vast": vast, "/vmap": vmap }[pathname];
    if (!make) return response.writeHead(404).end();

    const trouble = searchParams.get("trouble") ?? this.trouble;
    if (trouble === "silent") return; // The connection stays open, and says nothing.
    if (trouble === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS).unref());
    if (trouble === "refused") return response.writeHead(503).end();
    const document = trouble === "empty" ? xml('<VAST version="4.2"/>') : make(searchParams, { ads: this.url, media: this.#media() });
    send(response, "application/xml", trouble === "malformed" ? document.slice(0, document.length / 2) : document);
  }

  #note({ method, headers }, path, searchParams) {
    const device = Object.fromEntries(["x-device-ip", "x-device-user-agent"].map((name) => [name, headers[name] ?? null]));
    this.requests.push({ number: (this.#count += 1), method, path, query: Object.fromEntries(searchParams), device, at: Date.now() });
    if (this.requests.length > MOST_REQUESTS) this.requests.shift();
  }
}

/** https://iabtechlab.com/wp-content/uploads/2019/06/VAST_4.2_final_june26.pdf */
function vast(query, urls) {
  const wrappers = Math.min(20, Number(query.get("wrap")) || 0);
  if (wrappers > 0) return wrapped(query, urls, wrappers);
  const wanted = ["at", "position"].map((name) => query.get(`pod.${query.get(name)}`)).find((pod) => pod !== null);
  const pod = (wanted ?? query.get("pod") ?? "").split(",").filter(Boolean);
  let sequence = 0;
  const ads = pod.map((name) => {
    if (Object.hasOwn(PICTURES, name)) return inlineBeside(name, urls);
    const ad = name.replace(/^[+ ]/, "");
    return inline(ad, name === ad ? (sequence += 1) : null, query.get("beside"), urls);
  });
  return xml(`<VAST version="4.2" xmlns="http://www.iab.com/VAST">${ads.join("")}</VAST>`);
}

function wrapped(query, { ads }, wrappers) {
  const next = new URLSearchParams(query);
  next.set("wrap", wrappers - 1);
  return xml(`<VAST version="4.2" xmlns="http://www.iab.com/VAST"><Ad id="wrapper-${wrappers}"><Wrapper><AdSystem>Stagedoor demo</AdSystem>
<Impression>${cdata(`${ads}/beacon/impression?ad=wrapper-${wrappers}`)}</Impression>
<Error>${cdata(`${ads}/beacon/error?ad=wrapper-${wrappers}&code=[ERRORCODE]`)}</Error>
<VASTAdTagURI>${cdata(`${ads}/vast?${next}`)}</VASTAdTagURI></Wrapper></Ad></VAST>`);
}

/** An ad that is not in `ADS` has media that cannot be fetched, and no creative. */
function inline(ad, sequence, beside, { ads, media }) {
  const seconds = ADS[ad] ?? 5;
  const beacon = (event) => cdata(`${ads}/beacon/${event}?ad=${ad}`);
  const events = ["start", "firstQuartile", "midpoint", "thirdQuartile", "complete", "skip", "pause", "resume"];
  const files = [
    ["application/x-mpegURL", "master.m3u8"],
    ["application/dash+xml", "manifest.mpd"],
  ].map(([type, file]) => `<MediaFile delivery="streaming" type="${type}" width="1920" height="1080">${cdata(`${media}ads/${ad}/${file}`)}</MediaFile>`);
  return `<Ad id="${ad}"${sequence === null ? "" : ` sequence="${sequence}"`}><InLine><AdSystem>Stagedoor demo</AdSystem><AdTitle>${ad}</AdTitle><AdServingId>demo-${ad}</AdServingId>
<Impression>${beacon("impression")}</Impression><Error>${cdata(`${ads}/beacon/error?ad=${ad}&code=[ERRORCODE]`)}</Error>
<Creatives><Creative id="${ad}" adId="${ad}"><UniversalAdId idRegistry="${REGISTRY}">${ad}</UniversalAdId><Linear><Duration>${clock(seconds)}</Duration>
<TrackingEvents>${events.map((event) => `<Tracking event="${event}">${beacon(event)}</Tracking>`).join("")}</TrackingEvents>
<VideoClicks><ClickThrough>${cdata("https://example.com/")}</ClickThrough></VideoClicks><MediaFiles>${files.join("")}</MediaFiles></Linear></Creative>
${beside ? nonLinear(beside, ads) : ""}</Creatives></InLine></Ad>`;
}

/** An ad without a film. */
function inlineBeside(name, { ads }) {
  const impression = cdata(`${ads}/beacon/impression?ad=${name}`);
  return `<Ad id="${name}"><InLine><AdSystem>Stagedoor demo</AdSystem><AdTitle>${name}</AdTitle><AdServingId>demo-${name}</AdServingId><Impression>${impression}</Impression><Creatives>${nonLinear(name, ads)}</Creatives></InLine></Ad>`;
}

function nonLinear(name, ads) {
  const { width, height, placement, seconds } = PICTURES[name];
  return `<Creative id="${name}"><UniversalAdId idRegistry="${REGISTRY}">${name}</UniversalAdId><NonLinearAds><TrackingEvents><Tracking event="creativeView">${cdata(`${ads}/beacon/creativeView?ad=${name}`)}</Tracking></TrackingEvents><NonLinear id="${name}" width="${width}" height="${height}" minSuggestedDuration="${clock(seconds)}" plcmt="${placement}"><StaticResource creativeType="image/png">${cdata(`${ads}/pictures/${name}.png`)}</StaticResource></NonLinear></NonLinearAds></Creative>`;
}

/** https://www.iab.com/wp-content/uploads/2015/06/VMAPv1_0.pdf */
function vmap(query, { ads }) {
  const at = (offset, id, pod) =>
    `<vmap:AdBreak timeOffset="${offset}" breakType="linear" breakId="${id}"><vmap:AdSource id="${id}" allowMultipleAds="true" followRedirects="true"><vmap:AdTagURI templateType="vast4">${cdata(`${ads}/vast?pod=${pod}&break=${id}`)}</vmap:AdTagURI></vmap:AdSource></vmap:AdBreak>`;
  const mids = (query.get("mid") ?? "").split(",").filter(Boolean);
  const breaks = [
    query.has("pre") && at("start", "pre", query.get("pre")),
    ...mids.map((mid) => at(`${clock(Number(mid.split(":")[0]))}.000`, `mid-${mid.split(":")[0]}`, mid.split(":")[1])),
    query.has("post") && at("end", "post", query.get("post")),
  ];
  return xml(`<vmap:VMAP xmlns:vmap="http://www.iab.net/videosuite/vmap" version="1.0">${breaks.filter(Boolean).join("")}</vmap:VMAP>`);
}

async function picture(file, response) {
  const [, name] = /^([a-z]+)\.png$/.exec(file) ?? [];
  if (!Object.hasOwn(PICTURES, name)) return response.writeHead(404).end();
  send(response, "image/png", await readFile(new URL(`../media/ads/${name}.png`, import.meta.url)));
}

function send(response, type, body) {
  response.writeHead(200, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

const xml = (element) => `<?xml version="1.0" encoding="UTF-8"?>\n${element}\n`;
const cdata = (text) => `<![CDATA[${text}]]>`;
const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);

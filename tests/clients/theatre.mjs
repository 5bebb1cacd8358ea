// The Worker in workerd, its media origin, and a recorder in front of each of its sites. Sites are addresses of the loopback
// interface: clients on the command line resolve no names below `localhost`.
import assert from "node:assert/strict";
import { NETWORK, mint, readFlows, startEdge } from "../edge/harness.mjs";
import { Channel } from "../../demo/stack/live/channel.mjs";
import { Dash } from "../players/dash.mjs";
import { startOrigin } from "../players/origin.mjs";
import { Packager } from "../../demo/stack/live/packager.mjs";
import { Film } from "./film.mjs";
import { startRecorder } from "./recorder.mjs";

/** The interval of renewal on renewing sites, in seconds. */
const RENEWAL_S = 2;

/** The lifetime of viewer tokens, and of session tokens by default, in seconds. */
export const EXP_S = 36_000;
export const LIFETIME_S = 3_600;

const RENEWING = { lifetime_s: 600, renew_before_s: 600 - RENEWAL_S };

const SITES = {
  "path": { host: "127.0.0.1", sessions: {} },
  "query": { host: "127.0.0.2", sessions: { signing: "query" } },
  "renewing path": { host: "127.0.0.3", sessions: RENEWING },
  "renewing query": { host: "127.0.0.4", sessions: { ...RENEWING, signing: "query" } },
  "unrenewed": { host: "127.0.0.5", sessions: { unrenewed: { user_agents: ["Lavf/", "VLC/", "GStreamer "] } } },
};

/**
 * @param {object} options
 * @param {number} options.film the number of segments of the HLS title at `/film/`
 * @param {Record<string, import("../../demo/stack/live/channel.mjs").ChannelOptions>} options.channels live channels of HLS, below `/live/`
 * @param {Record<string, import("../players/dash.mjs").Title | import("../players/dash.mjs").Live>} options.dash below `/dash/`
 * @param {Record<string, {media: string, plans: Record<string, object>}>} options.titles
 */
export async function startTheatre({ film, channels, dash, titles }) {
  await using starting = new AsyncDisposableStack();
  const packager = new Packager(Object.fromEntries(Object.entries(channels).map(([name, options]) => [name, new Channel(options)])));
  const origin = await startOrigin({ "/live": packager, "/dash": new Dash(dash), "/film": new Film(film) });
  starting.defer(() => origin.stop());
  const base = await readFlows("base.json");
  const edge = await startEdge({ documents: documents(base, origin.url, titles), upstream: NETWORK });
  starting.defer(() => edge.stop());
  const recorders = {};
  for (const [site, { host }] of Object.entries(SITES)) {
    recorders[site] = await startRecorder(host, edge.port);
    starting.defer(() => recorders[site].stop());
  }
  const started = starting.move();
  return {
    origin: origin.url,
    edge,
    /** A viewer with a plan and a title: one stream, and a token for one use. */
    async enter({ site, title, manifest, plan }) {
      const exp = Math.floor(Date.now() / 1000) + EXP_S;
      const name = `viewing-${(count += 1)}`;
      const token = await mint(base, { key: "h1", claims: { sub: name, jti: name, titles: [title], plan, exp } });
      const { url, requests } = recorders[site];
      return new Viewing(`${url}/${title}/${manifest}?token=${token}`, title, requests);
    },
    stop: () => started.disposeAsync(),
  };
}

let count = 0;

/** The requests for one title since a time. */
class Viewing {
  #title;
  #all;
  #from;

  constructor(url, title, requests) {
    this.url = url;
    this.#title = title;
    this.#all = requests;
    this.#from = requests.length;
  }

  requests() {
    return this.#all.slice(this.#from).filter(({ path }) => path.includes(`/${this.#title}/`));
  }

  manifests() {
    return this.requests().filter(({ path }) => /\.(m3u8|mpd)$/.test(path));
  }

  #segments() {
    return this.requests().filter(({ path, status }) => status !== null && status < 300 && /\.(m4s|ts|mp4)$/.test(path));
  }

  /** The session tokens of segment requests. */
  segmentSessions() {
    return new Set(this.#segments().map(token));
  }

  /** The folders of video. */
  heights() {
    return new Set(this.#segments().flatMap(({ path }) => /\/(\d+p)\//.exec(path)?.[1] ?? []));
  }

  /** The remaining lifetime of each session token in seconds: see src/token/session.rs. */
  lifetimes_s() {
    const expiry = (token) => Buffer.from(token, "base64url").readUInt32BE(5);
    return [...this.segmentSessions()].map((token) => expiry(token) - Date.now() / 1000);
  }

  /** Every request below the entry had a session, and none was refused. A segment at the live edge may not be ready. */
  wasServedWell() {
    for (const request of this.requests()) {
      const { path, query, status } = request;
      const isEntry = /(^|&)token=/.test(query);
      assert.ok(isEntry || token(request), `a request without its session: ${path}?${query}`);
      assert.ok(status === null || status < 400 || (status === 404 && /\.m4s$/.test(path)), `${path}?${query} was answered with ${status}\n${this.report()}`);
    }
  }

  /** The requests, for a failed test. */
  report() {
    const short = (text) => text.replaceAll(/~?[A-Za-z0-9_-]{100}/g, (token) => `~${token.slice(-5)}`).replaceAll(/token=[^&]+/g, "token=…");
    return this.requests().slice(-40).map(({ path, query, status }) => `  ${status} ${short(path)}?${short(query)}`).join("\n");
  }
}

/** The session token of a request: the one in the query, else the one in the path. */
function token({ path, query }) {
  return /(?:^|&)sd_session=([A-Za-z0-9_-]{100})(?:&|$)/.exec(query)?.[1] ?? /\/~([A-Za-z0-9_-]{100})\//.exec(path)?.[1];
}

function documents(base, origin, titles) {
  const site = base.documents["v1/site/watch.example.com"];
  const hosts = Object.values(SITES).map(({ host }) => host);
  const keys = Object.entries(base.documents).filter(([key]) => key.startsWith("v1/keys/"));
  const sites = Object.values(SITES).map(({ host, sessions }) => [`v1/site/${host}`, { ...site, host, media: { origin: `${origin}/` }, tokens: { ...site.tokens, replay: { once: true } }, sessions: { ...site.sessions, lifetime_s: LIFETIME_S, ...sessions } }]);
  const all = Object.entries(titles).map(([id, { media, plans }]) => {
    const offers = Object.entries(plans).map(([plan, caps]) => ({ id: plan, plans: [plan], territories: { allow: ["*"] }, caps: { max_streams: 1, ...caps } }));
    return [`v1/title/${id}`, { revision: 1, id, sites: hosts, media, offers }];
  });
  return Object.fromEntries([...keys, ...sites, ...all]);
}

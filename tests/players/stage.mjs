// The Worker in workerd on a port, its media origin with live channels, and Chromium with a page for each viewer.
import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { NETWORK, mint, readFlows, startEdge } from "../edge/harness.mjs";
import { creativeDocuments } from "../../demo/stack/advertising.mjs";
import { Channel } from "../../demo/stack/live/channel.mjs";
import { Dash } from "./dash.mjs";
import { Films } from "./film.mjs";
import { startOrigin } from "./origin.mjs";
import { Packager } from "../../demo/stack/live/packager.mjs";
import { Viewer } from "./viewer.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

const FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio", "--proxy-server=direct://"];

/** Host names that a browser resolves to this machine. */
const SITES = {
  "localhost": {},
  /** Sessions are renewed as often as possible. */
  "renewing.localhost": { sessions: { lifetime_s: 600, renew_before_s: 598 } },
  /** The edge makes delta updates if the media origin has none. */
  "delta.localhost": { playlists: { delta_updates: true } },
  /** The session is in the query, and renewed as often as possible. */
  "query.localhost": { sessions: { signing: "query", lifetime_s: 600, renew_before_s: 598 } },
};

/**
 * @param {object} options
 * @param {Record<string, import("../../demo/stack/live/channel.mjs").ChannelOptions>} [options.channels] live channels of HLS
 * @param {Record<string, import("./dash.mjs").Title | import("./dash.mjs").Live>} [options.dash] titles and channels of DASH
 * @param {Record<string, {segments: number}>} [options.films] titles of HLS
 * @param {{policy: object, campaigns: object[], lost?: string[]}} [options.ads] how the sites fill breaks, their campaigns, and creatives
 *   whose files are missing
 * @param {Record<string, object>} options.titles a title of each name: `media` below the origin, what its offers cap and which
 *   cut they show, by plan, and what else its document has
 */
export async function startStage({ channels = {}, dash: offers = {}, films = {}, ads = null, titles }) {
  // Everything stops in reverse order, even if a later part does not start.
  await using starting = new AsyncDisposableStack();
  const packager = new Packager(Object.fromEntries(Object.entries(channels).map(([name, options]) => [name, new Channel(options)])));
  const dash = new Dash(offers);
  const origin = await startOrigin({ "/live": packager, "/dash": dash, "/film": new Films(films) });
  starting.defer(() => origin.stop());
  const base = await readFlows("base.json");
  const edge = await startEdge({ documents: documents(base, origin.url, { titles, ads }), upstream: NETWORK });
  starting.defer(() => edge.stop());
  const executablePath = execFileSync(join(root, "scripts/chromium"), { encoding: "utf8" }).trim();
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  starting.defer(() => browser.close());
  const started = starting.move();
  return {
    packager,
    dash,
    edge,
    /** Changes a title's document, once. */
    change: (title, members) => edge.change({ [`v1/title/${title}`]: { ...document(title, titles[title], ads), ...members, revision: 2 } }),
    /**
     * Lets a viewer with a plan watch a title. If `body` fails, a screenshot is in test-results/. No request may be refused,
     * except with the status `refusal`. Asset lists take `lists_ms` longer.
     */
    async watch({ player, title, plan, manifest = "master.m3u8", lowLatency = false, site = "localhost", refusal = null, lists_ms = 0 }, body) {
      // Sessions end with the token, so this token outlives the test.
      const exp = Math.floor(Date.now() / 1000) + 3_600;
      const token = await mint(base, { key: "h1", claims: { titles: [title], plan, exp } });
      const context = await browser.newContext({ viewport: { width: 640, height: 360 } });
      const viewer = new Viewer(await context.newPage(), `http://${site}:${edge.port}`, SITES[site].sessions?.signing);
      try {
        if (lists_ms) await viewer.delay("**/_stagedoor/break/**", lists_ms);
        await viewer.open(`${origin.url}/page/index.html`, { player, url: `/${title}/${manifest}?token=${token}`, lowLatency });
        await body(viewer);
        viewer.wasServedWell(refusal);
      } catch (error) {
        await picture(viewer, `${player} ${title} ${manifest} ${plan}`);
        error.message += `\n${await viewer.report()}\n${edge.logs.slice(-5).map(({ message }) => message).join("\n")}`;
        throw error;
      } finally {
        await context.close();
      }
    },
    stop: () => started.disposeAsync(),
  };
}

function documents(base, origin, { titles, ads }) {
  const site = base.documents["v1/site/watch.example.com"];
  const kept = Object.entries(base.documents).filter(([key]) => key.startsWith("v1/keys/"));
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(
      Object.entries(SITES).map(([host, { sessions, ...rest }]) => [
        `v1/site/${host}`,
        { ...site, host, media: { origin: `${origin}/` }, sessions: { ...site.sessions, ...sessions }, ...(ads && { ads: ads.policy }), ...rest },
      ]),
    ),
    ...Object.fromEntries(Object.entries(titles).map(([id, title]) => [`v1/title/${id}`, document(id, title, ads)])),
    ...(ads && advertising(ads, origin)),
  };
}

function advertising({ campaigns, lost = [] }, origin) {
  const sites = Object.keys(SITES);
  const creatives = creativeDocuments({ sites, folder: "vod/ads/", ads: origin });
  const { linear } = creatives.amber.kind;
  for (const id of lost) creatives[id] = { id, sites, kind: { linear: { ...linear, media: `vod/${id}/` } } };
  return Object.fromEntries([
    ...sites.map((host) => [`v1/campaigns/${host}`, { revision: 1, host, campaigns }]),
    ...Object.entries(creatives).map(([id, creative]) => [`v1/creative/${id}`, { revision: 1, ...creative }]),
  ]);
}

function document(id, { plans, ...title }, ads) {
  const common = { territories: { allow: ["*"] }, ...(ads && { ads: "guided" }) };
  const offers = Object.entries(plans).map(([plan, { variance, ...caps }]) => ({ id: plan, plans: [plan], ...common, caps, variance }));
  return { revision: 1, id, sites: Object.keys(SITES), offers, ...title };
}

/** Saves a screenshot of the page. */
async function picture(viewer, name) {
  await mkdir(join(root, "test-results"), { recursive: true });
  await viewer.picture(join(root, "test-results", `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`)).catch(() => {});
}

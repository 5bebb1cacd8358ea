// The Worker in workerd on a port, its media origin with live channels, and Chromium with a page for each viewer.
import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { NETWORK, mint, readFlows, startEdge } from "../edge/harness.mjs";
import { Channel } from "./channel.mjs";
import { startOrigin } from "./origin.mjs";
import { Packager } from "./packager.mjs";
import { Viewer } from "./viewer.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

const FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio", "--proxy-server=direct://"];

/** Host names that are this machine, for a browser. */
const SITES = {
  "localhost": {},
  /** Sessions are renewed at every chance. */
  "renewing.localhost": { sessions: { lifetime_s: 600, renew_before_s: 598 } },
  /** Delta updates are made where the media origin has none. */
  "delta.localhost": { playlists: { delta_updates: true } },
};

/**
 * @param {{channels: Record<string, import("./channel.mjs").ChannelOptions>, titles: Record<string, object>}} options
 *   A title of each name: `media` below the origin, and what its offers cap, by plan.
 */
export async function startStage({ channels, titles }) {
  // What has been started ends in reverse order, also when something after it does not start.
  await using starting = new AsyncDisposableStack();
  const packager = new Packager(Object.fromEntries(Object.entries(channels).map(([name, options]) => [name, new Channel(options)])));
  const origin = await startOrigin(packager);
  starting.defer(() => origin.stop());
  const base = await readFlows("base.json");
  const edge = await startEdge({ documents: documents(base, origin.url, titles), upstream: NETWORK });
  starting.defer(() => edge.stop());
  const executablePath = execFileSync(join(root, "scripts/chromium"), { encoding: "utf8" }).trim();
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  starting.defer(() => browser.close());
  const started = starting.move();
  return {
    packager,
    edge,
    /** Lets somebody with a plan watch a title; when `body` fails, a picture of the page is kept in test-results/. */
    async watch({ player, title, plan, lowLatency = false, site = "localhost" }, body) {
      // Sessions end with the token: this one outlives all that is tried with it.
      const exp = Math.floor(Date.now() / 1000) + 3_600;
      const token = await mint(base, { key: "h1", claims: { titles: [title], plan, exp } });
      const context = await browser.newContext({ viewport: { width: 640, height: 360 } });
      const viewer = new Viewer(await context.newPage(), `http://${site}:${edge.port}`);
      try {
        await viewer.open(`${origin.url}/page/index.html`, { player, url: `/${title}/master.m3u8?token=${token}`, lowLatency });
        await body(viewer);
        viewer.wasServedWell();
      } catch (error) {
        await picture(viewer, `${player} ${title} ${plan}`);
        error.message += `\n${await viewer.report()}`;
        throw error;
      } finally {
        await context.close();
      }
    },
    stop: () => started.disposeAsync(),
  };
}

function documents(base, origin, titles) {
  const site = base.documents["v1/site/watch.example.com"];
  const kept = Object.entries(base.documents).filter(([key]) => key.startsWith("v1/keys/"));
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(
      Object.entries(SITES).map(([host, { sessions, ...rest }]) => [
        `v1/site/${host}`,
        { ...site, host, media: { origin: `${origin}/` }, sessions: { ...site.sessions, ...sessions }, ...rest },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(titles).map(([id, { media, plans }]) => {
        const offers = Object.entries(plans).map(([plan, caps]) => ({ id: plan, plans: [plan], territories: { allow: ["*"] }, caps }));
        return [`v1/title/${id}`, { revision: 1, id, sites: Object.keys(SITES), media, offers }];
      }),
    ),
  };
}

/** Keeps what the page shows. */
async function picture(viewer, name) {
  await mkdir(join(root, "test-results"), { recursive: true });
  await viewer.picture(join(root, "test-results", `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`)).catch(() => {});
}

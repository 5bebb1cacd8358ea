// The steering manifest moves players in Chromium from one pathway to another. The other pathway has its own host name, with a proxy
// that passes the site's name on, like a CDN in front of the edge.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Response } from "miniflare";
import { chromium } from "playwright-core";
import { mint, readFlows, startEdge } from "../edge/harness.mjs";

const root = new URL("../../", import.meta.url);
const FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio", "--proxy-server=direct://"];

/** The time limit for one step of a player, in milliseconds. */
const STEP_MS = 20_000;

const SITE = "watch.localhost";
const OTHER = "other.localhost";
const SCRIPTS = { "/hls.js": "node_modules/hls.js/dist/hls.min.js", "/shaka.js": "node_modules/shaka-player/dist/shaka-player.compiled.js" };

/** Each player's code on the page. Small buffers make it fetch soon after a move. */
const PLAYERS = {
  hls: `const hls = new Hls({ maxBufferLength: 3, maxMaxBufferLength: 3 });
    hls.loadSource(url);
    hls.attachMedia(video);`,
  shaka: `const player = new shaka.Player();
    player.configure({ streaming: { bufferingGoal: 3, rebufferingGoal: 1 } });
    player.attach(video).then(() => player.load(url));`,
};

let browser;
before(async () => {
  const executablePath = execFileSync(fileURLToPath(new URL("scripts/chromium", root)), { encoding: "utf8" }).trim();
  browser = await chromium.launch({ executablePath, args: FLAGS });
});
after(() => browser.close());

/** Two pathways of the playlist, or one and its clone. Shaka Player makes no clones if the playlist names only one. */
const PATHWAYS = {
  named: { ids: ["a", "b"], steering: { pathways: ["a", "b"] } },
  cloned: { ids: [".", "c"], steering: { clones: [{ id: "c", base_id: ".", host: OTHER }] } },
};

for (const [player, kind, signing] of [
  ["hls", "named", "path"],
  ["hls", "cloned", "path"],
  ["hls", "cloned", "query"],
  ["shaka", "named", "path"],
  ["shaka", "named", "query"],
]) {
  test(`${player}: the steering manifest moves playback between ${kind} pathways, with the session in the ${signing}`, async () => {
    const base = await readFlows("base.json");
    const site = {
      ...base.documents["v1/site/watch.example.com"],
      host: SITE,
      media: { origin: "https://media.example.com/", foreign: { sign: [OTHER] } },
      sessions: { keys: "watch-sessions", signing },
    };
    const [one, other] = PATHWAYS[kind].ids;
    const steering = (first) => ({ ttl_s: 10, ...PATHWAYS[kind].steering, priorities: [{ order: [first] }] });
    let front;
    const edge = await startEdge({
      documents: {
        ...base.documents,
        [`v1/site/${SITE}`]: { ...site, revision: 1, steering: steering(one) },
        "v1/title/harbour": { revision: 1, id: "harbour", sites: [SITE], offers: [{ id: "all", territories: { allow: ["*"] } }] },
      },
      upstream: ({ url }) => (kind === "named" && url.endsWith("/master.m3u8") ? new Response(named(front.port)) : media(url)),
    });
    front = await startFront(edge);
    const context = await browser.newContext();
    try {
      const tab = await context.newPage();
      await tab.goto(`http://page.localhost:${front.port}/`);
      const url = `http://${SITE}:${front.port}/harbour/master.m3u8?token=${await mint(base, { key: "h1" })}`;
      await tab.evaluate(`(() => { const video = document.querySelector("video"), url = ${JSON.stringify(url)}; ${PLAYERS[player]} })()`);

      await until("a segment of the site's own host", () => front.asked.some(({ host, path }) => host === SITE && SEGMENT.test(path)));
      await until("a steering manifest", () => front.asked.some(({ path }) => STEERING.test(path)));
      await tab.waitForFunction(() => document.querySelector("video").currentTime > 0.5, null, { timeout: STEP_MS });
      assert.ok(!front.asked.some(({ host }) => host === OTHER), "moved too early");

      await edge.change({ [`v1/site/${SITE}`]: { ...site, revision: 2, steering: steering(other) } });
      await until("a segment of the other host", () => front.asked.some(({ host, path }) => host === OTHER && SEGMENT.test(path)));
      const before = await tab.evaluate(() => document.querySelector("video").currentTime);
      await tab.waitForFunction((before) => document.querySelector("video").currentTime > before + 2, before, { timeout: STEP_MS });

      const steered = front.asked.filter(({ path }) => STEERING.test(path));
      assert.ok(steered.length > 1 && steered.at(-1).path.includes(`_HLS_pathway=${one}`), JSON.stringify(steered));
      const session = signing === "path" ? /^\/~[A-Za-z0-9_-]{100}\/harbour\// : /[?&]sd_session=[A-Za-z0-9_-]{100}(&|$)/;
      for (const { host, path, status } of front.asked) {
        assert.equal(status, 200, `${host}${path}`);
        assert.ok(session.test(path) || path.includes("token="), `without a session: ${host}${path}`);
      }
    } finally {
      await context.close();
      await front.stop();
      await edge.stop();
    }
  });
}

const SEGMENT = /\.(m4s|mp4)(\?|$)/;
const STEERING = /\/_stagedoor\/steering\.json/;

async function until(what, holds) {
  const end = Date.now() + STEP_MS;
  while (!holds()) {
    assert.ok(Date.now() < end, `no ${what} within ${STEP_MS} ms`);
    await sleep(50);
  }
}

/** A playlist with one variant on two hosts. */
function named(port) {
  const variant = 'BANDWIDTH=100432,CODECS="avc1.4D401E",RESOLUTION=640x360,FRAME-RATE=25.000';
  return `#EXTM3U
#EXT-X-STREAM-INF:${variant},PATHWAY-ID="a"
360p/index.m3u8
#EXT-X-STREAM-INF:${variant},PATHWAY-ID="b"
http://${OTHER}:${port}/harbour/360p/index.m3u8
`;
}

/** The demo's content. */
async function media(url) {
  const file = new URL(`demo/media${new URL(url).pathname}`, root);
  return readFile(file).then((bytes) => new Response(bytes), () => new Response("", { status: 404 }));
}

/** A port with three host names: a page, the edge, and a proxy in front of it that records requests. */
async function startFront(edge) {
  const asked = [];
  const server = createServer(async (request, reply) => {
    const host = request.headers.host.split(":")[0];
    if (host === "page.localhost") {
      if (SCRIPTS[request.url]) return createReadStream(new URL(SCRIPTS[request.url], root)).pipe(reply.setHeader("Content-Type", "text/javascript"));
      const scripts = Object.keys(SCRIPTS).map((src) => `<script src="${src}"></script>`);
      return reply.setHeader("Content-Type", "text/html").end(`<!doctype html><video muted autoplay></video>${scripts.join("")}`);
    }
    const found = await edge.fetch(`http://${SITE}:${server.address().port}${request.url}`, {
      method: request.method,
      headers: request.headers.range ? { Range: request.headers.range } : {},
      country: "AE",
    });
    const bytes = Buffer.from(await found.arrayBuffer());
    if (request.method === "GET") asked.push({ host, path: request.url, status: found.status });
    reply.writeHead(found.status, Object.fromEntries(found.headers)).end(bytes);
  });
  await new Promise((listening) => server.listen(0, listening));
  return {
    asked,
    port: server.address().port,
    stop: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

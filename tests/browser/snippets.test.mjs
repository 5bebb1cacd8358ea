// The pages in docs/PLAYERS.md play, and show why a viewer is refused. A block with the mark `not-run` needs another browser.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { blocksOf } from "../docs/page.mjs";
import { seen } from "../players/seen.mjs";
import { STEP_MS, startDemo } from "./harness.mjs";

/** The edge that the pages name. */
const EDGE = "https://watch.example.com";

/** The scripts and styles of the players, by the names on the pages. */
const FILES = {
  "/hls.min.js": "hls.js/dist/hls.min.js",
  "/shaka-player.compiled.js": "shaka-player/dist/shaka-player.compiled.js",
  "/dash.all.min.js": "dashjs/dist/modern/umd/dash.all.min.js",
  "/video.min.js": "video.js/dist/video.min.js",
  "/video-js.min.css": "video.js/dist/video-js.min.css",
};

let demo;
before(async () => (demo = await startDemo()), { timeout: 90_000 });
after(() => demo?.stop());

const pages = await snippets("");
const pagesWithAds = await snippets("ads");

test("there is a page for each player in a browser", () => {
  assert.deepEqual([...pages.keys()], ["hls.js", "Shaka Player", "dash.js", "video.js"]);
  assert.deepEqual([...pagesWithAds.keys()], ["hls.js with ads", "Shaka Player with ads"]);
});

for (const [player, html] of pages) {
  test(`the page for ${player} plays`, { timeout: 90_000 }, () =>
    onSnippet(html, { plan: "premium" }, async (tab) => {
      await tab.locator("video").evaluate((video) => (video.autoplay = true));
      await tab.waitForFunction(() => document.querySelector("video").currentTime > 0.5);
      assert.equal(await tab.locator("#refusal").innerText(), "");
    }));

  test(`the page for ${player} shows why a viewer is refused`, { timeout: 90_000 }, () =>
    onSnippet(html, {}, async (tab) => {
      await tab.waitForFunction(() => document.querySelector("#refusal").textContent !== "");
      assert.equal(await tab.locator("#refusal").innerText(), "plan");
    }));
}

for (const [player, html] of pagesWithAds) {
  test(`the page for ${player} shows a pre-roll, and then the film`, { timeout: 90_000 }, () =>
    onSnippet(html, { title: "harbour-with-ads", plan: "premium" }, async (tab) => {
      await tab.waitForFunction(() => document.querySelector("video").readyState > 0);
      await tab.evaluate(() => void document.querySelector("video").play());
      // The last video is the one on top.
      const see = async () => seen(await tab.locator("video").last().screenshot())?.what;
      for (const end = Date.now() + 2 * STEP_MS; (await see()) !== "amber"; ) assert.ok(Date.now() < end, "no ad came on screen");
      assert.match(await tab.locator("#ad").innerText(), /^Ad 1( of 1)?$/);
      await tab.waitForFunction(() => document.querySelector("#ad").textContent === "" && document.querySelector("video").currentTime > 0.5);
    }));
}

/** The pages with a mark, by the heading above them. */
async function snippets(wanted) {
  const text = await readFile(new URL("../../docs/PLAYERS.md", import.meta.url), "utf8");
  const lines = text.split("\n");
  const headingAbove = (line) => lines.slice(0, line).findLast((text) => text.startsWith("### ")).slice(4);
  const pages = blocksOf(text).filter(({ language, mark }) => language === "html" && mark === wanted);
  return new Map(pages.map((block) => [headingAbove(block.line), block.text]));
}

/** Opens a page for a viewer in the Emirates. */
async function onSnippet(html, { title = "harbour", ...viewer }, body) {
  const { token } = await post("token", { title, ...viewer });
  const { edge } = await (await fetch(new URL("config.json", demo.stack.pageUrl))).json();
  const context = await demo.browser.newContext();
  // The browser lets no page but one of this machine reach this machine.
  const server = createServer((request, response) => serve(request.url, html.replace(`${EDGE}/harbour/`, `${edge}/${title}/`).replace("TOKEN", token), response));
  try {
    await once(server.listen(0, "127.0.0.1"), "listening");
    const tab = await context.newPage();
    tab.setDefaultTimeout(2 * STEP_MS);
    const placed = (route) => route.continue({ headers: { ...route.request().headers(), "stagedoor-geography": "AE" } });
    await tab.route(`${edge}/**`, placed);
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await body(tab);
  } finally {
    await context.close();
    server.close();
  }
}

async function serve(path, page, response) {
  if (path === "/") return response.setHeader("Content-Type", "text/html").end(page);
  if (!FILES[path]) return response.writeHead(404).end();
  response.setHeader("Content-Type", path.endsWith(".css") ? "text/css" : "text/javascript");
  response.end(await readFile(new URL(`../../node_modules/${FILES[path]}`, import.meta.url)));
}

async function post(path, json) {
  const reply = await fetch(new URL(path, demo.stack.pageUrl), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(json),
  });
  assert.equal(reply.status, 200);
  return reply.json();
}

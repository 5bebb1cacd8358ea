// The whole of Stagedoor on free ports, and Chromium on its demo page.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { ANY_PORTS, startStack } from "../../demo/stack.mjs";
import { seen, share } from "../players/seen.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** How long a page may take for one step, in milliseconds. */
export const STEP_MS = 15_000;

const FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio", "--proxy-server=direct://"];

/** Starts the stack in a folder of its own. */
export async function startDemo() {
  const folder = await mkdtemp(join(tmpdir(), "stagedoor-browser-"));
  const deaths = [];
  const stack = await startStack({ folder, ports: ANY_PORTS, died: (child, how) => deaths.push(`${child.name}: ${how}`) });
  const executablePath = execFileSync(join(root, "scripts/chromium"), { encoding: "utf8" }).trim();
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  return {
    stack,
    browser,
    /** The children that ended by themselves; there should be none. */
    deaths,
    async stop() {
      await browser.close();
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a test on a fresh page. After a failure, a screenshot is in test-results/. */
export async function onPage({ stack, browser }, name, body) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1100 } });
  const tab = await context.newPage();
  tab.setDefaultTimeout(STEP_MS);
  const errors = [];
  tab.on("pageerror", (error) => errors.push(error));
  // Chromium reports refusals as errors too. The tests check those themselves.
  tab.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) errors.push(new Error(message.text()));
  });
  try {
    await tab.goto(stack.pageUrl);
    await tab.locator("body[data-ready]").waitFor();
    await body(new DemoPage(tab));
    if (errors.length > 0) throw errors[0];
  } catch (error) {
    await keepPicture(tab, name);
    throw error;
  } finally {
    await context.close();
  }
}

async function keepPicture(tab, name) {
  await mkdir(join(root, "test-results"), { recursive: true });
  const path = join(root, "test-results", `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`);
  await tab.screenshot({ path, fullPage: true }).catch(() => {});
}

/** The demo page, used like a person does. */
export class DemoPage {
  /** @param {import("playwright-core").Page} tab */
  constructor(tab) {
    this.tab = tab;
  }

  async choose({ title = "harbour", format = "hls", country = "AE", plan = "premium", kind = "fresh", algorithm = "HS256" }) {
    await this.tab.locator(`input[name=title][value="${title}"]`).check();
    await this.tab.locator(`#${format}`).check();
    await this.tab.locator("#country").selectOption(country);
    await this.tab.locator(`input[name=plan][value="${plan}"]`).check();
    await this.tab.locator("#kind").selectOption(kind);
    await this.tab.locator("#algorithm").selectOption(algorithm);
  }

  /** Presses Play and waits until the picture moves. */
  async play(viewer = {}) {
    await this.choose(viewer);
    await this.tab.locator("#play").click();
    await this.tab.locator("#stage[data-state=playing], #stage[data-state=denied]").waitFor();
    const denial = await this.denial();
    if (denial) throw new Error(`expected playback, found ${denial.reason}: ${denial.title} ${denial.detail}`);
  }

  /** Presses Play and waits for the refusal. */
  async playDenied(viewer = {}) {
    await this.choose(viewer);
    await this.tab.locator("#play").click();
    await this.tab.locator("#denial").waitFor();
    return this.denial();
  }

  /** The refusal that the page shows, or null. */
  async denial() {
    if (await this.tab.locator("#denial").isHidden()) return null;
    const [status, reason, title, detail] = await Promise.all(
      ["status", "reason", "title", "detail"].map((part) => this.tab.locator(`#denial-${part}`).innerText()),
    );
    return { status, reason, title, detail };
  }

  /** Plays at four times the speed up to a time. */
  async playTo(seconds) {
    await this.tab.evaluate(() => (document.querySelector("video").playbackRate = 4));
    await this.tab.waitForFunction((seconds) => document.querySelector("video").currentTime >= seconds, seconds, { polling: 100, timeout: 2 * STEP_MS });
  }

  /** The decoded frames and bytes so far. */
  frames() {
    return this.tab.evaluate(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames);
  }

  /** What the video shows: see tests/players/seen.mjs. */
  async seen() {
    const url = await this.tab.evaluate(() => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [640, 360];
      canvas.getContext("2d").drawImage(document.querySelector("#video"), 0, 0, 640, 360);
      return canvas.toDataURL("image/png");
    });
    return seen(Buffer.from(url.split(",")[1], "base64"));
  }

  /** Waits until the video shows an ad. @param {string} what */
  async sees(what) {
    for (const end = Date.now() + 3 * STEP_MS; (await this.seen())?.what !== what; ) {
      if (Date.now() > end) throw new Error(`waited ${(3 * STEP_MS) / 1000} s for ${what} on screen, in vain`);
    }
  }

  /** Goes to a time of the film. */
  seek(seconds) {
    return this.tab.evaluate((seconds) => (document.querySelector("#video").currentTime = seconds), seconds);
  }

  /** Waits until the page shows an item of a layout beside the film, or none. @param {string | null} layout */
  async shows(layout) {
    await this.tab.locator(layout ? `#screen[data-beside="${layout}"]` : "#screen:not([data-beside])").waitFor();
    assert.equal(await this.tab.locator("#screen img").count(), layout ? 1 : 0);
  }

  /** Waits until the screen shows a picture of demo/media/ads/ beside the film. @param {Parameters<typeof share>[2]} where */
  async seesPicture(name, where) {
    const picture = await readFile(join(root, `demo/media/ads/${name}.png`));
    for (const end = Date.now() + 3 * STEP_MS; ; ) {
      const found = share(await this.tab.locator("#screen").screenshot(), picture, where);
      if (found > 0.9) return;
      if (Date.now() > end) throw new Error(`waited ${(3 * STEP_MS) / 1000} s for ${name} on screen, and saw ${found.toFixed(2)} of it last`);
    }
  }

  /** The rows of the page's table, oldest first. */
  requests() {
    return this.tab.locator("#request-rows tr").evaluateAll((rows) =>
      rows.reverse().map(({ dataset: { viewer, kind, status, url, session, source, age, ms } }) => ({
        ...{ viewer, kind, status: Number(status), url: new URL(url).href, session },
        // Known a moment after the request.
        ...{ source: source || null, age: age ? Number(age) : null, ms: ms ? Number(ms) : null },
      })),
    );
  }

  /** The offered heights on the page. */
  offered() {
    return this.tab.locator("#offered .chip").allInnerTexts();
  }
}

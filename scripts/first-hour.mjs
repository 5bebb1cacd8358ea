#!/usr/bin/env node
// Records a newcomer's first hour into docs/first-hour/: a fresh clone of the last commit, the commands of README.md, docs/TUTORIAL.md
// and docs/TASKS.md with what they print and how long they take, and pictures of the demo page.
//
//   scripts/setup test && node scripts/first-hour.mjs [--built] [--keep]
//
//   --built  take the programs and the Worker that this working tree has built: a minute instead of ten, to try the script
//   --keep   keep the clone, and print where it is
//
// The clone shares nothing with this working tree but the machine's caches of cargo and npm.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { pathToFileURL, fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { PORTS, freePort } from "../demo/stack/ports.mjs";
import { runningDemo } from "../demo/running.mjs";
import { DemoPage } from "../tests/browser/harness.mjs";
import { headingAbove, runPage } from "../tests/docs/page.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const out = join(root, "docs/first-hour");

/** The media origin's port in the tutorial. */
const TUTORIAL_MEDIA_PORT = 9000;

const PAGES = [
  { file: "README.md", title: "The README" },
  { file: "docs/TUTORIAL.md", title: "The tutorial" },
  { file: "docs/TASKS.md", title: "Six tasks" },
];

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const SCHEMES = ["light", "dark"];

/** The pictures of each size and scheme, and what each has to show. */
const SHOTS = { start: null, playing: "#stage", refused: "#denial" };

/** Longer outputs are cut in the middle. */
const SHOWN_LINES = { first: 16, last: 8 };

const { values: options } = parseArgs({ options: { built: { type: "boolean" }, keep: { type: "boolean" } } });

const began = Date.now();
const servers = [];
const chapters = [];

const say = (text) => console.log(`${clock(Date.now() - began)}  ${text}`);

/** Minutes and seconds since the start. */
function clock(ms) {
  const seconds = Math.round(ms / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "stagedoor-first-hour-"));
  const clone = join(folder, "stagedoor");
  try {
    const started = Date.now();
    const command = `git clone ${pathToFileURL(root)} stagedoor`;
    execFileSync("bash", ["-c", command], { cwd: folder, stdio: "ignore" });
    chapter("A fresh clone").push({ at: started - began, command: "git clone … stagedoor && cd stagedoor", output: "", seconds: (Date.now() - started) / 1000, mark: "" });
    const ports = await freePorts();
    for (const page of PAGES) await follow(page, clone, ports);
    const { page } = runningDemo(join(clone, ".demo"));
    const pictures = await photograph(page);
    write(clone, pictures);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    if (options.keep) say(`the clone is ${clone}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

function chapter(title) {
  const blocks = [];
  chapters.push({ title, blocks });
  say(title);
  return blocks;
}

/** The ports of the pages, or the next free ones. */
async function freePorts() {
  const ports = {};
  for (const [name, port] of Object.entries({ ...PORTS, tutorial: TUTORIAL_MEDIA_PORT })) ports[name] = await freePort(port, Object.values(ports));
  return ports;
}

async function follow({ file, title }, clone, ports) {
  const blocks = chapter(title);
  const named = Object.keys(PORTS).flatMap((name) => [`--${name}-port`, String(ports[name])]);
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const built = {
    STAGEDOOR_ORIGIN: join(target, "debug/stagedoor-origin"),
    STAGEDOOR_COMMAND: join(target, "debug/stagedoor"),
    STAGEDOOR_WORKER: process.env.STAGEDOOR_WORKER ?? join(root, "build"),
  };
  if (options.built) link(clone, target);
  const text = readFileSync(join(clone, file), "utf8");
  await runPage(pathToFileURL(join(clone, file)), {
    cwd: clone,
    env: { ARGS: named.join(" "), PATH: path(), CARGO_TARGET_DIR: undefined, ...(options.built ? built : {}) },
    replace: { ...Object.fromEntries(Object.entries(PORTS).map(([name, port]) => [port, String(ports[name])])), [TUTORIAL_MEDIA_PORT]: String(ports.tutorial) },
    ready: (command) => (command === "make demo" ? demo(clone) : listens(ports.tutorial)),
    servers,
    record({ line, command, mark, output, seconds }) {
      blocks.push({ heading: headingAbove(text, line), at: Date.now() - began - seconds * 1000, command, output, seconds, mark });
      say(`  ${seconds.toFixed(1).padStart(6)} s  ${command.split("\n")[0]}`);
    },
  });
}

/** This shell's PATH, without what this working tree has installed. */
const path = () => process.env.PATH.split(":").filter((entry) => !entry.startsWith(root)).join(":");

/** Where nothing is to be built: what the pages take from target/ and node_modules/. */
function link(clone, target) {
  for (const [name, place] of [["target", target], ["node_modules", join(root, "node_modules")]]) {
    if (!existsSync(join(clone, name))) execFileSync("ln", ["-s", place, join(clone, name)]);
  }
}

async function demo(clone) {
  let word = 0;
  while (!runningDemo(join(clone, ".demo"))?.page) {
    await sleep(200);
    if (Date.now() - word < 30_000) continue;
    word = Date.now();
    say(`    ${servers.at(-1).output.trimEnd().split("\n").at(-1)}`);
  }
  // Its welcome is printed a moment after its page is there.
  while (!servers.at(-1).output.includes("Ctrl-C stops everything")) await sleep(50);
}

async function listens(port) {
  while (!(await fetch(`http://127.0.0.1:${port}/`).catch(() => null))) await sleep(100);
}

/** Pictures of the demo page: before a choice, a title that plays, and a refusal. axe-core looks at each. */
async function photograph(url) {
  say("Pictures of the demo page");
  const executablePath = execFileSync(join(root, "scripts/chromium"), { encoding: "utf8" }).trim();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio", "--proxy-server=direct://"] });
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const pictures = [];
  mkdirSync(out, { recursive: true });
  try {
    for (const viewport of SIZES) {
      for (const colorScheme of SCHEMES) {
        const context = await browser.newContext({ viewport, colorScheme, hasTouch: viewport.width < 500 });
        const tab = await context.newPage();
        await tab.goto(url);
        await tab.locator("body[data-ready]").waitFor();
        await tab.evaluate(axe);
        const page = new DemoPage(tab);
        const take = async (what) => {
          await tab.evaluate((shown) => (shown ? document.querySelector(shown).scrollIntoView({ block: "nearest" }) : window.scrollTo(0, 0)), SHOTS[what]);
          const name = `${what}-${viewport.width}-${colorScheme}.png`;
          await tab.screenshot({ path: join(out, name) });
          const { violations } = await tab.evaluate(() => window.axe.run());
          pictures.push({ name, what, viewport, colorScheme, findings: violations.map(({ id, nodes }) => `${id} (${nodes.length})`) });
          say(`  ${name}: ${violations.length} findings of axe-core`);
        };
        await take("start");
        await page.play({ country: "AE" });
        await tab.waitForFunction(() => document.querySelector("video").currentTime > 3);
        await take("playing");
        await page.playDenied({ country: "US" });
        await tab.locator("#explanation").waitFor();
        await take("refused");
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
  return pictures;
}

function write(clone, pictures) {
  const git = (...args) => execFileSync("git", args, { cwd: clone, encoding: "utf8" }).trim();
  const total = (blocks) => blocks.reduce((sum, { seconds }) => sum + seconds, 0);
  const taken = ({ at, command, output, seconds, mark }) =>
    [
      `**${clock(at)}**${mark === "terminal" ? ", in a terminal of its own" : ""}: ${seconds.toFixed(1)} s`,
      "",
      fence("sh", command),
      ...(output.trim() === "" ? [] : ["", fence("text", shorten(output))]),
    ].join("\n");
  const ran = (blocks) => blocks.filter(({ mark }) => !mark.startsWith("by-hand"));
  const sections = (blocks) => {
    const parts = Object.entries(Object.groupBy(blocks, ({ heading = "" }) => heading));
    return parts.map(([heading, blocks]) => `${heading && `### ${heading}\n\n${total(blocks).toFixed(1)} seconds.\n\n`}${blocks.map(taken).join("\n\n")}`).join("\n\n");
  };
  const text = `# The first hour, recorded

Written by \`scripts/first-hour.mjs\` on ${new Date(began).toISOString().slice(0, 16).replace("T", " ")} UTC, from a fresh clone of commit
\`${git("rev-parse", "--short=12", "HEAD")}\`, on a machine with ${cpus().length} processors. ${
    options.built ? "Nothing was built: the programs were there." : "Everything was built from nothing; cargo and npm had their downloads in their caches, as far as they had any."
  } The seconds are the commands' own: reading and typing come on top. Ports that were taken are replaced by the next free ones.

| part | begins at | commands | seconds |
| --- | --- | --- | --- |
${chapters.map(({ title, blocks }) => `| ${title} | ${clock(blocks[0]?.at ?? 0)} | ${ran(blocks).length} | ${total(ran(blocks)).toFixed(0)} |`).join("\n")}

${chapters.map(({ title, blocks }) => `## ${title}\n\n${sections(ran(blocks))}`).join("\n\n")}

## The demo page

${pictures.map(({ name, what, viewport, colorScheme, findings }) => `### ${what}, ${viewport.width} x ${viewport.height}, ${colorScheme}\n\naxe-core: ${findings.length === 0 ? "no findings" : findings.join(", ")}\n\n![${what}, ${viewport.width} pixels wide, ${colorScheme}](${name})`).join("\n\n")}
`;
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "README.md"), text.replaceAll(clone, "~/stagedoor"));
  say(`written: ${join(out, "README.md")}`);
}

/** A line that a step writes while it goes on. */
const COUNTS = /^ {2}\d+ s: /;

/** Tokens are long, secrets are nobody's business, and colours are for terminals. */
function shorten(output) {
  const lines = output
    .replace(/\x1b\[[0-9;]*[A-Za-z]/g, "")
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "eyJ…")
    .replace(/\/~[\w-]{40,}/g, "/~…")
    .replace(/(npm http fetch [A-Z]+ \d+) https?:\/\/[^/\s]+/g, "$1 …")
    .replace(/Updating .* index/g, "Updating the index")
    .trim()
    .split("\n")
    // Of the lines that count the seconds of one step, the last.
    .filter((line, index, lines) => !(COUNTS.test(line) && COUNTS.test(lines[index + 1] ?? "")))
    .map((line) => (line.length > 200 ? `${line.slice(0, 199)}…` : line));
  const { first, last } = SHOWN_LINES;
  if (lines.length <= first + last + 1) return lines.join("\n");
  return [...lines.slice(0, first), `… ${lines.length - first - last} lines …`, ...lines.slice(-last)].join("\n");
}

/** A block that may hold a fence itself. */
function fence(language, text) {
  const marks = "`".repeat(Math.max(3, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length + 1)));
  return `${marks}${language}\n${text}\n${marks}`;
}

await main();
process.exit(0);

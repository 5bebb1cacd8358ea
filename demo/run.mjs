#!/usr/bin/env node
// `make demo`: starts Stagedoor on this machine and says where to look.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Misuse, readArguments } from "./arguments.mjs";
import { RECORD, pointToRunning, refuseReset, takePlace } from "./running.mjs";
import { PORTS, startStack } from "./stack.mjs";
import { ISSUER } from "./stack/catalogue.mjs";
import { linkPrograms } from "./stack/programs.mjs";

/** In the state folder: the programs, and the token of a viewer. */
const BIN = "bin";
const TOKEN = "viewer-token";

const VIEWER = "demo-viewer";
const TOKEN_EACH_MS = 600_000;

const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[1m${text}\x1b[0m` : text);

async function main() {
  const { help, reset, folder, ports } = readArguments(process.argv.slice(2));
  if (help) return console.log(help);
  const place = await settle(folder, reset);
  if (!place) return;
  if (reset) forget(folder);
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end.abort());
  const died = (child, how) => end.abort(new Death(child, how));
  const ended = new Promise((resolve) => end.signal.addEventListener("abort", resolve));
  let stack = null;
  try {
    stack = await startStack({ folder, ports, say, signal: end.signal, died });
    if (!end.signal.aborted) {
      keepTiming();
      place.open(`${stack.pageUrl}/`);
      linkPrograms(join(folder, BIN));
      await keepToken(stack, folder, end);
      welcome(stack, folder, ports);
      stack.keepEdge(end.signal).catch((error) => end.abort(error));
    }
    await ended;
  } catch (error) {
    if (!end.signal.aborted) throw error;
  } finally {
    await stack?.stop();
  }
  // Without an error of ours, the reason is a signal's.
  if (end.signal.reason.name !== "AbortError") throw end.signal.reason;
  console.log(`\nStopped. The state is kept in ${shown(folder)}/: \`make demo\` goes on from here, \`make demo ARGS=--reset\` starts anew.`);
}

const say = (text) => console.log(text);

/** Keeps a viewer's token that is good for most of an hour in a file, for the shell. What keeps it from that ends the demo. */
async function keepToken(stack, folder, end) {
  const file = join(folder, TOKEN);
  const write = async () => writeFileSync(file, await stack.token({ title: "harbour", plan: "premium", subject: VIEWER }), { mode: 0o600 });
  await write();
  const timer = setInterval(() => write().catch((error) => end.abort(error)), TOKEN_EACH_MS);
  end.signal.addEventListener("abort", () => clearInterval(timer));
}

/** A path for a shell. */
const quoted = (path) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** A path as a person here would type it. */
const shown = (path) => (relative(process.cwd(), path).startsWith("..") ? path : relative(process.cwd(), path) || ".");

/** Takes the place of the folder's demo, unless there is one already. */
async function settle(folder, reset) {
  for (;;) {
    const place = await takePlace(folder, say);
    if (place) return place;
    if (reset) refuseReset(folder);
    if (await pointToRunning(folder)) return null;
  }
}

/** A child ended without having been told to. */
class Death extends Error {
  constructor(child, how) {
    super(`the ${child.name} ended by itself (${how}). The last lines of its log:\n${child.lastLines()}`);
  }
}

/** Completes the timing that scripts/demo began, for `make bench`. The processor time of the servers' start is not in it. */
function keepTiming() {
  const [warmth, processorSeconds, startedAt, ...words] = process.env.STAGEDOOR_TIMING?.split(" ") ?? [];
  if (!warmth) return;
  const file = words.join(" ");
  const { user, system } = process.cpuUsage();
  const processor = Math.round(Number(processorSeconds) + (user + system) / 1e6);
  const wall = Math.round(Date.now() / 1000 - Number(startedAt));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${warmth} processor ${processor} wall ${wall} on ${new Date().toISOString().slice(0, 10)}\n`);
}

function forget(folder) {
  for (const entry of readdirSync(folder)) {
    if (entry !== RECORD) rmSync(join(folder, entry), { recursive: true });
  }
}

function welcome({ ports, pageUrl, edgeUrl, originUrl, profilesFile }, folder, wanted) {
  const moved = Object.keys(PORTS).filter((name) => wanted[name] && wanted[name] !== ports[name]);
  const notes = moved.map((name) => `Port ${wanted[name]} is taken: the ${name} is on ${ports[name]}.`);
  console.log(`
${bold("Stagedoor is running.")}${notes.map((note) => `\n${note}`).join("")}

  ${bold("Demo page")}   ${bold(`${pageUrl}/`)}
  Edge        ${edgeUrl}   log: ${shown(join(folder, "edge.log"))}
  Origin      ${originUrl}   log: ${shown(join(folder, "origin.log"))}

The ${bold("stagedoor")} command, in another terminal:

  export PATH=${quoted(join(folder, BIN))}:"$PATH" STAGEDOOR_PROFILES=${quoted(profilesFile)}

Why is a viewer in the United States refused?

  stagedoor edge explain --geo US "${edgeUrl}/harbour/master.m3u8?token=$(cat ${quoted(join(folder, TOKEN))})"

Which titles are there, and does the edge know them?

  stagedoor origin list titles

Revoke that viewer, and wait until the edge knows. Then explain again:

  stagedoor origin revoke localhost --subject ${ISSUER} ${VIEWER} --wait

Ctrl-C stops everything.`);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(`\ndemo: ${error.message}`);
    process.exit(error instanceof Misuse ? 2 : 1);
  },
);

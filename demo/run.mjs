#!/usr/bin/env node
// `make demo`: starts Stagedoor on this machine and says where to look.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { PORTS, startStack } from "./stack.mjs";
import { API_KEY } from "./stack/origin.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = join(root, ".demo");
const lock = join(folder, "pid");

const HELP = `usage: node demo/run.mjs [--reset] [--edge-port ${PORTS.edge}] [--origin-port ${PORTS.origin}] [--page-port ${PORTS.page}]

  --reset          start anew: forget the database, the edge's documents and the secrets in .demo/
  --edge-port N    first port to try for the edge; the next free one is taken
  --origin-port N  the same for the origin service
  --page-port N    the same for the demo page

environment: STAGEDOOR_ORIGIN, the origin service's program; STAGEDOOR_WORKER, the folder of the built Worker`;

const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[1m${text}\x1b[0m` : text);

async function main() {
  const { ports, reset } = readArguments();
  takeLock();
  if (reset) forget();
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end.abort());
  const died = (child, how) => end.abort(new Death(child, how));
  const ended = new Promise((resolve) => end.signal.addEventListener("abort", resolve));
  let stack = null;
  try {
    stack = await startStack({ folder, ports, say: (text) => console.log(`${text} ...`), signal: end.signal, died });
    if (!end.signal.aborted) {
      keepTiming();
      welcome(stack, ports);
    }
    await ended;
  } catch (error) {
    if (!end.signal.aborted) throw error;
  } finally {
    await stack?.stop();
  }
  if (end.signal.reason instanceof Death) throw end.signal.reason;
  console.log("\nStopped. The state is kept in .demo/: `make demo` goes on from here, `make demo ARGS=--reset` starts anew.");
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

function readArguments() {
  const port = { type: "string" };
  const { values } = parseArgs({
    options: { reset: { type: "boolean" }, help: { type: "boolean" }, "edge-port": port, "origin-port": port, "page-port": port },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const ports = { ...PORTS };
  for (const name of Object.keys(PORTS)) {
    const value = values[`${name}-port`];
    if (value === undefined) continue;
    ports[name] = Number(value);
    if (!(Number.isInteger(ports[name]) && ports[name] >= 0 && ports[name] < 65_536)) throw new Error(`expected a port in --${name}-port, found ${value}`);
  }
  return { reset: values.reset ?? false, ports };
}

/** Two demos on one state folder would write over each other. */
function takeLock() {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const other = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
  if (other && other !== process.pid && isAlive(other)) throw new Error(`a demo is running already, as process ${other}`);
  writeFileSync(lock, String(process.pid));
  process.on("exit", () => rmSync(lock, { force: true }));
}

function forget() {
  for (const entry of readdirSync(folder)) {
    if (join(folder, entry) !== lock) rmSync(join(folder, entry), { recursive: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function welcome({ ports, pageUrl, edgeUrl, originUrl }, wanted) {
  const moved = Object.keys(PORTS).filter((name) => wanted[name] && wanted[name] !== ports[name]);
  const notes = moved.map((name) => `Port ${wanted[name]} is taken: the ${name} is on ${ports[name]}.`);
  console.log(`
${bold("Stagedoor is running.")}${notes.map((note) => `\n${note}`).join("")}

  ${bold("Demo page")}   ${bold(`${pageUrl}/`)}
  Edge        ${edgeUrl}   log: .demo/edge.log
  Origin      ${originUrl}   log: .demo/origin.log

See a denial:

  curl -i ${edgeUrl}/harbour/master.m3u8

Sell a title in the Emirates alone, then play it on the page from another country:

  curl -X PUT ${originUrl}/api/v1/titles/harbour \\
    -H "Authorization: Bearer $(cat ${relative(process.cwd(), join(folder, API_KEY))})" -H 'Content-Type: application/json' \\
    -d '{"id":"harbour","sites":["localhost"],"manifest":"master.m3u8","offers":[{"id":"emirates","territories":{"allow":["AE"]}}]}'

Ctrl-C stops everything.`);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(`\ndemo: ${error.message}`);
    process.exit(1);
  },
);

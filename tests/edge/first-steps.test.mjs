// Runs the commands of README.md and docs/DEPLOY.md in a copy of the working tree, and compares their output with the pages.
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PORTS, freePort } from "../../demo/stack/ports.mjs";
import { runningDemo } from "../../demo/running.mjs";
import { clone } from "../docs/clone.mjs";
import { filledIn, runPage } from "../docs/page.mjs";
import { startEdge } from "./harness.mjs";

const page = (name) => new URL(`../../${name}`, import.meta.url);

let folder;
before(async () => (folder = await clone()));
after(() => rm(folder, { recursive: true, force: true }));

async function until(what, holds) {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) if (await holds()) return;
  throw new Error(`waited a minute for ${what}, in vain`);
}

const answers = async (url) => (await fetch(url).catch(() => null))?.ok;

test("each command of the README does what the page says", { timeout: 180_000 }, async () => {
  const ports = { edge: await freePort(0), origin: await freePort(0), page: await freePort(0) };
  const programs = join(folder, "target/debug");
  const env = {
    ARGS: Object.entries(ports).flatMap(([name, port]) => [`--${name}-port`, port]).join(" "),
    // `make demo` builds nothing where everything has been built.
    STAGEDOOR_ORIGIN: join(programs, "stagedoor-origin"),
    STAGEDOOR_COMMAND: join(programs, "stagedoor"),
    STAGEDOOR_WORKER: join(folder, "build"),
  };
  const replace = Object.fromEntries(Object.keys(PORTS).map((name) => [PORTS[name], String(ports[name])]));
  const ready = () => until("the demo's page", () => runningDemo(join(folder, ".demo"))?.page);
  const byHand = (command) => assert.match(command, /^make test/);
  const runs = await runPage(page("README.md"), { cwd: folder, env, replace, ready, byHand });
  assert.ok(runs.some(({ output }) => output.includes("#EXTM3U")), "the README plays nothing");
  assert.equal(runningDemo(join(folder, ".demo")), null, "the demo goes on");
});

test("each command of DEPLOY does what the page says, as far as it needs no account", { timeout: 180_000 }, async () => {
  // A name that every resolver knows.
  const host = "localhost";
  const ports = { edge: await freePort(0), origin: await freePort(0) };
  let edge;
  const skipped = [];
  const byHand = async (command) => {
    skipped.push(command.split(/ (?=--|<)/)[0]);
    if (!command.startsWith("npx wrangler deploy")) return;
    // What has been uploaded: the Worker, with its secrets.
    const secret = async (name) => (await readFile(join(folder, name), "utf8")).trim();
    edge = await startEdge({ port: ports.edge, variables: { SYNC_SECRET: await secret("sync-secret"), EXPLAIN_SECRET: await secret("explain-secret") } });
  };
  const env = { PATH: `${join(folder, "target/debug")}:${process.env.PATH}`, STAGEDOOR_LISTEN: `127.0.0.1:${ports.origin}` };
  const replace = { "https://watch.your-domain.com": `http://${host}:${ports.edge}`, "watch.your-domain.com": host, [PORTS.origin]: String(ports.origin) };
  const ready = () => until("the origin service", () => answers(`http://127.0.0.1:${ports.origin}/healthz`));
  try {
    const runs = await runPage(page("docs/DEPLOY.md"), { cwd: folder, env, replace, ready, byHand });
    assert.ok(runs.some(({ command }) => command.includes("wrangler deploy --dry-run")), "the page has no dry run");
  } finally {
    await edge?.stop();
  }
  assert.deepEqual(skipped.slice(0, 4), ["npx wrangler login", "npx wrangler kv namespace create CATALOG", "npx wrangler secret put SYNC_SECRET", "npx wrangler deploy"]);
});

test("lines to fill in replace those of their table alone", () => {
  const file = 'a = 1\n\n[one]\na = 2\nb = "x"\n\n[two]\na = 3\n';
  assert.equal(filledIn(file, "[one]\na = 4"), 'a = 1\n\n[one]\na = 4\nb = "x"\n\n[two]\na = 3\n');
  assert.equal(filledIn(file, "[two]\na = 5"), 'a = 1\n\n[one]\na = 2\nb = "x"\n\n[two]\na = 5\n');
  assert.throws(() => filledIn(file, "[two]\nb = 1"), /expected one line/);
  assert.throws(() => filledIn(file, "[three]\na = 1"), /expected a table/);
});

// What `make demo` leaves for others, and what it finds of others: profiles for the command, a demo that runs, and what a killed one left.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { STATE, carrying, startOf } from "../../demo/stack/processes.mjs";
import { sign } from "./harness.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");

/** Where a demo writes its page. */
const PAGE = /Demo page +(http:\S+)/;

/** Whoever builds something builds it with these. */
const NOTHING = { STAGEDOOR_ORIGIN: "", STAGEDOOR_COMMAND: "", STAGEDOOR_WORKER: "", CARGO: "/bin/false", RUSTC: "/bin/false" };

let folder;
const started = new Set();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-start-"));
});

after(async () => {
  for (const run of started) run.process.kill("SIGTERM");
  await Promise.all([...started].map((run) => run.ended));
  await rm(folder, { recursive: true, force: true });
});

/** Starts scripts/demo on the folder, with any ports. */
function start(args = [], env = {}) {
  const ports = ["edge", "origin", "media", "page"].flatMap((name) => [`--${name}-port`, "0"]);
  const built = { STAGEDOOR_ORIGIN: join(target, "debug/stagedoor-origin"), STAGEDOOR_COMMAND: join(target, "debug/stagedoor"), STAGEDOOR_WORKER: join(root, "build") };
  return launch(join(root, "scripts/demo"), ["--state", folder, ...ports, ...args], { ...process.env, ...built, ...env });
}

/** Starts a program, and gathers what it prints. */
function launch(command, args, env = process.env) {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const run = { process: child, output: "" };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (run.output += text));
  run.ended = new Promise((resolve) => child.once("close", (code) => resolve(code)));
  started.add(run);
  run.ended.then(() => started.delete(run));
  return run;
}

/** Starts a demo, and waits for its page. */
async function demo(args) {
  const run = start(args);
  let ended = false;
  run.ended.then(() => (ended = true));
  while (!PAGE.test(run.output)) {
    assert.ok(!ended, run.output);
    await sleep(50);
  }
  return { ...run, get output() { return run.output; }, page: PAGE.exec(run.output)[1] };
}

/** The processes of the folder's demo whose command line has a text. */
async function processes(text) {
  const lines = await Promise.all(
    carrying(STATE, folder).map(async (pid) => ({ pid, line: await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "") })),
  );
  return lines.filter(({ line }) => line.includes(text)).map(({ pid }) => pid);
}

// The tests share one demo, in this order: a start takes seconds.
let running;

test("wrong arguments and --help need nothing built", async () => {
  for (const [args, code, words] of [
    [["--help"], 0, /usage: make demo/],
    [["--edge-port", "none"], 2, /expected a port in --edge-port, found `none`/],
    [["--edge-prot", "1"], 2, /--edge-prot/],
  ]) {
    const run = start(args, NOTHING);
    assert.equal(await run.ended, code, run.output);
    assert.match(run.output, words);
  }
});

test("a start that takes long says so every five seconds, and can be ended", { timeout: 60_000 }, async () => {
  // An origin service that makes keys and never answers.
  const slow = join(folder, "slow-origin");
  await writeFile(slow, '#!/bin/sh\n[ "$1" = serve ] || { touch "$6"; exit; }\nexec sleep 600\n', { mode: 0o755 });
  const run = start(["--state", join(folder, "slow")], { STAGEDOOR_ORIGIN: slow });
  let ended = false;
  run.ended.then(() => (ended = true));
  while (!/^ {2}5 s: waiting for the origin to answer$/m.test(run.output)) {
    assert.ok(!ended, run.output);
    await sleep(50);
  }
  run.process.kill("SIGTERM");
  assert.equal(await run.ended, 0, run.output);
  assert.deepEqual(carrying(STATE, join(folder, "slow")), []);
});

test("a record whose process number is somebody else's by now is no demo, and that process lives", { timeout: 60_000 }, async () => {
  const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
  try {
    await writeFile(join(folder, "running.json"), JSON.stringify({ pid: stranger.pid, started: "another time", page: "http://127.0.0.1:1/" }));
    running = await demo();
    assert.ok(startOf(stranger.pid), "the stranger's process was ended");
  } finally {
    stranger.kill();
  }
});

const KILLED = [
  { what: "the demo", children: [] },
  { what: "the demo and wrangler", children: ["wrangler"] },
  { what: "the demo, the origin service and workerd", children: ["stagedoor-origin", "bin/workerd"] },
];

test("after kill -9 of any of its processes, the next start ends what is left", { timeout: 120_000 }, async () => {
  for (const { what, children } of KILLED) {
    const all = carrying(STATE, folder);
    const victims = (await Promise.all(children.map(processes))).flat();
    assert.ok(victims.length >= children.length, what);
    for (const pid of [running.process.pid, ...victims]) process.kill(pid, "SIGKILL");
    await running.ended;
    const left = all.filter((pid) => !victims.includes(pid) && startOf(pid));
    assert.ok(left.length > 0, `${what}: nothing is left behind, so there is nothing to test`);

    running = await demo();
    assert.match(running.output, /Ending \d+ processes that a killed demo has left behind/, what);
    assert.deepEqual(left.filter((pid) => startOf(pid)), [], `${what}: still there`);
    assert.equal((await processes("stagedoor-origin")).length, 1, `${what}: one origin on the state`);
    assert.equal((await fetch(running.page)).status, 200, what);
  }
});

test("a second start says where the page is, and builds and starts nothing", async () => {
  const servers = carrying(STATE, folder);
  const second = start([], NOTHING);
  assert.equal(await second.ended, 0, second.output);
  assert.equal(second.output, `Stagedoor is running already, as process ${running.process.pid}: ${running.page}\n`);

  const reset = start(["--reset"], NOTHING);
  assert.equal(await reset.ended, 1);
  assert.match(reset.output, new RegExp(`End it first, .*kill ${running.process.pid}`));
  assert.deepEqual(carrying(STATE, folder), servers);
});

/** The strings of profiles.toml. */
async function profile() {
  const text = await readFile(join(folder, "profiles.toml"), "utf8");
  return Object.fromEntries([...text.matchAll(/^(\w+) = "(.*)"$/gm)].map(([, name, value]) => [name, value]));
}

test("the profile has the addresses, and names files with the secrets that open them", async () => {
  const { origin, edge, ...files } = await profile();
  assert.equal(files.default, "demo");
  const secret = async (file) => {
    const path = join(folder, file);
    assert.equal((await stat(path)).mode & 0o077, 0, `others may read ${file}`);
    return (await readFile(path, "utf8")).trim();
  };
  assert.equal((await stat(join(folder, "profiles.toml"))).mode & 0o077, 0);
  const listed = await fetch(`${origin}/api/v1/titles`, { headers: { Authorization: `Bearer ${await secret(files.api_key_file)}` } });
  assert.equal(listed.status, 200);

  const body = JSON.stringify({ url: `${edge}/harbour/master.m3u8` });
  const headers = sign(await secret(files.explain_secret_file), body);
  const explained = await fetch(`${edge}/_stagedoor/explain`, { method: "POST", headers, body });
  assert.equal(explained.status, 200);
  assert.equal((await explained.json()).reason, "token_missing");
});

test("the commands of the welcome work when they are pasted into another terminal", async () => {
  const commands = running.output.split("\n").filter((line) => /^ {2}(export|stagedoor) /.test(line));
  assert.deepEqual(commands.map((line) => line.trim().split(" ").slice(0, 3).join(" ").replace(/=.*/, "")), [
    "export PATH",
    "stagedoor edge explain",
    "stagedoor origin list",
    "stagedoor origin revoke",
  ]);
  const [environment, explain, list, revoke] = commands;
  const answers = async (command, expected, words) => {
    const run = launch("bash", ["-c", `cd /\n${environment}\n${command}`]);
    assert.equal(await run.ended, expected, `${command}\n${run.output}`);
    for (const word of words) assert.ok(run.output.includes(word), `${command}\nexpected ${word}, found\n${run.output}`);
  };
  await answers(explain, 1, ["territory", "US"]);
  await answers(list, 0, ["harbour-premiere"]);
  await answers(revoke, 0, []);
  await answers(explain, 1, ["revoked"]);
});

test("an edge that does not answer any more is started again", { timeout: 90_000 }, async () => {
  for (const pid of await processes("bin/workerd")) process.kill(pid, "SIGKILL");
  while (!running.output.includes("The edge answers again.")) await sleep(100);
  assert.equal((await fetch(`${(await profile()).edge}/harbour/master.m3u8`)).status, 401);
});

test("an origin service that ends takes the demo with it, which says so and leaves nothing behind", async () => {
  const [origin] = await processes("stagedoor-origin");
  process.kill(origin, "SIGKILL");
  assert.equal(await running.ended, 1);
  assert.match(running.output, /demo: the origin ended by itself \(ended by SIGKILL\)/);
  assert.deepEqual(carrying(STATE, folder), []);
});

test("a demo that is ended while its edge is being started again leaves nothing behind", { timeout: 120_000 }, async () => {
  const run = await demo();
  for (const pid of await processes("wrangler")) process.kill(pid, "SIGSTOP");
  for (const pid of await processes("bin/workerd")) process.kill(pid, "SIGKILL");
  while (!run.output.includes("Starting it again ...")) await sleep(100);
  run.process.kill("SIGTERM");
  assert.equal(await run.ended, 0, run.output);
  assert.deepEqual(carrying(STATE, folder), []);
});

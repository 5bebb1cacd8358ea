// What the scripts say while they work, and when they cannot.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { clone } from "../docs/clone.mjs";

/** No script is silent for longer. */
const SILENCE_MS = 10_000;

let folder;
before(async () => (folder = await clone({ built: [] })));
after(() => rm(folder, { recursive: true, force: true }));

/** Runs bash commands in the copy: the exit code, the output, and the longest silence. */
function run(commands, env = {}) {
  const started = Date.now();
  let output = "";
  let heard = started;
  let silence = 0;
  const child = spawn("bash", ["-c", commands], { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
      silence = Math.max(silence, Date.now() - heard);
      heard = Date.now();
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output, silence: Math.max(silence, Date.now() - heard) })));
}

/** A port that accepts connections and never answers. */
async function blackHole() {
  const server = createServer(() => {});
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: server.address().port, close: () => server.close() };
}

/** A port that nobody listens on. */
async function closed() {
  const { port, close } = await blackHole();
  close();
  return { port, close: () => {} };
}

for (const [name, reason, open] of [
  ["that refuses connections", /ECONNREFUSED/, closed],
  ["that never answers", /network timeout/, blackHole],
]) {
  test(`with an npm registry ${name}, set-up gives up within a minute and says why`, { timeout: 60_000 }, async () => {
    const { port, close } = await open();
    const registry = `http://127.0.0.1:${port}/`;
    const env = { npm_config_registry: registry, npm_config_cache: join(folder, ".npm"), npm_config_update_notifier: "false" };
    try {
      const { code, output, silence } = await run("scripts/setup build", env);
      assert.equal(code, 1, output);
      assert.match(output, reason);
      assert.match(output, new RegExp(`npm cannot install the packages .*\\n.*\\n.*It is ${registry}`));
      assert.ok(silence < SILENCE_MS, `silent for ${silence} ms:\n${output}`);
    } finally {
      close();
    }
  });
}

test("a step says what it does, how long that takes, how far it is, and its output only if it fails", async () => {
  const bar = `printf '   Compiling serde v1\\n    Building [==>   ] 12/345: serde, syn\\r'`;
  const step = (command) => run(`. scripts/env.sh; step "compiling it" "2 min" bash -c "$0"`.replace("$0", command.replaceAll('"', '\\"')));
  const well = await step(`${bar}; sleep 6`);
  assert.equal(well.code, 0);
  assert.match(well.output, /compiling it \(usually 2 min\)/);
  assert.match(well.output, /^ {2}5 s: 12 of 345 crates: serde, syn$/m);
  assert.ok(well.silence < SILENCE_MS && !well.output.includes("Compiling"), well.output);
  const ill = await step(`${bar}; echo error: no such crate; exit 7`);
  assert.equal(ill.code, 7);
  assert.match(ill.output, /Compiling serde v1\n.*error: no such crate/s);
  assert.ok(!ill.output.includes("Building"), ill.output);
});

test("the first start of the demo runs with the Node that set-up has just installed", async () => {
  const stub = (text) => ({ mode: 0o755, text: `#!/bin/sh\n${text}\n` });
  const stubs = {
    "scripts/setup": stub(`mkdir -p node_modules/.bin && printf '#!/bin/sh\\necho installed: "$@"\\n' >node_modules/.bin/node && chmod +x node_modules/.bin/node`),
    "scripts/build-edge": stub("exit 0"),
    "stubs/cargo": stub("exit 0"),
  };
  await mkdir(join(folder, "stubs"));
  for (const [name, { text, mode }] of Object.entries(stubs)) {
    await rm(join(folder, name), { force: true });
    await writeFile(join(folder, name), text, { mode });
  }
  const env = { HOME: folder, PATH: `${join(folder, "stubs")}:${process.env.PATH}`, STAGEDOOR_ORIGIN: "", STAGEDOOR_COMMAND: "", STAGEDOOR_WORKER: "" };
  const { code, output } = await run("scripts/demo --page-port 0", env);
  assert.equal(code, 0, output);
  assert.match(output, /^installed: demo\/run\.mjs --page-port 0$/m);
});

// Runs the commands of docs/RUNBOOK.md against the demo, and those about an outage against an origin service without its edge.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { ANY_PORTS, PORTS, startStack } from "../../demo/stack.mjs";
import { freePort } from "../../demo/stack/ports.mjs";
import { blocksOf, fits, runPage } from "../docs/page.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const page = new URL("../../docs/RUNBOOK.md", import.meta.url);
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const PATH = [join(target, "debug"), process.env.PATH].join(delimiter);

let folder;
let stack;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-runbook-"));
  await symlink(target, join(folder, "target"));
  stack = await startStack({ folder: join(folder, ".demo"), ports: ANY_PORTS });
});

after(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("each command of the runbook does what the page says", { timeout: 120_000 }, async () => {
  const replace = { [PORTS.edge]: String(stack.ports.edge), [PORTS.origin]: String(stack.ports.origin) };
  const runs = await runPage(page, { cwd: folder, replace });
  assert.ok(runs.filter(({ expected }) => expected).length >= 10, "the page shows too few outputs");
});

test("an outage looks as the page says, and the log's fields have their types", { timeout: 60_000 }, async () => {
  const at = (name) => join(folder, name);
  const database = ["--database", at("outage.db")];
  const origin = join(target, "debug/stagedoor-origin");
  await run(origin, ["api-key", "create", "--name", "cms", "--out", at("outage-key"), "--create-database", ...database]);
  const listen = `127.0.0.1:${await freePort(0)}`;
  const child = spawn(origin, ["serve", "--listen", listen, "--edge", "http://127.0.0.1:1", "--lag-alarm-s", "1", "--log-format", "json", ...database], {
    env: { SYNC_SECRET: "a".repeat(64) },
    stdio: ["ignore", "ignore", openSync(at("outage.log"), "w")],
  });
  try {
    await writeFile(at("profiles.toml"), `[profiles.outage]\norigin = "http://${listen}"\napi_key_file = "outage-key"\n`);
    await writeFile(at("title.json"), '{ "id": "harbour", "sites": ["watch.example.com"], "offers": [] }');
    const env = { ...process.env, PATH, STAGEDOOR_PROFILES: at("profiles.toml") };
    for (let tries = 0; tries < 100 && !(await fetch(`http://${listen}/healthz`).catch(() => null)); tries += 1) await sleep(100);
    await run("stagedoor", ["origin", "put", "title/harbour", at("title.json")], { env });
    const raised = () => readFileSync(at("outage.log"), "utf8").includes('"raised":true');
    for (let tries = 0; !raised() && tries < 100; tries += 1) await sleep(100);

    const blocks = blocksOf(await readFile(page, "utf8"));
    const shown = blocks.flatMap((block, index) => (block.mark === "by-hand: outage" ? [[block, blocks[index + 1]]] : []));
    assert.equal(shown.length, 1);
    for (const [command, expected] of shown) {
      const { stdout, stderr } = await run("bash", ["-c", command.text], { env });
      assert.ok(fits(expected.text, stdout + stderr), `line ${command.line}: expected\n${expected.text}\n\nfound\n${stdout}${stderr}`);
    }
  } finally {
    child.kill();
  }

  const typed = /<!-- origin fields.*?-->\n\n([^]*?)\n*$/.exec(await readFile(page, "utf8"))[1].split("\n").slice(2);
  const types = new Map(typed.map((row) => row.split("|").map((cell) => cell.trim().replaceAll("`", ""))).map(([, name, type]) => [name, type]));
  const lines = readFileSync(at("outage.log"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const seen = new Set();
  for (const { fields } of lines) {
    for (const [name, value] of Object.entries(fields)) {
      if (name === "message") continue;
      seen.add(name);
      const type = { string: "text", number: "number", boolean: "true or false" }[typeof value];
      assert.equal(type, types.get(name), `${name} of ${JSON.stringify(fields)}`);
    }
  }
  for (const name of ["wait_ms", "duration_ms", "lag_s", "raised", "error", "changes"]) assert.ok(seen.has(name), `no line has ${name}`);
});

// The files of the repository that no other test reads: workflows, forms, the deployment's configuration, and what packs a release.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import { parse } from "yaml";

const root = fileURLToPath(new URL("../../", import.meta.url));
const at = (...path) => join(root, ...path);
const run = promisify(execFile);

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-repository-"));
});
after(() => rm(folder, { recursive: true }));

const workflows = await readdir(at(".github/workflows"));
const yaml = async (...path) => parse(await readFile(at(...path), "utf8"));

for (const name of workflows) {
  test(`the workflow ${name} names what is there`, async () => {
    const { on, permissions, jobs } = await yaml(".github/workflows", name);
    assert.ok(on);
    assert.deepEqual(permissions, { contents: "read" });
    const targets = [...(await readFile(at("Makefile"), "utf8")).matchAll(/^([a-z]+):/gm)].map(([, target]) => target);
    for (const [job, { steps, needs = [], "timeout-minutes": minutes }] of Object.entries(jobs)) {
      assert.ok(minutes > 0, `${job} may run for as long as it likes`);
      for (const needed of [needs].flat()) assert.ok(jobs[needed], `${job} needs ${needed}`);
      for (const { run: command = "", uses = "" } of steps) {
        assert.notEqual(command === "", uses === "", `a step of ${job} runs a command or uses an action`);
        if (uses) assert.match(uses, /^[\w-]+\/[\w-]+@v\d+$/);
        for (const [script] of command.matchAll(/(?:scripts|\.ci)\/[\w-]+/g)) assert.ok(existsSync(at(script)), script);
        for (const [, target] of command.matchAll(/\bmake (\w+)/g)) assert.ok(targets.includes(target), `make ${target}`);
      }
    }
  });
}

test("forms of issues have what their readers need", async () => {
  const forms = (await readdir(at(".github/ISSUE_TEMPLATE"))).filter((name) => name !== "config.yml");
  assert.ok(forms.length > 0);
  for (const name of forms) {
    const form = await yaml(".github/ISSUE_TEMPLATE", name);
    assert.ok(form.name && form.description, name);
    const ids = form.body.filter(({ type }) => type !== "markdown").map(({ id, attributes }) => attributes.label && id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.every(Boolean), name);
  }
  assert.ok((await yaml(".github/ISSUE_TEMPLATE/config.yml")).contact_links);
});

test("updates are asked for in each folder with a lock file", async () => {
  const { updates } = await yaml(".github/dependabot.yml");
  const folders = (ecosystem) => updates.filter((update) => update["package-ecosystem"] === ecosystem).flatMap((update) => update.directories ?? update.directory);
  for (const path of folders("cargo")) assert.ok(existsSync(at(path, "Cargo.lock")), path);
  for (const path of folders("npm")) assert.ok(existsSync(at(path, "package-lock.json")), path);
  assert.ok(folders("cargo").length > 0 && folders("npm").length > 0);
});

test("a deployment keeps a fraction of its logs", () => {
  const { rawConfig } = readRawConfig({ config: at("wrangler.toml") });
  const { enabled, head_sampling_rate: rate } = rawConfig.observability;
  assert.ok(enabled && rate > 0 && rate <= 0.1, `${rate}`);
});

test("a deployment with the placeholder of a KV namespace is refused", async () => {
  const script = at("scripts/deployable");
  const { rawConfig } = readRawConfig({ config: at("wrangler.toml") });
  for (const environment of ["staging", "production"]) {
    assert.match(rawConfig.env[environment].build.command, new RegExp(`^scripts/deployable ${environment} &&`));
    const env = { ...process.env, STAGEDOOR_DRY_RUN: "" };
    await assert.rejects(run(script, [environment], { env: { ...env, WRANGLER_COMMAND: "deploy" } }), ({ stderr }) => stderr.includes(`kv namespace create CATALOG --env ${environment}`));
    await run(script, [environment], { env: { ...env, WRANGLER_COMMAND: "dev" } });
  }

  await cp(script, join(folder, "deployed/scripts/deployable"));
  const config = await readFile(at("wrangler.toml"), "utf8");
  const [before, production] = config.split("[env.production]");
  await writeFile(join(folder, "deployed/wrangler.toml"), `${before}[env.production]${production.replace(/id = "0+"/, 'id = "c0ffee"')}`);
  const own = join(folder, "deployed/scripts/deployable");
  await run(own, ["production"]);
  await assert.rejects(run(own, ["staging"]));
});

test("a release is packed with checksums and a bill of materials, the same twice", async () => {
  for (const name of ["index.js", "worker.js", "index_bg.wasm", "stagedoor"]) await writeFile(join(folder, name), name);
  const pack = (version, into) => run(at("scripts/pack"), [version, join(folder, into), folder, join(folder, "stagedoor")]);
  const [, version] = (await readFile(at("CHANGELOG.md"), "utf8")).match(/^## \[(.+?)\]/m);
  await pack(version, "dist");
  const sums = await readFile(join(folder, "dist/SHA256SUMS"), "utf8");
  const files = sums.trim().split("\n").map((line) => line.split(/\s+/));
  assert.equal(files.length, 3);
  for (const [sum, name] of files) {
    assert.equal(createHash("sha256").update(await readFile(join(folder, "dist", name))).digest("hex"), sum, name);
  }
  await pack(version, "again");
  assert.equal(await readFile(join(folder, "again/SHA256SUMS"), "utf8"), sums);

  const { stdout } = await run("tar", ["tzf", join(folder, `dist/stagedoor-${version}-worker.tar.gz`)]);
  for (const name of ["build/index.js", "build/index_bg.wasm", "wrangler.toml", "LICENSE-MIT"]) assert.ok(stdout.includes(`/${name}\n`), name);
  assert.notEqual((await readFile(join(folder, "dist/notes.md"), "utf8")).trim(), "");

  const bom = JSON.parse(await readFile(join(folder, `dist/stagedoor-${version}.cdx.json`), "utf8"));
  const named = (name) => bom.components.filter((component) => component.name === name);
  assert.equal(named("worker")[0].hashes[0].alg, "SHA-256");
  assert.deepEqual(named("proptest"), []);
  assert.deepEqual(named("wrangler").map(({ scope }) => scope), ["excluded"]);
  const refs = new Set(bom.components.map((component) => component["bom-ref"]));
  assert.equal(refs.size, bom.components.length);
  for (const { ref, dependsOn } of bom.dependencies) for (const other of ref === "stagedoor" ? [] : dependsOn) assert.ok(refs.has(other), other);

  await assert.rejects(pack("0.0.0-none", "none"), ({ stderr }) => stderr.includes("expected a section"));
});

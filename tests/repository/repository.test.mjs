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

const FILLED_IN = `
workers_dev = false
routes = [{ pattern = "watch.tv.test", custom_domain = true }]
kv_namespaces = [{ binding = "CATALOG", id = "0f2ac74b498b48028cb68387c421e279" }]
ratelimits = [{ name = "EXPLAIN_LIMIT", namespace_id = "0", simple = { limit = 60, period = 60 } }]
`;
const line = (key, text) => FILLED_IN.replace(new RegExp(`^${key} = .*\\n`, "m"), text && `${text}\n`);

const DEPLOYMENTS = [
  { name: "filled in", production: FILLED_IN, refused: [] },
  { name: "the placeholder of a namespace", production: line("kv_namespaces", 'kv_namespaces = [{ binding = "CATALOG", id = "00000000000000000000000000000000" }]'), refused: ["found the placeholder", "kv namespace create CATALOG --env production"] },
  { name: "the placeholder in a table of its own", production: `${line("kv_namespaces", "")}[[env.production.kv_namespaces]]\nbinding = "CATALOG"\nid = '0000'\n`, refused: ["found the placeholder"] },
  { name: "no namespace", production: line("kv_namespaces", ""), refused: ["the id of a KV namespace", "found none"] },
  { name: "the namespace's name for its id", production: line("kv_namespaces", 'kv_namespaces = [{ binding = "CATALOG", id = "CATALOG" }]'), refused: ["32 hexadecimal digits", "found `CATALOG`"] },
  { name: "an id in an array of several lines, after a placeholder in a comment", production: line("kv_namespaces", 'kv_namespaces = [ # id = "000"\n  { binding = "CATALOG", id = "0f2ac74b498b48028cb68387c421e279" },\n]'), refused: [] },
  { name: "workers.dev", production: line("workers_dev", "workers_dev = true"), refused: ["expected workers_dev = false in [env.production]"] },
  { name: "workers.dev for all environments", top: "workers_dev = true\n", production: line("workers_dev", ""), refused: ["expected workers_dev = false"] },
  { name: "workers.dev by default", production: line("workers_dev", "").replace(/^routes.*/m, ""), refused: ["expected workers_dev = false"] },
  { name: "no routes", production: line("routes", ""), refused: ["expected routes in [env.production]", "custom_domain = true"] },
  { name: "routes in a comment", production: line("routes", '# routes = [{ pattern = "watch.tv.test", custom_domain = true }]'), refused: ["expected routes"] },
  { name: "routes in tables of their own", production: `${line("routes", "")}[[env.production.routes]]\npattern = "watch.tv.test"\ncustom_domain = true\n`, refused: [] },
  { name: "one route", production: line("routes", 'route = "watch.tv.test/*"'), refused: [] },
  { name: "the host of the example", production: line("routes", 'routes = ["live.tv.test/*", "watch.example.com/*"]'), refused: ["your own host names", "`watch.example.com/*`"] },
  { name: "a route for some paths of a host", production: line("routes", 'routes = [{ pattern = "tv.test/films/*", zone_name = "tv.test" }]'), refused: ["every path of a host", "`tv.test/films/*`"] },
  { name: "places that viewers name", production: `${FILLED_IN}vars = { GEOGRAPHY_OVERRIDE = "header" }\n`, refused: ["no GEOGRAPHY_OVERRIDE"] },
  { name: "all of it at once", production: "", refused: ["the id of a KV namespace", "workers_dev = false"] },
  { name: "staging on workers.dev", environment: "staging", production: `${FILLED_IN}[env.staging]\n${line("routes", "").replace("workers_dev = false", "workers_dev = true")}`, refused: [] },
  { name: "staging that nothing leads to", environment: "staging", production: `${FILLED_IN}[env.staging]\n${line("routes", "")}`, refused: ["expected routes in [env.staging]"] },
  { name: "no environment", environment: null, production: FILLED_IN, refused: ["npx wrangler deploy --env production"] },
];

test("a deployment that is not filled in is refused, with what to fill in", async () => {
  const script = join(folder, "deployed/scripts/deployable.mjs");
  await cp(at("scripts/deployable.mjs"), script);
  const env = { ...process.env, STAGEDOOR_DRY_RUN: "", WRANGLER_COMMAND: "deploy" };
  for (const { name, environment = "production", top = "", production, refused } of DEPLOYMENTS) {
    await writeFile(join(folder, "deployed/wrangler.toml"), `name = "stagedoor"\n${top}[env.production]\n${production}`);
    const args = [script, ...(environment ? [environment] : [])];
    const stderr = await run(process.execPath, args, { env }).then(({ stderr }) => stderr, (error) => error.stderr);
    if (refused.length === 0) assert.equal(stderr, "", name);
    for (const words of refused) assert.ok(stderr.includes(words), `${name}: expected ${words}, found ${stderr || "no refusal"}`);
    await run(process.execPath, args, { env: { ...env, WRANGLER_COMMAND: "dev" } });
  }
});

test("the project's own configuration is refused, at each of its placeholders, by wrangler's own build", async () => {
  const { rawConfig } = readRawConfig({ config: at("wrangler.toml") });
  const command = ({ build }) => build.command.replace(" && scripts/build-edge", "");
  assert.equal(command(rawConfig), "node scripts/deployable.mjs");
  assert.equal(rawConfig.env.development.build, undefined);
  const { production, staging } = rawConfig.env;
  assert.deepEqual([production.workers_dev, staging.workers_dev], [false, true]);
  const refusal = (environment) =>
    run("sh", ["-c", command(environment)], { cwd: root, env: { ...process.env, STAGEDOOR_DRY_RUN: "", WRANGLER_COMMAND: "deploy" } }).then(
      () => "",
      ({ stderr }) => stderr,
    );
  const refused = await refusal(production);
  assert.ok(refused.includes("kv namespace create CATALOG --env production") && refused.includes("`watch.example.com`"), refused);
  assert.match(await refusal(staging), /kv namespace create CATALOG --env staging/);
  assert.match(await refusal(rawConfig), /--env production/);
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
  for (const name of ["build/index.js", "build/index_bg.wasm", "wrangler.toml", "scripts/deployable.mjs", "LICENSE-MIT"]) assert.ok(stdout.includes(`/${name}\n`), name);
  assert.notEqual((await readFile(join(folder, "dist/notes.md"), "utf8")).trim(), "");

  const { stdout: packed } = await run("tar", ["xzOf", join(folder, `dist/stagedoor-${version}-worker.tar.gz`), `stagedoor-${version}-worker/wrangler.toml`]);
  await writeFile(join(folder, "packed.toml"), packed);
  const { rawConfig } = readRawConfig({ config: join(folder, "packed.toml") });
  assert.equal(rawConfig.env.production.build.command, "node scripts/deployable.mjs production");

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

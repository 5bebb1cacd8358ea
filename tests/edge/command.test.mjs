// The command's `edge explain`, `edge status` and `edge tail`, against the built Worker.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Response } from "miniflare";
import { EXPLAIN_SECRET, command, mint, readFlows, startEdge, tamper } from "./harness.mjs";

let base;
let edge;
let desk;

before(async () => {
  base = await readFlows("base.json");
  const upstream = () => new Response("#EXTM3U\n#EXTINF:4,\na.ts\n");
  edge = await startEdge({ documents: base.documents, upstream });
  desk = await mkdtemp(join(tmpdir(), "stagedoor-command-"));
});
after(async () => {
  await edge.stop();
  await rm(desk, { recursive: true, force: true });
});

/** Writes a profile. Secrets are in files beside it. */
async function profile({ port = edge.port, secret = EXPLAIN_SECRET, ...more } = {}) {
  const folder = await mkdtemp(join(desk, "profile-"));
  await writeFile(join(folder, "explain-secret"), `${secret}\n`, { mode: 0o600 });
  await writeFile(join(folder, "api-key"), "key\n", { mode: 0o600 });
  const members = { edge: `http://127.0.0.1:${port}`, explain_secret_file: "explain-secret", ...more };
  const lines = Object.entries(members).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  await writeFile(join(folder, "profiles.toml"), `[profiles.test]\n${lines.join("\n")}\n`);
  return join(folder, "profiles.toml");
}

/** Runs the command. @returns {Promise<{code: number, stdout: string, stderr: string}>} */
function run(args, { profiles = "", input = "", cwd = desk } = {}) {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, HOME: desk, STAGEDOOR_PROFILES: profiles };
    const child = execFile(command, args, { env, cwd }, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") reject(new Error(`${command} is not there: cargo build -p stagedoor-cli`));
      else resolve({ code: error?.code ?? 0, stdout, stderr });
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** A server with one answer. */
async function server(answer) {
  const http = createServer(answer);
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { port: http.address().port, stop: () => new Promise((resolve) => http.close(resolve)) };
}

/** A port on which nobody answers. */
async function deadPort() {
  const { port, stop } = await server(() => {});
  await stop();
  return port;
}

test("edge explain says what stopped a request, in words and in JSON, and shows no secret", async () => {
  const profiles = await profile();
  const token = await mint(base, { key: "h1" });
  const url = (token) => `https://watch.example.com/harbour/m.m3u8?token=${token}`;
  const curl = `curl '${url(token)}' -H 'Stagedoor-Geography: GB' --compressed`;
  for (const [told, args, input, code, reason, words] of [
    ["let in", ["--geo", "AE", url(token)], "", 0, undefined, /^LET IN by the offer /],
    ["refused", ["--geo", "GB", url(token)], "", 1, "plan", /STOP  rights       plan[^]*\nWhat would change it\n/],
    ["forged", ["--geo", "AE", url(tamper(token))], "", 1, "token_signature", /STOP  token        token_signature/],
    ["saved", ["--request", "-"], curl, 1, "plan", /\n  from GB, at /],
    ["a header", ["--geo", "AE", "--header", `Authorization: Bearer ${token}`, "https://watch.example.com/harbour/m.m3u8"], "", 0, undefined, /^LET IN/],
    ["at the edge's own host", ["/harbour/m.m3u8"], "", 1, "site_unknown", /on 127\.0\.0\.1\n/],
  ]) {
    const human = await run(["edge", "explain", ...args], { profiles, input });
    assert.equal(human.code, code, `${told}: ${human.stderr}`);
    assert.match(human.stdout, words, told);
    assert.ok(human.stdout.split("\n").every((line) => [...line].length <= 80), human.stdout);
    const json = await run(["--json", "edge", "explain", ...args], { profiles, input });
    assert.deepEqual([json.code, JSON.parse(json.stdout).reason], [code, reason], told);
    for (const secret of [EXPLAIN_SECRET, ...token.split(".").slice(1)]) {
      for (const { stdout, stderr } of [human, json]) assert.ok(!`${stdout}${stderr}`.includes(secret), `${told}: ${secret}`);
    }
  }
});

test("edge explain says why the edge does not explain", async () => {
  const url = "https://watch.example.com/harbour/m.m3u8";
  const table = [
    [{ secret: "another secret of 32 characters or more" }, 1, /status 401[^]*EXPLAIN_SECRET/],
    [{ secret: "short" }, 2, /32 characters or more/],
    [{ control_path: "Zx81-not-to-be-guessed" }, 1, /status 405[^]*CONTROL_PATH/],
    [{ port: await deadPort() }, 3, /refuses the connection/],
    [{ explain_secret_file: "absent" }, 2, /absent/],
  ];
  for (const [members, code, why] of table) {
    const { explain_secret_file, ...others } = members;
    const profiles = await profile(explain_secret_file ? { ...others, explain_secret_file } : others);
    const said = await run(["edge", "explain", url], { profiles });
    assert.equal(said.code, code, said.stderr);
    assert.match(said.stderr, why);
    const json = await run(["--json", "edge", "explain", url], { profiles });
    assert.equal(json.code, code);
    assert.equal(JSON.parse(json.stdout).error.kind, { 1: "refused", 2: "misuse", 3: "broken" }[code]);
  }
  const bare = await startEdge({ documents: base.documents, variables: { EXPLAIN_SECRET: null } });
  try {
    const said = await run(["edge", "explain", url], { profiles: await profile({ port: bare.port }) });
    assert.equal(said.code, 1);
    assert.match(said.stderr, /status 404[^]*give the Worker the secret EXPLAIN_SECRET/i);
  } finally {
    await bare.stop();
  }
});

test("edge status tells a healthy edge from a failing one and a dead one", async () => {
  const well = await run(["edge", "status"], { profiles: await profile() });
  assert.equal(well.code, 0, well.stderr);
  assert.match(well.stdout, /^WELL {9}http:\/\/127\.0\.0\.1:\d+\/\nanswers in {3}\d+ ms\nversion {6}\d+\.\d+\.\d+, commit .*\nenvironment {2}test\n$/);
  const json = JSON.parse((await run(["edge", "status", "--json"], { profiles: await profile() })).stdout);
  assert.deepEqual([json.ok, json.healthz, json.version.name, json.origin, json.problems], [true, 200, "stagedoor", null, []]);

  const dead = await run(["edge", "status"], { profiles: await profile({ port: await deadPort() }) });
  assert.equal(dead.code, 3);
  assert.match(dead.stderr, /refuses the connection/);

  const other = await server((_request, reply) => reply.writeHead(404).end("nothing here"));
  const failing = await run(["edge", "status"], { profiles: await profile({ port: other.port }) });
  await other.stop();
  assert.equal(failing.code, 1);
  assert.match(failing.stdout, /^FAILING[^]*\/healthz: expected status 200[^]*is http:\/\/127\.0\.0\.1:\d+\/\s+the edge's address\?/);
});

test("edge status tells whether the edge has all of the origin's changes", async () => {
  const synced = { pending: 0, failed_count: 0, failed: [], lag_s: null, last_success_at: "2026-11-22T18:00:00Z", lag_alarm: { threshold_s: 60, raised_at: null } };
  const failed = [{ key: "v1/title/harbour", revision: 7, at: "2026-11-22T18:00:00Z", detail: "no such site" }];
  for (const [told, status, body, code, words] of [
    ["synced", 200, synced, 0, /\nsync {9}0 on their way to the edge, 0 refused\n/],
    ["on its way", 200, { ...synced, pending: 2, lag_s: 3 }, 0, /\nsync {9}2 on their way to the edge for 3 s, 0 refused\n/],
    ["refused", 200, { ...synced, failed_count: 1, failed }, 1, /\nproblem {6}the edge refuses 1 documents: title\/harbour \(no such site\)\n/],
    ["late", 200, { ...synced, pending: 1, lag_s: 90, lag_alarm: { threshold_s: 60, raised_at: "2026-11-22T18:00:00Z" } }, 1, /lacks changes that are 90 s old/],
    ["a limited key", 403, { detail: "the key is limited" }, 0, /not known, since the service refuses \(status\s+403\): the key is\s+limited/],
    ["broken", 500, {}, 3, /found a reply of status 500/],
  ]) {
    const seen = [];
    const origin = await server((request, reply) => {
      seen.push([request.url, request.headers.authorization]);
      reply.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    });
    const profiles = await profile({ origin: `http://127.0.0.1:${origin.port}`, api_key_file: "api-key" });
    const said = await run(["edge", "status"], { profiles });
    await origin.stop();
    assert.equal(said.code, code, `${told}: ${said.stdout}${said.stderr}`);
    assert.match(said.stdout, words, told);
    assert.deepEqual(seen, [["/api/v1/sync", "Bearer key"]]);
  }
  const dead = await run(["edge", "status"], { profiles: await profile({ origin: `http://127.0.0.1:${await deadPort()}`, api_key_file: "api-key" }) });
  assert.equal(dead.code, 3);
  assert.match(dead.stdout, /^FAILING[^]*refuses the connection/);
  const keyless = await run(["edge", "status"], { profiles: await profile({ origin: "http://127.0.0.1:9" }) });
  assert.equal(keyless.code, 0);
  assert.match(keyless.stdout, /not asked, since the profile has no API key/);
});

test("edge tail tells the Worker's own lines, one each", async () => {
  const from = edge.logs.length;
  const token = await mint(base, { key: "h1" });
  const headers = { "CF-Connecting-IP": "192.0.2.77" };
  const refused = async (url, country) => assert.notEqual((await edge.fetch(url, { country, headers })).status, 200);
  await refused(`https://watch.example.com/harbour/m.m3u8?token=${token}`, "GB");
  await refused("https://watch.example.com/harbour/m.m3u8", "AE");
  await refused("https://elsewhere.example.com/harbour/m.m3u8", "AE");
  const logged = edge.logs.slice(from).map(({ message }) => message);
  const log = join(desk, "edge.log");
  await writeFile(log, ["⎔ Starting local server...", ...logged, "[wrangler:info] GET /harbour/m.m3u8 403 Forbidden (3ms)"].join("\n"));
  const tail = async (...args) => {
    const { code, stdout, stderr } = await run(["edge", "tail", "--from", log, ...args]);
    assert.equal(code, 0, stderr);
    return stdout.trimEnd().split("\n");
  };
  const all = await tail();
  assert.equal(all.length, 3, all.join("\n"));
  assert.match(all[0], /^REFUSED plan {2}watch\.example\.com\/harbour\/m\.m3u8 {2}from GB {2}none of the /);
  assert.match(all[1], /^REFUSED token_missing {2}watch\.example\.com\/harbour\/m\.m3u8 {2}from AE {2}expected a viewer token/);
  assert.match(all[2], /^REFUSED site_unknown {2}elsewhere\.example\.com\/harbour\/m\.m3u8 {2}from AE {2}/);
  assert.deepEqual(await tail("--reason", "plan"), [all[0]]);
  assert.deepEqual(await tail("--reason", "plan", "--reason", "site_unknown"), [all[0], all[2]]);
  assert.deepEqual(await tail("--host", "watch.example.com", "--title", "harbour"), [all[0], all[1]]);
  assert.deepEqual(await tail("--title", "other"), [""]);
  const lines = (await tail("--json")).map((line) => JSON.parse(line));
  assert.deepEqual(lines, logged.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)));
  const { stdout } = await run(["edge", "tail", "--from", "-", "--reason", "plan"], { input: logged.join("\n") });
  assert.equal(stdout, `${all[0]}\n`);
  assert.equal((await run(["edge", "tail", "--from", join(desk, "absent.log")])).code, 2);
});

test("edge tail follows wrangler's tail of the profile's environment", async () => {
  const home = await mkdtemp(join(desk, "project-"));
  await mkdir(join(home, "node_modules/.bin"), { recursive: true });
  const denial = { kind: "denial", reason: "territory", detail: "d", host: "watch.example.com", resource: "harbour/m.m3u8", place: "GB" };
  const event = {
    outcome: "ok",
    scriptName: "stagedoor-production",
    exceptions: [],
    logs: [{ message: [JSON.stringify(denial)], level: "log", timestamp: 1795370401000 }],
    eventTimestamp: 1795370400000,
    event: { request: { url: "https://watch.example.com/harbour/m.m3u8?token=secret", method: "GET" } },
  };
  const wrangler = join(home, "node_modules/.bin/wrangler");
  const printing = (code) => `#!/bin/sh\necho "$@" > args\ncat <<'END'\n${JSON.stringify(event, null, 2)}\nEND\nexit ${code}\n`;
  for (const [code, args, env, expected] of [
    [0, [], "production", 0],
    [0, ["--env", "staging"], "staging", 0],
    [1, [], "production", 3],
  ]) {
    await writeFile(wrangler, printing(code));
    await chmod(wrangler, 0o755);
    const profiles = await profile({ wrangler_env: "production" });
    const said = await run(["edge", "tail", ...args], { profiles, cwd: home });
    assert.equal(said.code, expected, said.stderr);
    assert.equal(said.stdout, "18:00:01  REFUSED territory  watch.example.com/harbour/m.m3u8  from GB  d\n");
    const { stdout } = await new Promise((resolve) => execFile("cat", [join(home, "args")], (_error, stdout) => resolve({ stdout })));
    assert.equal(stdout, `tail --env ${env} --format json\n`);
  }
  const said = await run(["edge", "tail"], { profiles: await profile(), cwd: home });
  assert.equal(said.code, 2);
  assert.match(said.stderr, /expected --env, or a profile with `wrangler_env`/);
});

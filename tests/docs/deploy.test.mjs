// The files of deploy/, with the programs for which they are made: nginx, Caddy, systemd and the origin service itself.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../demo/stack/ports.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const origin = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/stagedoor-origin");
const run = promisify(execFile);
const example = (name) => readFileSync(join(root, "deploy", name), "utf8");

const HOST = "origin.example.com";
const SECRET = "a".repeat(64);

let folder;
let port;
let key;
const children = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-deploy-"));
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
    ...["-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`],
    ...["-keyout", join(folder, "origin.key"), "-out", join(folder, "origin.crt")],
  ]);
  const database = ["--database", join(folder, "stagedoor.db"), "--create-database"];
  key = (await run(origin, ["api-key", "create", "--name", "cms", ...database])).stdout.trim();
  await writeFile(join(folder, "sync-secret"), `${SECRET}\n`, { mode: 0o600 });
  port = await freePort(0);
  start(origin, ["serve", "--listen", `127.0.0.1:${port}`, "--edge", "http://127.0.0.1:1", ...database], {
    SYNC_SECRET_FILE: join(folder, "sync-secret"),
  });
  await answers(`http://127.0.0.1:${port}/healthz`);
});

after(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((resolve) => child.once("exit", resolve))));
  await rm(folder, { recursive: true, force: true });
});

function start(program, args, env = {}) {
  const child = spawn(program, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...env }, stdio: "ignore" });
  children.push(child);
  return child;
}

/** curl, which trusts the test's certificate and finds the host on this machine. Its output ends with the status. */
async function curl(url, ...more) {
  const { port } = new URL(url);
  const args = ["-sS", "--cacert", join(folder, "origin.crt"), "--resolve", `${HOST}:${port}:127.0.0.1`, "-w", "\n%{http_code}"];
  const { stdout } = await run("curl", [...args, ...more, url], { maxBuffer: 8 * 1024 * 1024 });
  const at = stdout.lastIndexOf("\n");
  return { body: stdout.slice(0, at), status: Number(stdout.slice(at + 1)) };
}

async function answers(url) {
  for (let tries = 0; tries < 200; tries += 1) {
    const reply = await curl(url).catch(() => null);
    if (reply?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`${url} does not answer`);
}

/** A program, also where only root looks for it. */
function found(name) {
  const folders = [...process.env.PATH.split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What the CMS needs of a proxy. */
async function serves(base) {
  await answers(`${base}/healthz`);
  const api = `${base}/api/v1`;
  const authorized = ["-H", `Authorization: Bearer ${key}`, "-H", "Content-Type: application/json"];
  const keys = { issuer: "https://id.example.com/", keys: [{ kty: "oct", kid: "one", alg: "HS256", k: "A".repeat(43) }] };
  // The encoded slashes of the id have to stay encoded.
  const issuer = `${api}/keys/https%3A%2F%2Fid.example.com%2F`;
  const put = await curl(issuer, ...authorized, "-X", "PUT", "--data", JSON.stringify(keys));
  assert.ok([200, 201].includes(put.status), `${put.status}: ${put.body}`);
  const got = await curl(issuer, ...authorized, "-D", "-");
  assert.equal(got.status, 200);
  assert.match(got.body, /etag: "\d+"/i);
  assert.equal(JSON.parse(got.body.split("\r\n\r\n").at(-1)).key, "v1/keys/https://id.example.com/");
  const guarded = await curl(issuer, ...authorized, "-X", "PUT", "-H", "If-None-Match: *", "--data", JSON.stringify(keys));
  assert.equal(guarded.status, 412, guarded.body);
  assert.equal((await curl(issuer)).status, 401);
  // The service itself judges documents, and those that are longer than 1 MiB.
  const names = (bytes) => JSON.stringify({ id: "long", sites: ["watch.example.com"], offers: [], names: { en: "x".repeat(bytes) } });
  for (const [bytes, statuses] of [
    [1_000_000, [200, 201]],
    [1_100_000, [413]],
  ]) {
    await writeFile(join(folder, "long.json"), names(bytes));
    const sent = await curl(`${api}/titles/long`, ...authorized, "-X", "PUT", "--data", `@${join(folder, "long.json")}`);
    assert.ok(statuses.includes(sent.status), `${bytes}: ${sent.status} ${sent.body.slice(0, 300)}`);
    assert.ok(JSON.parse(sent.body).key ?? JSON.parse(sent.body).type.startsWith("urn:stagedoor:problem:"));
  }
}

test("nginx passes the API on, by TLS", { skip: !found("nginx") && "nginx is not installed" }, async () => {
  const tls = await freePort(0);
  const site = example("nginx.conf")
    .replaceAll("/etc/ssl/stagedoor", folder)
    .replace("127.0.0.1:8788", `127.0.0.1:${port}`)
    .replace("listen 443", `listen 127.0.0.1:${tls}`)
    .replace("listen [::]:443", existsSync("/proc/net/if_inet6") ? `listen [::1]:${tls}` : "#");
  await writeFile(join(folder, "site.conf"), site);
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`);
  await writeFile(
    join(folder, "nginx.conf"),
    `${process.getuid() === 0 ? "user root;" : ""} daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log; events {}
     http { access_log off; ${places.join(" ")} include ${folder}/site.conf; }`,
  );
  const args = ["-p", folder, "-e", join(folder, "nginx.log"), "-c", join(folder, "nginx.conf")];
  await run(found("nginx"), ["-t", ...args]);
  start(found("nginx"), args);
  await serves(`https://${HOST}:${tls}`);
});

test("Caddy passes the API on, by TLS", { skip: !found("caddy") && "Caddy is not installed" }, async () => {
  const tls = await freePort(0);
  const config = example("Caddyfile")
    .replace("127.0.0.1:8788", `127.0.0.1:${port}`)
    .replace(`${HOST} {`, `{\n\tadmin off\n\tauto_https disable_redirects\n}\nhttps://${HOST}:${tls} {\n\ttls origin.crt origin.key`);
  await writeFile(join(folder, "Caddyfile"), config);
  const args = ["--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
  const formatted = await run(found("caddy"), ["fmt", join(root, "deploy/Caddyfile")]);
  assert.equal(formatted.stdout, example("Caddyfile"), "caddy fmt would change the example");
  await run(found("caddy"), ["validate", ...args], { cwd: folder, env: { HOME: folder, PATH: process.env.PATH } });
  start(found("caddy"), ["run", ...args]);
  await serves(`https://${HOST}:${tls}`);
});

const systemd = found("systemd-analyze");

test("systemd accepts the units, and finds the service confined", { skip: !systemd && "systemd is not installed" }, async () => {
  const units = join(folder, "units");
  await mkdir(units);
  for (const name of ["stagedoor-origin.service", "stagedoor-origin-backup.service", "stagedoor-origin-backup.timer"]) {
    await writeFile(join(units, name), example(name).replaceAll("/usr/local/bin/stagedoor-origin", origin));
    // It prints what it does not understand, and succeeds all the same.
    const { stdout, stderr } = await run(systemd, ["verify", join(units, name)]);
    assert.equal(stdout + stderr, "", name);
  }
  // The threshold is an exposure of 1.5 of 10: the service needs the network, and little else.
  await run(systemd, ["security", "--offline=true", "--threshold=15", join(units, "stagedoor-origin.service")]);
});

test("the unit starts the service with settings and secrets that it reads", async () => {
  const unit = example("stagedoor-origin.service");
  const values = (name) => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value);
  const credentials = Object.fromEntries(values("LoadCredential").map((text) => text.split(":")));
  assert.deepEqual(Object.keys(credentials), ["sync-secret"]);
  const environment = Object.fromEntries(values("Environment").map((text) => text.replace("%d", folder).split(/=(.*)/)));
  const [, ...args] = values("ExecStart")[0].split(" ");
  const listen = `127.0.0.1:${await freePort(0)}`;
  const database = join(folder, "unit.db");
  await run(origin, ["api-key", "create", "--name", "cms", "--create-database", "--database", database]);
  const own = { STAGEDOOR_LISTEN: listen, STAGEDOOR_EDGE: "https://watch.example.com", STAGEDOOR_DATABASE: database };
  const child = start(origin, args, { ...environment, ...own });
  await answers(`http://${listen}/healthz`);
  child.kill("SIGTERM");
  const code = await new Promise((resolve) => child.once("exit", resolve));
  assert.equal(code, 0);
  // A wrong setting is not tried again and again.
  const misuse = await run(origin, args, { env: { ...environment, ...own, STAGEDOOR_EDGE: "watch" } }).catch((error) => error);
  assert.equal(String(misuse.code), values("RestartPreventExitStatus")[0]);
});

test("the nightly backup's command makes a copy, and keeps young copies", async () => {
  const backups = join(folder, "backups");
  await mkdir(backups);
  const commands = [...example("stagedoor-origin-backup.service").matchAll(/^ExecStart=(.*)$/gm)].map(([, command]) =>
    command.replaceAll("%%", "%").replaceAll("/var/lib/stagedoor-backups", backups).replaceAll("/usr/local/bin/stagedoor-origin", origin),
  );
  for (const command of commands) {
    // systemd expands no patterns, so neither may the shell of this test.
    await run("bash", ["-c", `set -f; ${command}`], { env: { PATH: process.env.PATH, STAGEDOOR_DATABASE: join(folder, "stagedoor.db") } });
  }
  const made = execFileSync("ls", [backups], { encoding: "utf8" });
  assert.match(made, /^stagedoor-\d{4}-\d\d-\d\dT\d{6}Z\.db\n$/);
});

test("the image has every source that the build needs, no secret, and another user than root", async () => {
  const dockerfile = example("Dockerfile");
  const ignore = example("Dockerfile.dockerignore").split("\n").filter((line) => line && !line.startsWith("#"));
  assert.equal(ignore[0], "*");
  const allowed = ignore.slice(1).map((line) => line.replace(/^!/, ""));
  const clone = join(folder, "context");
  await mkdir(clone);
  const tracked = execFileSync("git", ["ls-files", ...allowed], { cwd: root, encoding: "utf8" });
  execFileSync("bash", ["-c", `tar -cT - | tar -xC '${clone}'`], { cwd: root, input: tracked });
  const metadata = await run("cargo", ["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"], { cwd: clone, maxBuffer: 64 * 1024 * 1024 });
  const { packages } = JSON.parse(metadata.stdout);
  assert.ok(packages.some(({ name }) => name === "stagedoor-origin"));
  for (const { targets } of packages) for (const { src_path: path } of targets) assert.ok(existsSync(path), path);

  const [, version] = /^ARG RUST=rust:(\d+\.\d+)-slim-bookworm$/m.exec(dockerfile);
  const [, least] = /^rust-version = "(\d+\.\d+)"$/m.exec(await readFile(join(root, "Cargo.toml"), "utf8"));
  const minor = (text) => Number(text.split(".")[1]);
  assert.ok(minor(version) >= minor(least), `${version} is older than ${least}`);
  assert.match(dockerfile, /^USER 10001:10001$/m);
  const settings = readFileSync(join(root, "docs/SETTINGS.md"), "utf8");
  for (const [, name] of dockerfile.matchAll(/\b(STAGEDOOR_[A-Z_]+)=/g)) assert.ok(settings.includes(`\`${name}\``), name);
});

// The way of an ad server's creative, from the break in which it is unknown to the one in which it plays: ad server, edge, Durable
// Object, origin service, command, and back.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Response } from "miniflare";
import { freePort } from "../../demo/stack/ports.mjs";
import { SYNC_SECRET, command, mint, readFlows, startEdge, until } from "./harness.mjs";

const run = promisify(execFile);
const base = await readFlows("base.json");
const host = "watch.example.com";
const ADS = "https://ads.example.com";
const PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\n1.ts\n#EXT-X-ENDLIST\n";
const VAST = `<VAST version="4.2"><Ad id="plum"><InLine><AdSystem>s</AdSystem><AdTitle>plum</AdTitle><Error><![CDATA[${ADS}/error?code=[ERRORCODE]]]></Error><Impression><![CDATA[${ADS}/shown]]></Impression><Creatives><Creative><UniversalAdId idRegistry="ad-id.org">PLUM1</UniversalAdId><UniversalAdId idRegistry="own">not readable</UniversalAdId><Linear><Duration>00:00:10</Duration><MediaFiles><MediaFile delivery="progressive" type="video/mp4" width="640" height="360"><![CDATA[${ADS}/plum.mp4]]></MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>`;

const digits = (text, number) => createHash("sha256").update(text).digest("hex").slice(0, number);
const ID = `as-${digits(`${host}\0`, 16)}-${digits("uaid\0ad-id.org\0PLUM1\0", 24)}`;

const told = [];
function upstream({ url }) {
  if (url.startsWith(`${ADS}/vast`)) return new Response(VAST);
  if (url.startsWith(ADS)) told.push(url.slice(ADS.length));
  return url.endsWith(".m3u8") ? new Response(PLAYLIST) : new Response(null, { status: 404 });
}

let folder;
let edge;
let origin;
let key;
let url;
const at = (name) => join(folder, name);

async function serve() {
  const port = new URL(url).port;
  const args = ["serve", "--listen", `127.0.0.1:${port}`, "--edge", `http://127.0.0.1:${edge.port}`, "--database", at("origin.db")];
  origin = spawn(join(dirname(command), "stagedoor-origin"), args, { env: { SYNC_SECRET }, stdio: "ignore" });
  await until("the origin service", async () => (await fetch(`${url}/healthz`).catch(() => null))?.ok);
}

async function stop() {
  const ended = new Promise((resolve) => origin.once("exit", resolve));
  origin.kill();
  await ended;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-conditioning-"));
  edge = await startEdge({ upstream });
  url = `http://127.0.0.1:${await freePort(0)}`;
  const create = ["api-key", "create", "--name", "cms", "--out", at("key"), "--create-database", "--database", at("origin.db")];
  await run(join(dirname(command), "stagedoor-origin"), create);
  key = readFileSync(at("key"), "utf8").trim();
  await writeFile(at("profiles.toml"), `[profiles.here]\norigin = "${url}"\napi_key_file = "key"\n`);
  await serve();
});

after(async () => {
  origin?.kill();
  await edge?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function api(method, path, body) {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const reply = await fetch(`${url}/api/v1/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
  return reply.json();
}

const stagedoor = async (...args) => (await run(command, ["origin", ...args], { env: { ...process.env, STAGEDOOR_PROFILES: at("profiles.toml") } })).stdout;

let viewers = 0;

/** The ads of the break before the film, for a new viewer. */
async function ads() {
  const token = await mint(base, { key: "h1", claims: { sub: `viewer-${(viewers += 1)}` } });
  const from = (path) => edge.fetch(`https://${host}${path}`, { country: "AE" });
  const entry = await from(`/film/v/main.m3u8?token=${token}`);
  if (entry.status !== 200) return null;
  const folder = /\/~[A-Za-z0-9_-]{100}\/film\/v\//.exec(await entry.text())[0];
  const list = /X-ASSET-LIST="([^"?]+)/.exec(await (await from(`${folder}main.m3u8`)).text())[1];
  const pod = await from(folder + list);
  const text = await pod.text();
  if (text.includes("break_empty")) return [];
  assert.equal(pod.status, 200, text);
  return JSON.parse(text).ASSETS.map(({ URI }) => new URL(URI).pathname);
}

test("an unknown creative is skipped, reported and listed, and plays once it has a document", { timeout: 60_000 }, async () => {
  for (const [name, { revision, ...document }] of Object.entries(base.documents)) {
    const [, kind, id] = /^v1\/(keys|site)\/(.*)$/.exec(name) ?? [];
    if (kind === "site") Object.assign(document, { ads: { server: { url: `${ADS}/vast` } } });
    if (kind) await api("PUT", `${kind === "site" ? "sites" : kind}/${encodeURIComponent(id)}`, document);
  }
  const offers = [{ id: "free", territories: { allow: ["*"] }, ads: "guided" }];
  await api("PUT", "titles/film", { id: "film", sites: [host], offers, ads: { pre_roll: { longest_s: 30 } } });

  let shown;
  await until("the title", async () => (shown = await ads()) !== null);
  assert.deepEqual(shown, []);
  await until("the error report", () => told.includes("/error?code=407"));
  const objects = await edge.miniflare.getDurableObjectNamespace("WANTED");
  const count = async () => (await (await objects.get(objects.idFromName(host)).fetch("https://object.invalid/")).json()).creatives;
  await until("the report to the store", async () => (await count()) === 1);
  assert.equal((await api("GET", "creatives/wanted")).items.length, 0);

  // The origin service asks when it starts, and every minute.
  await stop();
  await serve();
  let item;
  await until("the list", async () => ([item] = (await api("GET", "creatives/wanted")).items).length === 1);
  const { times, first_at, last_at, ...creative } = item;
  assert.ok(times >= 1 && first_at <= last_at);
  assert.deepEqual(creative.universal_ad_ids, [{ registry: "ad-id.org", id: "PLUM1" }]);
  assert.deepEqual([creative.site, creative.id, creative.duration_ms, creative.file.url], [host, ID, 10_000, `${ADS}/plum.mp4`]);
  assert.match(await stagedoor("wanted"), new RegExp(`${host}\\s+${ID}\\s+ad-id\\.org:PLUM1`));

  const linear = { media: "ads/plum/", hls: "main.m3u8", duration_ms: 10_000 };
  await writeFile(at("plum.json"), JSON.stringify({ id: ID, sites: [host], kind: { linear } }));
  await stagedoor("put", `creative/${ID}`, at("plum.json"));
  assert.equal((await stagedoor("wanted")).trim(), "no creative is wanted");
  await until("the ad", async () => (shown = await ads()).length === 1);
  assert.match(shown[0], new RegExp(`/film/v/_stagedoor/ad/pre/0/${ID}/main\\.m3u8$`));
  const own = await edge.fetch(`https://${host}${shown[0]}`, { country: "AE" });
  assert.deepEqual([own.status, (await own.text()).includes("1.ts")], [200, true]);
});

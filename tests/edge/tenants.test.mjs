// Tenants of one isolate: neither a tenant nor a stranger who asks for its titles takes the room or the log lines of another tenant.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { NETWORK, mint, readFlows, startEdge, until } from "./harness.mjs";

const MIB = 1024 * 1024;
const HLS = "#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.m4s\n#EXT-X-ENDLIST\n";

let edge;
let base;
/** The URL folders of a session on each of two tenants' sites. */
let first;
let second;
const stalled = [];

/** A media origin that sends only the head and the first bytes of files named `slow`. */
const origin = createServer((request, response) => {
  const name = new URL(request.url, "http://origin.invalid").pathname.split("/").at(-1);
  if (name.startsWith("slow")) {
    const [type, length] = name.endsWith(".m4s") ? ["video/mp4", 7 * MIB - 65_536] : ["application/vnd.apple.mpegurl", null];
    response.writeHead(200, { "Content-Type": type, ...(length !== null && { "Content-Length": length }) });
    response.write(name.endsWith(".m4s") ? Buffer.alloc(1_000) : "#EXTM3U\n");
    stalled.push(name);
    return;
  }
  if (name.startsWith("down")) {
    response.writeHead(500);
    return response.end();
  }
  if (name.startsWith("entry")) return response.end("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
  // Two pieces, so that no length is announced.
  response.write("#EXTM3U\n");
  return response.end(HLS);
});

before(async () => {
  await new Promise((done) => origin.listen(0, "127.0.0.1", done));
  base = await readFlows("base.json");
  const { documents } = base;
  const site = documents["v1/site/watch.example.com"];
  site.media.origin = `http://127.0.0.1:${origin.address().port}/`;
  documents["v1/site/b.example"] = { ...structuredClone(site), host: "b.example" };
  documents["v1/title/bee"] = { ...structuredClone(documents["v1/title/harbour"]), id: "bee", sites: ["b.example"] };
  edge = await startEdge({ documents, upstream: NETWORK, probe: true });
  first = await session("watch.example.com", "harbour");
  second = await session("b.example", "bee");
});
after(async () => {
  await edge.stop();
  origin.closeAllConnections();
  origin.close();
});

async function session(host, title) {
  const token = await mint(base, { key: "h1" });
  const reply = await edge.fetch(`https://${host}/${title}/entry.m3u8?token=${token}`, { country: "AE" });
  const body = await reply.text();
  assert.equal(reply.status, 200, body);
  return `https://${host}/~${/\/~([A-Za-z0-9_-]{100})\//.exec(body)[1]}/${title}`;
}

async function get(url, headers = {}) {
  const reply = await edge.fetch(url, { country: "AE", headers });
  return { status: reply.status, reason: reply.headers.get("Stagedoor-Reason"), body: await reply.text() };
}

test("held refusals keep nothing of their requests in memory", async () => {
  const headers = { "CF-Connecting-IP": "192.0.2.77" };
  for (let at = 0; at < 13; at++) headers[`x-long-${at}`] = "h".repeat(8_000);
  const ask = async () => (await get("https://watch.example.com/harbour/entry.m3u8", headers)).status;
  for (let turn = 0; turn < 4; turn++) assert.equal(await ask(), 401);
  const before = await edge.remembered();
  let answered = 0;
  const held = Array.from({ length: 150 }, async () => {
    const status = await ask();
    answered += 1;
    return status;
  });
  await new Promise((done) => setTimeout(done, 700));
  const { allocated } = await edge.remembered();
  const waiting = held.length - answered;
  assert.deepEqual(new Set(await Promise.all(held)), new Set([401]));
  assert.ok(waiting > 50, `${waiting} of them were held`);
  const each = (allocated - before.allocated) / waiting;
  assert.ok(each < 16 * 1024, `${each} bytes each, of 104,000 of headers`);
});

test("a media origin that stalls takes no room from another tenant's playlists", async () => {
  const names = [
    ...Array.from({ length: 4 }, (_, at) => `slow-${at}.m4s`),
    ...Array.from({ length: 60 }, (_, at) => `slow-${at}.m3u8`),
  ];
  for (const name of names) void edge.fetch(`${first}/${name}`, { country: "AE" }).catch(() => {});
  // Some of the stalling files and playlists are not requested yet: the first ones take the room.
  await until("the origin was asked", () => stalled.filter((name) => name.endsWith(".m4s")).length === 4 && stalled.length > 10);
  await until("there is room taken", async () => (await edge.remembered()).budget.reserved > 6 * MIB);
  for (let at = 0; at < 8; at++) {
    const { status, reason } = await get(`${second}/fine-${at}.m3u8`);
    assert.deepEqual([status, reason], [200, null], `${at}`);
  }
  assert.ok((await edge.remembered()).budget.reserved > 6 * MIB, "all the while");
});

test("requests for made-up titles hide no fault of another tenant, and fill few lines", async () => {
  const from = edge.logs.length;
  const told = () => edge.lines(from);
  for (let turn = 0; turn < 13; turn++) {
    await Promise.all(Array.from({ length: 40 }, (_, at) => get(`https://watch.example.com/t-${turn}-${at}/x.m3u8`)));
  }
  assert.equal(told().filter(({ reason }) => reason === "token_missing").length, 1, "nobody has shown a token");
  // Many addresses count as many clients. Some hosts have no site.
  for (let turn = 0; turn < 13; turn++) {
    const address = (at) => ({ "CF-Connecting-IP": `10.0.${turn}.${at}` });
    await Promise.all(Array.from({ length: 40 }, (_, at) => get("https://watch.example.com/harbour/x.m3u8", address(at))));
    await Promise.all(Array.from({ length: 40 }, (_, at) => get(`https://h-${turn}-${at}.example/t/x.m3u8`, address(at))));
  }
  assert.ok(told().length < 260, `${told().length} lines`);
  assert.deepEqual((await get(`${second}/down.m3u8`)).status, 502);
  const faults = () => told().filter(({ kind, host }) => kind === "fault" && host === "b.example");
  await until("the fault is told", () => faults().length > 0);
  assert.deepEqual(
    faults().map(({ level, reason }) => [level, reason]),
    [["error", "upstream_status"]],
  );
  // Its refusals have places too.
  await get("https://b.example/bee/entry.m3u8", { "CF-Connecting-IP": "192.0.2.1" });
  await until("the refusal is told", () => told().some(({ kind, host }) => kind === "denial" && host === "b.example"));
});

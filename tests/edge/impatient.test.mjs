// Players that repeat requests as fast as they can: for a segment that is not ready, and under an ended session.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { mint, readFlows, startEdge, until } from "./harness.mjs";

/** `PATIENT_TIMES` of src/worker/delay.rs. */
const PATIENT_TIMES = 3;

let base;
let edge;
/** The media origin's answers, by file name: functions of the number of requests. */
const answers = {};
const asked = [];

before(async () => {
  base = await readFlows("base.json");
  edge = await startEdge({
    documents: base.documents,
    upstream: (request) => {
      const name = new URL(request.url).pathname.replace("/vod/harbour/", "");
      asked.push(name);
      const answer = answers[name]?.(times(name));
      return answer ?? new Response("none", { status: 404 });
    },
  });
  answers["entry.m3u8"] = () => new Response("#EXTM3U\n#EXTINF:4,\na.m4s\n#EXT-X-ENDLIST\n");
});
after(() => edge.stop());

const times = (name) => asked.filter((one) => one === name).length;

/** A session of a viewer, by the folder of its URLs. */
async function session(claims = {}) {
  const token = await mint(base, { key: "h1", claims });
  const reply = await edge.fetch(`https://watch.example.com/harbour/entry.m3u8?token=${token}`, { country: "AE" });
  return `https://watch.example.com/~${/\/~([A-Za-z0-9_-]{100})\//.exec(await reply.text())[1]}/harbour`;
}

async function get(url, init) {
  const reply = await edge.fetch(url, { country: "AE", ...init });
  const body = await reply.text();
  return { status: reply.status, body, header: (name) => reply.headers.get(name) };
}

/** The log lines with a reason, from the line `from` on. */
const lines = (reason, from = 0) => edge.lines(from).filter((line) => line.reason === reason);

test("repeated requests for a segment that is not ready get it once it is, with one request to the media origin", async () => {
  const root = await session({ sub: "early" });
  answers["live/7.m4s"] = (turn) => (turn === 1 ? undefined : new Response("a segment", { headers: { "Content-Length": "9", "Content-Type": "video/mp4" } }));
  const first = await get(`${root}/live/7.m4s`);
  assert.deepEqual([first.status, first.header("Retry-After"), first.header("Stagedoor-Reason")], [404, "1", "media_missing"]);
  const again = await Promise.all(Array.from({ length: 50 }, () => get(`${root}/live/7.m4s`)));
  assert.deepEqual(new Set(again.map(({ status, body }) => `${status} ${body}`)), new Set(["200 a segment"]));
  assert.equal(times("live/7.m4s"), 2);
});

test("so do requests for a playlist", async () => {
  const root = await session({ sub: "earlier" });
  answers["live/late.m3u8"] = (turn) => (turn === 1 ? undefined : new Response("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n"));
  assert.equal((await get(`${root}/live/late.m3u8`)).status, 404);
  const again = await Promise.all(Array.from({ length: 20 }, () => get(`${root}/live/late.m3u8`)));
  assert.deepEqual(new Set(again.map(({ status }) => status)), new Set([200]));
  assert.equal(times("live/late.m3u8"), 2);
});

test("a client in a loop slows down to the time for which the file counts as missing", async () => {
  const root = await session({ sub: "hasty" });
  const from = edge.logs.length;
  const end = Date.now() + 4_000;
  let requests = 0;
  for (; Date.now() < end; requests++) assert.equal((await get(`${root}/live/never.m4s`)).status, 404);
  // One at once, and one a second from then on.
  assert.ok(requests <= 6, `${requests} requests`);
  assert.ok(times("live/never.m4s") <= requests, `${times("live/never.m4s")} to the media origin`);
  const told = lines("media_missing", from);
  assert.equal(told.length, 1, JSON.stringify(told));
  assert.match(told[0].session, /^[0-9a-f]{16}$/);
});

test("an ended session gets Retry-After, and its client waits if it ignores it", async () => {
  const root = await session({ sub: "over", exp: Math.floor(Date.now() / 1000) + 2 });
  await sleep(3_000);
  const from = edge.logs.length;
  const began = Date.now();
  for (let turn = 0; turn < PATIENT_TIMES + 2; turn++) {
    const reply = await get(`${root}/entry.m3u8`);
    assert.deepEqual([reply.status, reply.header("Retry-After"), reply.header("Stagedoor-Reason")], [401, "10", "session_expired"]);
  }
  assert.ok(Date.now() - began >= 2_000, "the last two have waited");
  assert.deepEqual(lines("session_expired", from).length, 1);
  // Another client's refusals are logged separately, and at once.
  const other = await session({ sub: "over as well", exp: Math.floor(Date.now() / 1000) + 2 });
  await sleep(3_000);
  assert.equal((await get(`${other}/entry.m3u8`)).status, 401);
  await until("the other client's refusal in the log", () => lines("session_expired", from).length === 2);
});

test("a refusal at the entry is logged once for each address", async () => {
  const from = edge.logs.length;
  const enter = (address, query = "token=x") => get(`https://watch.example.com/harbour/entry.m3u8?${query}`, { headers: { "CF-Connecting-IP": address } });
  for (let turn = 0; turn < PATIENT_TIMES; turn++) assert.equal((await enter("192.0.2.1")).status, 401);
  assert.equal((await enter("192.0.2.2")).status, 401);
  assert.equal((await enter("192.0.2.1", "token=")).status, 401);
  assert.equal(lines("token_malformed", from).length, 2);
  assert.equal(lines("token_missing", from).length, 1);
});

test("a variety of refusals does not fill the log", async () => {
  const from = edge.logs.length;
  for (let turn = 0; turn < 10; turn++) {
    await Promise.all(Array.from({ length: 100 }, (_, at) => get(`https://watch.example.com/title-${turn}-${at}/a.m3u8`)));
  }
  const told = lines("token_missing", from).length;
  assert.ok(told <= 501, `${told} lines of 1,000 refusals`);
});

// Which files the edge keeps, for how long, and how often it asks the media origin.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { SignJWT, base64url } from "jose";
import { startEdge } from "./harness.mjs";

const base = JSON.parse(
  (await readFile(new URL("../flows/base.json", import.meta.url), "utf8")).replaceAll("{{iso+600}}", "2100-01-01T00:00:00Z"),
);
const SITE = "v1/site/watch.example.com";
const TITLE = "v1/title/harbour";
const LIVE = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n";
const LOW_LATENCY = `${LIVE}#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5\n#EXT-X-PART-INF:PART-TARGET=0.5\n`;

let edge;
let root;
/** The media origin's answers, by file name and query: functions of the number of earlier requests. */
let answers;
let asked;
let number = 0;
/** A unique name. */
const fresh = (extension) => `file-${++number}.${extension}`;

before(async () => {
  const site = { ...base.documents[SITE], cache: { respect_origin: false, data: { fresh_s: 1, stale_s: 2, error_s: 4 }, missing: { other_s: 2 } } };
  edge = await startEdge({ documents: { ...base.documents, [SITE]: site }, upstream });
  answers = {};
  root = `https://watch.example.com/~${await session(edge)}/harbour`;
});
after(() => edge.stop());
beforeEach(() => {
  answers = {};
  asked = [];
});

async function upstream(request) {
  const { pathname, search } = new URL(request.url);
  const name = pathname.replace("/vod/harbour/", "") + search;
  asked?.push({ name, range: request.headers.get("Range") });
  if (name === "entry.m3u8") return new Response("#EXTM3U\n#EXTINF:4,\na.m4s\n#EXT-X-ENDLIST\n");
  const answer = answers[name];
  const turn = asked.filter((one) => one.name === name).length;
  return answer ? answer(turn, request) : new Response("none", { status: 404 });
}

async function session(edge) {
  const key = base64url.decode(base.private_keys.h1.k);
  const token = await new SignJWT({ iss: base.claims.iss, aud: "watch", sub: "viewer-1" })
    .setProtectedHeader({ alg: "HS256", kid: "h1" })
    .setExpirationTime("10m")
    .sign(key);
  const reply = await edge.fetch(`https://watch.example.com/harbour/entry.m3u8?token=${token}`, { country: "AE" });
  return /\/~([A-Za-z0-9_-]{100})\//.exec(await reply.text())[1];
}

async function get(path, init) {
  const reply = await edge.fetch(`${root}/${path}`, { country: "AE", ...init });
  const body = await reply.text();
  const problem = reply.headers.get("Content-Type")?.includes("problem") ? JSON.parse(body) : undefined;
  return { status: reply.status, header: (name) => reply.headers.get(name), body, reason: problem?.reason };
}

const times = (name) => asked.filter((one) => one.name === name).length;
/** Waits until background work has ended. */
const settled = () => sleep(150);

test("a stale file is served while one request fetches it again", async () => {
  const name = fresh("json");
  answers[name] = (turn) => new Response(`{"turn":${turn}}`);
  assert.equal((await get(name)).body, '{"turn":1}');
  assert.equal((await get(name)).body, '{"turn":1}');
  assert.equal(times(name), 1);
  await sleep(1_200);
  const stale = await Promise.all(Array.from({ length: 5 }, () => get(name)));
  assert.deepEqual(new Set(stale.map(({ body }) => body)), new Set(['{"turn":1}']));
  assert.equal(stale[0].header("Age"), "1");
  await settled();
  assert.equal((await get(name)).body, '{"turn":2}');
  assert.equal(times(name), 2);
});

test("a stale playlist is served while it is fetched again", async () => {
  const name = fresh("m3u8");
  answers[name] = (turn) => new Response(`#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:${turn}\n#EXTINF:4,\n${turn}.ts\n`);
  const first = await get(name);
  assert.match(first.body, /MEDIA-SEQUENCE:1\n/);
  assert.deepEqual([first.header("Cache-Control"), first.header("Age")], ["private, max-age=2", "0"]);
  await sleep(2_500);
  const stale = await Promise.all(Array.from({ length: 5 }, () => get(name)));
  assert.ok(stale.every(({ body }) => /MEDIA-SEQUENCE:1\n/.test(body)));
  await settled();
  assert.match((await get(name)).body, /MEDIA-SEQUENCE:2\n/);
  assert.equal(times(name), 2);
  await sleep(4_200);
  assert.match((await get(name)).body, /MEDIA-SEQUENCE:3\n/, "older than the Target Duration: not served before it is fetched anew");
});

for (const [how, fail] of [
  ["answers 503", () => new Response("down", { status: 503 })],
  ["breaks off", () => { throw new Error("refused"); }],
]) {
  test(`a playlist is served for three Target Durations while the media origin ${how}`, async () => {
    const name = fresh("m3u8");
    answers[name] = (turn) => (turn === 1 ? new Response(`${LIVE}#EXTINF:1,\n1.ts\n`) : fail());
    assert.equal((await get(name)).status, 200);
    const started = Date.now();
    await sleep(2_100);
    const old = await get(name);
    assert.deepEqual([old.status, old.header("Age")], [200, "2"]);
    const before = times(name);
    await get(name);
    assert.equal(times(name), before, "the media origin has a second to recover");
    await sleep(Math.max(0, started + 3_300 - Date.now()));
    const over = await get(name);
    assert.ok([502, 500].includes(over.status) && over.reason === "upstream_status", `${over.status} ${over.reason}`);
    assert.ok(edge.logs.some(({ message }) => message.includes("ago serves on")));
  });
}

test("a file is served while the media origin fails, but not after a 404", async () => {
  const name = fresh("json");
  let status = 500;
  answers[name] = (turn) => (turn === 1 ? new Response("{}") : new Response("", { status }));
  assert.equal((await get(name)).status, 200);
  await sleep(3_100);
  assert.deepEqual([(await get(name)).status, times(name)], [200, 2]);
  assert.deepEqual([(await get(name)).status, times(name)], [200, 2]);
  status = 410;
  await sleep(1_100);
  const gone = await get(name);
  assert.deepEqual([gone.status, gone.reason], [404, "media_missing"]);
});

test("a missing file is remembered for a short time, by its kind", async () => {
  for (const [name, after_ms] of [[fresh("m4s"), 1_100], [fresh("m3u8"), 1_100], [fresh("key"), 2_100]]) {
    const is_missing = (reply) => assert.deepEqual([reply.status, reply.reason, reply.header("Cache-Control")], [404, "media_missing", "no-store"], name);
    is_missing(await get(name));
    // Requests in the meantime wait, and cost the media origin one request.
    const started = Date.now();
    (await Promise.all([get(name), get(name), get(name)])).forEach(is_missing);
    assert.ok(Date.now() - started >= after_ms - 600, `${name}: ${Date.now() - started} ms`);
    assert.equal(times(name), 2, name);
    await settled();
    answers[name] = () => new Response(name.endsWith("m3u8") ? LIVE : "here");
    await sleep(after_ms);
    assert.deepEqual([(await get(name)).status, times(name)], [200, 3], name);
  }
});

test("an error is never kept", async () => {
  for (const name of [fresh("m4s"), fresh("m3u8")]) {
    answers[name] = (turn) => (turn === 1 ? new Response("", { status: 500 }) : new Response(LIVE));
    assert.deepEqual([(await get(name)).status, (await get(name)).status], [502, 200], name);
  }
});

test("simultaneous misses make one fetch", async () => {
  for (const name of [fresh("m4s"), fresh("m3u8")]) {
    const body = name.endsWith("m3u8") ? `${LIVE}#EXTINF:1,\n1.ts\n` : "x".repeat(100_000);
    answers[name] = async () => {
      await sleep(300);
      return new Response(body, { headers: { "Content-Length": String(body.length), "Content-Type": "video/mp4" } });
    };
    const all = await Promise.all(Array.from({ length: 40 }, () => get(name)));
    for (const { status, body: found, header } of all) {
      assert.deepEqual([status, found.length, header("Content-Length")], [200, body.length, String(body.length)], name);
    }
    assert.equal(times(name), 1, name);
  }
});

test("waiting requests share a failure, and the next request asks again", async () => {
  for (const name of [fresh("m4s"), fresh("m3u8")]) {
    answers[name] = async (turn) => {
      await sleep(200);
      return turn === 1 ? new Response("", { status: 500 }) : new Response(LIVE);
    };
    const all = await Promise.all(Array.from({ length: 10 }, () => get(name)));
    assert.ok(all.every(({ status, reason }) => status === 502 && reason === "upstream_status"), name);
    assert.equal(times(name), 1, name);
    assert.equal((await get(name)).status, 200, name);
  }
});

test("a file of unknown length is streamed to each viewer, and kept", async () => {
  const name = fresh("m4s");
  answers[name] = async () => {
    await sleep(200);
    return new Response(new Blob(["y".repeat(1_000)]).stream());
  };
  const all = await Promise.all(Array.from({ length: 5 }, () => get(name)));
  assert.ok(all.every(({ status, body }) => status === 200 && body.length === 1_000));
  await settled();
  const before = times(name);
  assert.equal((await get(name)).body.length, 1_000);
  assert.equal(times(name), before);
});

test("ranges of one small file are cut out of one whole", async () => {
  const name = fresh("mp4");
  const bytes = "0123456789".repeat(50_000);
  answers[name] = async () => {
    await sleep(200);
    return new Response(bytes, { headers: { "Content-Length": String(bytes.length), "Content-Type": "video/mp4" } });
  };
  const parts = await Promise.all(
    [[0, 9], [100_000, 100_004], [499_995, 499_999]].map(async ([first, last]) => {
      const part = await get(name, { headers: { Range: `bytes=${first}-${last}` } });
      assert.deepEqual([part.status, part.header("Content-Range")], [206, `bytes ${first}-${last}/500000`]);
      return part.body;
    }),
  );
  assert.deepEqual(parts, ["0123456789", "01234", "56789"]);
  await settled();
  const last = await get(name, { headers: { Range: "bytes=-3" } });
  assert.deepEqual([last.status, last.body, times(name)], [206, "789", 1]);
  assert.deepEqual(asked.map(({ range }) => range), [null]);
});

test("the media origin cuts ranges of a large file", async () => {
  const name = fresh("mp4");
  const length = 9 * 1024 * 1024;
  answers[name] = (_, request) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("Range") ?? "");
    if (!range) return new Response(new Uint8Array(length), { headers: { "Content-Length": String(length) } });
    const [first, last] = [Number(range[1]), Number(range[2])];
    return new Response(new Uint8Array(last - first + 1), { status: 206, headers: { "Content-Range": `bytes ${first}-${last}/${length}` } });
  };
  for (const range of ["bytes=0-4", "bytes=5-9", `bytes=${length - 5}-${length - 1}`]) {
    const part = await get(name, { headers: { Range: range } });
    assert.deepEqual([part.status, part.body.length], [206, 5], range);
  }
  assert.deepEqual(asked.map(({ range }) => range), [null, "bytes=0-4", "bytes=5-9", `bytes=${length - 5}-${length - 1}`]);
});

test("a private reply of the media origin is neither shared nor kept", async () => {
  for (const control of ["no-store", "private, max-age=60"]) {
    for (const name of [fresh("m4s"), fresh("m3u8")]) {
      answers[name] = async (turn) => {
        await sleep(100);
        return new Response(`${LIVE}#${turn}\n`, { headers: { "Cache-Control": control, "Content-Length": String(LIVE.length + 3) } });
      };
      const all = await Promise.all([get(name), get(name), get(name)]);
      assert.equal(new Set(all.map(({ body }) => body)).size, 3, `${name} ${control}`);
      const next = await get(name);
      assert.deepEqual([next.header("Cache-Control"), times(name)], ["private, no-store", 4], `${name} ${control}`);
    }
  }
  const vary = fresh("m4s");
  answers[vary] = () => new Response("x", { headers: { Vary: "*", "Content-Length": "1" } });
  await get(vary);
  await get(vary);
  assert.equal(times(vary), 2);
});

test("a cookie of the media origin reaches nobody", async () => {
  for (const name of [fresh("m4s"), fresh("m3u8")]) {
    answers[name] = () => new Response(LIVE, { headers: { "Set-Cookie": "who=viewer-1", "Content-Length": String(LIVE.length) } });
    for (const round of [1, 2]) {
      const reply = await get(name);
      assert.deepEqual([reply.status, reply.header("Set-Cookie")], [200, null], `${name} ${round}`);
      await settled();
    }
    assert.equal(times(name), 1, name);
  }
});

test("HEAD is never kept", async () => {
  const name = fresh("m4s");
  answers[name] = (_, request) => new Response(request.method === "HEAD" ? null : "body", { headers: { "Content-Length": "4" } });
  assert.equal((await get(name, { method: "HEAD" })).body, "");
  assert.equal((await get(name)).body, "body");
  assert.equal(times(name), 2);
});

test("raising a title's generation purges it", async () => {
  const names = [fresh("m4s"), fresh("m3u8")];
  for (const name of names) answers[name] = (turn) => new Response(`${LIVE}#EXT-X-ENDLIST\n#${turn}\n`);
  for (const name of names) assert.match((await get(name)).body, /#1\n/);
  await settled();
  await edge.change({ [TITLE]: { ...base.documents[TITLE], revision: 10, generation: 1 } });
  for (const name of names) assert.match((await get(name)).body, /#2\n/);
  await settled();
  for (const name of names) assert.deepEqual([(await get(name)).status, times(name)], [200, 2]);
});

test("directives are passed on in one order, and blocking requests for one key are one", async () => {
  const name = fresh("m3u8");
  const blocking = `${name}?_HLS_msn=7&_HLS_part=1&_HLS_skip=YES`;
  answers[name] = () => new Response(LOW_LATENCY);
  answers[blocking] = async () => {
    await sleep(400);
    return new Response(`${LOW_LATENCY}#EXT-X-MEDIA-SEQUENCE:7\n`);
  };
  const plain = await get(name);
  assert.deepEqual([plain.status, plain.header("Cache-Control")], [200, "private, max-age=0"]);
  const spellings = ["_HLS_msn=7&_HLS_part=1&_HLS_skip=YES", "_HLS_skip=YES&CMCD=bl%3D1&_HLS_part=1&_HLS_msn=07", "_HLS_throughput=3&_HLS_part=%31&_HLS_msn=7&_HLS_skip=YES"];
  const all = await Promise.all(Array.from({ length: 30 }, (_, at) => get(`${name}?${spellings[at % 3]}`)));
  assert.ok(all.every(({ status, body }) => status === 200 && body.includes("MEDIA-SEQUENCE:7")));
  assert.deepEqual(asked.map(({ name }) => name), [name, blocking]);
  assert.equal((await get(`${name}?${spellings[0]}`)).status, 200);
  assert.equal(times(blocking), 1, "kept for a part");
  await sleep(600);
  await get(`${name}?${spellings[0]}`);
  assert.equal(times(blocking), 2, "and no longer");
});

test("a blocking request is held for three Target Durations", async () => {
  const name = fresh("m3u8");
  answers[name] = () => new Response(LOW_LATENCY);
  answers[`${name}?_HLS_msn=9`] = () => sleep(5_000).then(() => new Response(LOW_LATENCY));
  await get(name);
  const started = Date.now();
  const held = await Promise.all([get(`${name}?_HLS_msn=9`), get(`${name}?_HLS_msn=9`)]);
  const took = Date.now() - started;
  for (const { status, reason } of held) assert.deepEqual([status, reason], [503, "playlist_held"]);
  assert.ok(took > 2_900 && took < 4_500, `${took} ms`);
  assert.equal(times(`${name}?_HLS_msn=9`), 1);
});

test("an invalid directive is refused, by the edge or by the media origin", async () => {
  const name = fresh("m3u8");
  answers[`${name}?_HLS_msn=999`] = () => new Response("", { status: 400 });
  for (const query of ["_HLS_part=1", "_HLS_msn=x", "_HLS_skip=NO", "_HLS_msn=999"]) {
    const reply = await get(`${name}?${query}`);
    assert.deepEqual([reply.status, reply.reason], [400, "directive_invalid"], query);
  }
  assert.deepEqual(asked.map(({ name }) => name), [`${name}?_HLS_msn=999`]);
});

test("another isolate uses the data centre's cache, with the age of its entries", async () => {
  const name = fresh("m3u8");
  const old = [
    "#EXTM3U\n#EXT-X-TARGETDURATION:1\n",
    { "Content-Length": "34", "Cache-Control": "public, max-age=60", "Stagedoor-Kept": `kind=live;at=${Date.now() - 10_000};fresh=60000;stale=0;error=0` },
  ];
  const cache = (await edge.miniflare.getCaches()).default;
  await cache.put(`https://watch.example.com/_cache/1/https/media.example.com/vod/harbour/${name}`, new Response(old[0], { headers: old[1] }));
  const reply = await get(name);
  assert.deepEqual([reply.status, reply.header("Age"), times(name)], [200, "10", 0]);
});

test("a request with a mark changes neither time, type, validators nor absence of the plain file", async () => {
  const names = { live: fresh("m3u8"), bare: `live-${++number}`, part: fresh("m4s"), coming: fresh("m4s") };
  const playlist = (turn) => new Response(`${LIVE}#EXT-X-MEDIA-SEQUENCE:${turn}\n#EXTINF:1,\na.m4s\n`);
  answers[names.live] = answers[names.bare] = playlist;
  answers[names.part] = () => new Response("0123456789", { headers: { "Content-Type": "video/mp4", "Content-Length": "10", ETag: '"s"' } });
  answers[names.coming] = (turn) => (turn < 3 ? new Response("none", { status: 404 }) : answers[names.part]());

  const list = await get(`${names.live}.sd-assets`);
  assert.deepEqual([list.status, list.reason], [502, "manifest_invalid"]);
  assert.equal((await get(names.bare)).status, 200);
  assert.equal((await get(`${names.part}.sd-m3u8`)).status, 502);
  assert.equal((await get(`${names.coming}.sd-steering`)).status, 404);
  await settled();

  const sequence = async (path) => Number(/SEQUENCE:(\d+)/.exec((await get(path)).body)?.[1]);
  for (const path of [names.live, `${names.bare}.sd-m3u8`]) {
    assert.equal(await sequence(path), 2, `${path}: asked for as what it is`);
  }
  const part = await get(names.part);
  assert.deepEqual([part.status, part.header("Content-Type"), part.header("ETag"), part.body], [200, "video/mp4", '"s"', "0123456789"]);
  assert.equal((await get(names.coming)).status, 404, "asked for by itself");
  assert.equal(times(names.coming), 2);
});

// Keys that an issuer publishes: fetched once for many, kept while it fails, and refreshed early for an unknown key.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT, base64url, exportJWK, generateKeyPair } from "jose";
import { Response } from "miniflare";
import { readFlows, startEdge, until } from "./harness.mjs";

const SET = "https://id.example.com/.well-known/jwks.json";
const ISSUER = "https://id.example.com/";
/** `KEPT_S` of src/isolate/publication.rs; `PATIENCE`, and `retry_ms` of `POLICY`, of src/worker/jwks.rs. */
const KEPT_S = 24 * 3600;
const PATIENCE_S = 4;
const RETRY_S = 10;

const pairs = new Map();
const edges = [];
after(() => Promise.all(edges.map((edge) => edge.stop())));

/** A key pair by its `kid`. */
function pair(kid) {
  if (!pairs.has(kid)) pairs.set(kid, generateKeyPair("ES256", { extractable: true }));
  return pairs.get(kid);
}

async function published(...kids) {
  return { keys: await Promise.all(kids.map(async (kid) => ({ kid, alg: "ES256", use: "sig", ...(await exportJWK((await pair(kid)).publicKey)) }))) };
}

/** An edge, and an issuer that counts its requests. `answer` is its reply, and may be changed. */
async function start({ own = [], url = SET, answer, variables, cached } = {}) {
  const base = await readFlows("base.json");
  const issuer = { answer, asked: 0 };
  const edge = await startEdge({
    variables,
    documents: {
      ...base.documents,
      [`v1/keys/${ISSUER}`]: { revision: 1, issuer: ISSUER, keys: own, published: { url, refresh_s: 60 } },
    },
    upstream: async (request) => {
      if (request.url !== url) return new Response("#EXTM3U\n");
      issuer.asked += 1;
      const body = typeof issuer.answer === "function" ? await issuer.answer() : issuer.answer;
      return body instanceof Response ? body : Response.json(body);
    },
  });
  edges.push(edge);
  if (cached) {
    const caches = await edge.miniflare.getCaches();
    const headers = { "Cache-Control": "public, max-age=86400", "Stagedoor-Fetched-At": String(cached.at) };
    await caches.default.put(cacheKey(url), Response.json(cached.set, { headers }));
  }
  const enter = async (kid, { alg = "ES256", key } = {}) => {
    const token = await new SignJWT({ iss: ISSUER, aud: "watch" })
      .setProtectedHeader({ alg, kid })
      .setExpirationTime("10m")
      .sign(key ?? (await pair(kid)).privateKey);
    const reply = await edge.fetch(`https://watch.example.com/harbour/m.m3u8?token=${token}`, { country: "AE" });
    const body = await reply.text();
    return reply.status === 200 ? 200 : `${reply.status} ${JSON.parse(body).reason}`;
  };
  return { edge, issuer, enter };
}

const cacheKey = (url) => `https://published-keys.invalid/${createHash("sha256").update(url).digest("hex")}`;

test("50 requests of a cold isolate share one fetch", async () => {
  const { issuer, enter } = await start({ answer: async () => (await sleep(200), published("a")) });
  const replies = await Promise.all(Array.from({ length: 50 }, () => enter("a")));
  assert.deepEqual(new Set(replies), new Set([200]));
  assert.equal(issuer.asked, 1);
});

test("a new key of the issuer is accepted at once, beside the old one", async () => {
  const { issuer, enter } = await start({ answer: await published("a") });
  assert.equal(await enter("a"), 200);
  issuer.answer = await published("b", "a");
  const replies = await Promise.all(["b", "a", "b", "a", "b"].map((kid) => enter(kid)));
  assert.deepEqual(new Set(replies), new Set([200]));
  assert.equal(issuer.asked, 2);
});

test("unknown keys cause one early fetch, not one each", async () => {
  const { issuer, enter } = await start({ answer: await published("a") });
  assert.equal(await enter("a"), 200);
  for (let turn = 0; turn < 5; turn++) {
    assert.equal(await enter(`made-up-${turn}`, { key: (await pair("a")).privateKey }), "401 token_key_unknown");
  }
  assert.equal(issuer.asked, 2);
  assert.equal(await enter("a"), 200);
});

test("a request causes one fetch at most", async () => {
  const { issuer, enter } = await start({ answer: await published("a") });
  assert.equal(await enter("b"), "401 token_key_unknown");
  assert.equal(issuer.asked, 1);
});

test("old keys are used while the issuer fails", async () => {
  const { edge, issuer, enter } = await start({ answer: await published("a") });
  assert.equal(await enter("a"), 200);
  issuer.answer = () => new Response("down", { status: 500 });
  assert.equal(await enter("b"), "401 token_key_unknown");
  assert.equal(issuer.asked, 2);
  assert.equal(await enter("a"), 200);
  await until("there is a line in the log", () => edge.logs.some(({ message }) => message.includes("keys_unavailable")));
  const { message } = edge.logs.find(({ message }) => message.includes("keys_unavailable"));
  assert.match(message, /answered 500; the keys of \d+ s ago serve on/);
});

test("an old set of another isolate opens nothing while the issuer has another", async () => {
  const cached = { at: Date.now() - 3600_000, set: await published("a") };
  const { issuer, enter } = await start({ answer: async () => (await sleep(300), published("b")), cached });
  assert.equal(await enter("a"), "401 token_key_unknown", "a key that the issuer has withdrawn");
  assert.equal(issuer.asked, 1);
  assert.equal(await enter("b"), 200);
  assert.ok(issuer.asked <= 3, `${issuer.asked} fetches`);
});

test("a fresh set of another isolate needs no fetch", async () => {
  const { issuer, enter } = await start({ answer: await published("b"), cached: { at: Date.now() - 5_000, set: await published("a") } });
  assert.equal(await enter("a"), 200);
  assert.equal(issuer.asked, 0);
});

test("keys that were not confirmed for a day are not used", async () => {
  const failing = () => new Response("down", { status: 500 });
  const set = await published("a");
  const aged = (seconds) => start({ answer: failing, cached: { at: Date.now() - seconds * 1000, set } });
  const day = await aged(KEPT_S - 60);
  assert.equal(await day.enter("a"), 200);
  const more = await aged(KEPT_S + 60);
  assert.equal(await more.enter("a"), "503 keys_unavailable");
});

test("a first fetch that fails is a fault, and is not tried again at once", async () => {
  for (const [told, answer] of [
    ["status", () => new Response("", { status: 404 })],
    ["no JSON", () => new Response("<html>")],
    ["no set", { keys: "none" }],
    ["too long", () => new Response(JSON.stringify({ keys: [], padding: "x".repeat(300_000) }))],
    ["elsewhere", () => new Response(null, { status: 302, headers: { Location: "https://other.example/" } })],
  ]) {
    const { issuer, enter } = await start({ answer });
    for (let turn = 0; turn < 3; turn++) assert.equal(await enter("a"), "503 keys_unavailable", told);
    assert.equal(issuer.asked, 1, told);
  }
});

test("a fetch that failed is tried again", async () => {
  const { issuer, enter } = await start({ answer: () => new Response("", { status: 500 }) });
  assert.equal(await enter("a"), "503 keys_unavailable");
  issuer.answer = await published("a");
  await sleep(RETRY_S * 1000 + 200);
  assert.equal(await enter("a"), 200);
});

test("the document's own keys need no issuer", async () => {
  const own = await published("own");
  const { enter } = await start({ own: own.keys, answer: () => new Response("", { status: 500 }) });
  assert.equal(await enter("own"), 200);
  // Without the set, it is not known whether the key exists.
  assert.equal(await enter("a"), "503 keys_unavailable");
});

test("the document's own keys and the published ones are one set", async () => {
  const own = await published("own");
  const { enter } = await start({ own: own.keys, answer: await published("a") });
  assert.equal(await enter("own"), 200);
  assert.equal(await enter("a"), 200);
});

test("a shared secret in a published set is never used", async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const oct = { kty: "oct", kid: "o", alg: "HS256", k: base64url.encode(secret) };
  const { edge, enter } = await start({ answer: { keys: [oct, ...(await published("a")).keys] } });
  assert.equal(await enter("a"), 200);
  assert.equal(await enter("o", { alg: "HS256", key: secret }), "401 token_key_unknown");
  await until("the log tells of it", () => edge.logs.some(({ message }) => message.includes("key skipped")));
  assert.ok(!JSON.stringify(edge.logs).includes(oct.k), "the secret is in the log");
});

test("a slow issuer costs a bounded time", async () => {
  const { issuer, enter } = await start({ answer: async () => (await sleep(60_000, null, { ref: false }), published("a")) });
  const begun = Date.now();
  const replies = await Promise.all(Array.from({ length: 5 }, () => enter("a")));
  const took = (Date.now() - begun) / 1000;
  assert.deepEqual(new Set(replies), new Set(["503 keys_unavailable"]));
  assert.ok(took >= PATIENCE_S - 0.5 && took < PATIENCE_S + 3, `it took ${took} s`);
  assert.equal(issuer.asked, 1);
});

test("a set that arrives too slowly is dropped as a whole", async () => {
  const drip = () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await sleep(500, null, { ref: false });
          controller.enqueue(new TextEncoder().encode(" "));
        },
      }),
    );
  const { enter } = await start({ answer: drip });
  const begun = Date.now();
  assert.equal(await enter("a"), "503 keys_unavailable");
  assert.ok(Date.now() - begun < (PATIENCE_S + 3) * 1000);
});

test("a set needs TLS, except from this machine in development", async () => {
  const answer = await published("a");
  const variables = { PUBLISHED_KEYS_HTTP: "loopback" };
  for (const [url, given, expected] of [
    ["http://id.example.com/jwks.json", variables, "500 document_invalid"],
    ["http://localhost:8080/jwks.json", {}, "500 document_invalid"],
    ["http://localhost:8080/jwks.json", variables, 200],
    ["http://127.0.0.1:8080/jwks.json", variables, 200],
  ]) {
    const { issuer, enter } = await start({ url, answer, variables: given });
    assert.equal(await enter("a"), expected, url);
    assert.equal(issuer.asked, expected === 200 ? 1 : 0, url);
  }
});

// The sync endpoint: writes signed batches to KV, and the edge then decides by them.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { SYNC_SECRET, sign, startEdge } from "./harness.mjs";

const title = (offers = []) => ({ id: "harbour", sites: ["watch.example.com"], offers });
let edge;

before(async () => {
  edge = await startEdge();
});
after(() => edge.stop());

async function push(changes, { secret = SYNC_SECRET, at = Date.now(), body = JSON.stringify({ changes }), headers } = {}) {
  headers ??= sign(secret, body, Math.floor(at / 1000));
  const reply = await edge.fetch("https://edge.example/_stagedoor/sync", { method: "POST", headers, body });
  return { status: reply.status, ...(await reply.json()) };
}

test("a change is written, and an older or repeated one is stale", async () => {
  const key = "v1/title/harbour";
  const applied = await push([{ key, revision: 5, document: title() }]);
  assert.deepEqual(applied.results, [{ key, revision: 5, outcome: "applied" }]);
  assert.equal(applied.visible_within_s, 120);
  assert.deepEqual(await edge.catalog.get(key, "json"), { revision: 5, ...title() });
  for (const revision of [5, 4]) {
    const { results } = await push([{ key, revision, document: title([]) }]);
    assert.deepEqual(results, [{ key, revision: 5, outcome: "stale" }]);
  }
});

test("a deletion leaves a mark that an older write cannot undo", async () => {
  const key = "v1/title/gone";
  const document = { ...title(), id: "gone" };
  await push([{ key, revision: 1, document }, { key, revision: 3, document: null }]);
  assert.deepEqual(await edge.catalog.get(key, "json"), { revision: 3, deleted: true });
  assert.equal((await push([{ key, revision: 2, document }])).results[0].outcome, "stale");
  assert.equal((await push([{ key, revision: 4, document }])).results[0].outcome, "applied");
});

test("a document that the edge cannot read is refused, and the others are written", async () => {
  const { results } = await push([
    { key: "v1/title/broken", revision: 1, document: { id: "broken" } },
    { key: "v1/title/other", revision: 1, document: title() },
    { key: "v1/keys/k", revision: 1, document: { issuer: "k", keys: [] } },
  ]);
  assert.deepEqual(results.map(({ outcome }) => outcome), ["invalid", "invalid", "applied"]);
  assert.match(results[0].detail, /missing field `sites`/);
  assert.match(results[1].detail, /expected the document of v1\/title\/other/);
  assert.equal(await edge.catalog.get("v1/title/broken"), null);
});

test("each kind of poison is refused alone, and the others of its batch are written", async () => {
  const nested = (levels) => `${"[".repeat(levels)}1${"]".repeat(levels)}`;
  const good = (id) => ({ key: `v1/title/${id}`, revision: 1, document: { ...title(), id } });
  const raw = (change) => JSON.stringify(change);
  const poison = {
    "nested too deeply": `{"key":"v1/title/deep","revision":1,"document":{"id":"deep","sites":${nested(120)},"offers":[]}}`,
    "nested far too deeply": `{"key":"v1/title/deeper","revision":1,"document":{"id":"deeper","sites":${nested(50_000)},"offers":[]}}`,
    "a kind of a newer origin": raw({ key: "v1/channel/news", revision: 1, document: { id: "news" } }),
    "a revision that is none": raw({ ...good("late"), revision: -1 }),
    "no document": raw({ key: "v1/title/gone-by-mistake", revision: 1 }),
    "no object": raw({ key: "v1/title/text", revision: 1, document: "text" }),
    "a revision of its own": raw({ key: "v1/title/own", revision: 1, document: { ...title(), id: "own", revision: 9 } }),
    "no key": raw({ revision: 1, document: null }),
    "a message as long as the document": raw({
      key: "v1/site/long.example",
      revision: 1,
      document: { host: "long.example", media: { origin: "x".repeat(1_000_000) }, tokens: {}, sessions: { keys: "s" } },
    }),
  };
  const names = Object.keys(poison);
  const body = `{"changes":[${names.map((name, n) => `${raw(good(`beside-${n}`))},${poison[name]}`)},${raw(good("last"))}]}`;
  const report = await push([], { body });
  assert.equal(report.status, 200, JSON.stringify(report).slice(0, 500));
  assert.equal(report.results.length, 2 * names.length + 1);
  for (const [n, name] of names.entries()) {
    const { key, outcome, detail } = report.results[2 * n + 1];
    assert.equal(outcome, "invalid", `${name}: ${key}`);
    assert.ok(detail.length > 0 && detail.length <= 500, `${name}: ${detail.length} characters`);
  }
  for (const id of [...names.keys().map((n) => `beside-${n}`), "last"]) {
    assert.equal((await edge.catalog.get(`v1/title/${id}`, "json")).revision, 1, id);
  }
  assert.equal(report.results[5].key, "v1/channel/news", "a change is answered by its own name");
  assert.equal(await edge.catalog.get("v1/title/gone-by-mistake"), null);
});

test("an empty batch shows whether the edge accepts batches", async () => {
  assert.deepEqual((await push([])).results, []);
});

test("nothing is written without the secret", async () => {
  const change = [{ key: "v1/title/forged", revision: 1, document: { ...title(), id: "forged" } }];
  for (const [told, options] of [
    ["another secret", { secret: "another secret of 32 characters or more" }],
    ["too old", { at: Date.now() - 400_000 }],
    ["from the future", { at: Date.now() + 400_000 }],
    ["no header", { headers: {} }],
  ]) {
    assert.equal((await push(change, options)).status, 401, told);
  }
  assert.equal(await edge.catalog.get("v1/title/forged"), null);
  assert.equal((await push([], { body: "{" })).status, 400);
  const many = Array.from({ length: 101 }, (_, n) => ({ key: `v1/title/t${n}`, revision: 1, document: null }));
  assert.equal((await push(many)).status, 400);
});

/** Sends the head of a request and only the beginning of its body. Returns the status of the reply. */
async function stalled(headers, { length = 4 * 1024 * 1024, begin = "{" } = {}) {
  const socket = connect(edge.port, "127.0.0.1");
  socket.write(
    [
      "POST /_stagedoor/sync HTTP/1.1",
      "Host: edge.example",
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${length}`,
      "",
      begin,
    ].join("\r\n"),
  );
  let answer = "";
  for await (const chunk of socket) {
    answer += chunk;
    if (answer.includes("\r\n\r\n")) break;
  }
  socket.destroy();
  return Number(answer.split(" ")[1]);
}

test("no body is read from senders without the secret, however many they are", async () => {
  const body = "x".repeat(4 * 1024 * 1024);
  const old = Math.floor(Date.now() / 1000) - 400;
  const fitting = sign(SYNC_SECRET, body);
  const heads = [
    sign("another secret of 32 characters or more", body),
    sign(SYNC_SECRET, body, old),
    { ...fitting, "Stagedoor-Signed-Head": `n=${body.length},h=${"0".repeat(64)}` },
    { ...sign(SYNC_SECRET, "{}"), "Stagedoor-Signed-Head": fitting["Stagedoor-Signed-Head"] },
    // The signature of older origin services, without a signed head.
    { "Stagedoor-Signature": fitting["Stagedoor-Signature"] },
    { "Stagedoor-Signature": "t=1,v1=0" },
  ];
  // A server that waited for the body would wait for ever.
  const statuses = await Promise.all(Array.from({ length: 40 }, (_, at) => stalled(heads[at % heads.length])));
  assert.deepEqual([...new Set(statuses)], [401]);
});

test("an origin service that sends no signed head is told to be updated, and nothing is written", async () => {
  const change = { key: "v1/title/headless", revision: 1, document: { ...title(), id: "headless" } };
  const body = JSON.stringify({ changes: [change] });
  const { "Stagedoor-Signed-Head": head, ...headers } = sign(SYNC_SECRET, body);
  const { status, detail } = await push([], { body, headers });
  assert.equal(status, 401);
  assert.match(detail, /Stagedoor-Signed-Head.*an older origin service sends none: update it/);
  assert.equal(await edge.catalog.get("v1/title/headless"), null);
  assert.equal((await push([], { body, headers: { ...headers, "Stagedoor-Signed-Head": head } })).status, 200);
});

test("the signed length is compared with the limit and the Content-Length before the body is read", async () => {
  const long = "x".repeat(4 * 1024 * 1024 + 1);
  assert.equal(await stalled(sign(SYNC_SECRET, long), { length: long.length }), 413);
  assert.equal(await stalled(sign(SYNC_SECRET, "{}"), { length: 4096 }), 400);
});

test("one body is read at a time, and another one gets Retry-After", async () => {
  const first = stalled(sign(SYNC_SECRET, "x".repeat(4096)), { length: 4096 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const reply = await edge.fetch("https://edge.example/_stagedoor/sync", {
    method: "POST",
    headers: sign(SYNC_SECRET, "{}"),
    body: "{}",
  });
  assert.deepEqual([reply.status, reply.headers.get("Retry-After")], [503, "1"]);
  assert.equal(await first, 408);
  assert.equal((await push([{ key: "v1/title/after", revision: 1, document: null }])).status, 200);
});

test("the endpoints answer only on their host and below their folder", async () => {
  const folder = "Zx81-not-to-be-guessed";
  const hidden = await startEdge({ variables: { CONTROL_HOST: "control.example", CONTROL_PATH: folder } });
  try {
    const ask = async (url, body = '{"changes":[]}') =>
      (await hidden.fetch(url, { method: "POST", headers: sign(SYNC_SECRET, body), body })).status;
    assert.equal(await ask(`https://control.example/${folder}/_stagedoor/sync`), 200);
    for (const url of [
      `https://watch.example.com/${folder}/_stagedoor/sync`,
      "https://control.example/_stagedoor/sync",
      "https://control.example/_stagedoor/explain",
      `https://control.example/${folder.toLowerCase()}/_stagedoor/sync`,
    ]) {
      assert.equal(await ask(url), 405, url);
    }
  } finally {
    await hidden.stop();
  }
  const open = await startEdge({ variables: { CONTROL_PATH: "short" } });
  try {
    const reply = await open.fetch("https://edge.example/_stagedoor/sync", { method: "POST", body: "{}" });
    assert.equal((await reply.json()).reason, "configuration");
  } finally {
    await open.stop();
  }
});

test("an edge without its secret takes nothing", async () => {
  const bare = await startEdge({ variables: { SYNC_SECRET: "short" } });
  try {
    const reply = await bare.fetch("https://edge.example/_stagedoor/sync", { method: "POST", body: "{}" });
    assert.equal(reply.status, 500);
    assert.equal((await reply.json()).reason, "configuration");
  } finally {
    await bare.stop();
  }
});

test("healthz and version", async () => {
  assert.equal((await edge.fetch("https://edge.example/healthz")).status, 200);
  const version = await (await edge.fetch("https://edge.example/version")).json();
  assert.equal(version.environment, "test");
  assert.match(version.commit, /^([0-9a-f]{12}|unknown)$/);
});

test("a write is seen by the next request of the isolate that took it", async () => {
  const entry = () => edge.fetch("https://watch.example.com/harbour/m.m3u8?token=x");
  assert.equal((await (await entry()).json()).reason, "site_unknown");
  const site = {
    host: "watch.example.com",
    media: { origin: "https://media.example.com/" },
    tokens: { issuers: ["id"] },
    sessions: { keys: "s" },
  };
  await push([{ key: "v1/site/watch.example.com", revision: 1, document: site }]);
  assert.equal((await (await entry()).json()).reason, "token_malformed");
});

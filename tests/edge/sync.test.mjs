// The sync endpoint: signed batches into KV, and what the edge decides by afterwards.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SYNC_SECRET, sign, startEdge } from "./harness.mjs";

const title = (offers = []) => ({ id: "harbour", sites: ["watch.example.com"], offers });
let edge;

before(async () => {
  edge = await startEdge();
});
after(() => edge.stop());

async function push(changes, { secret = SYNC_SECRET, at = Date.now(), body = JSON.stringify({ changes }), header } = {}) {
  const headers = { "Stagedoor-Signature": header ?? sign(secret, body, Math.floor(at / 1000)) };
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

test("nothing is written without the secret", async () => {
  const change = [{ key: "v1/title/forged", revision: 1, document: { ...title(), id: "forged" } }];
  for (const [told, options] of [
    ["another secret", { secret: "another secret of 32 characters or more" }],
    ["too old", { at: Date.now() - 400_000 }],
    ["from the future", { at: Date.now() + 400_000 }],
    ["no header", { header: "" }],
  ]) {
    assert.equal((await push(change, options)).status, 401, told);
  }
  assert.equal(await edge.catalog.get("v1/title/forged"), null);
  assert.equal((await push([], { body: "{" })).status, 400);
  const many = Array.from({ length: 101 }, (_, n) => ({ key: `v1/title/t${n}`, revision: 1, document: null }));
  assert.equal((await push(many)).status, 400);
});

test("a batch that is too long is given up on the way", async () => {
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      sent += 1;
      if (sent > 500) controller.close();
      else controller.enqueue(new Uint8Array(64 * 1024));
    },
  });
  // A client that is still sending may find the connection closed rather than the reply.
  const status = await edge.fetch("https://edge.example/_stagedoor/sync", { method: "POST", body, duplex: "half" }).then(
    (reply) => reply.status,
    () => 413,
  );
  assert.equal(status, 413);
  assert.ok(sent < 300, `the edge took ${sent} of 500 pieces of 64 KiB, where 64 are its limit`);
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

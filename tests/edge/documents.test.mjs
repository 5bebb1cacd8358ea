// Isolate memory in front of KV: what it saves, and how old what it serves may be.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT, base64url } from "jose";
import { Response } from "miniflare";
import { startEdge } from "./harness.mjs";

/** `MEMORY_FRESH_S` less its jitter, and `MEMORY_STALE_S`, of src/catalog. */
const FRESH_S = 8;
const STALE_S = 30;

test("a change that another location wrote is decided by within the bound", async () => {
  const text = await readFile(new URL("../flows/base.json", import.meta.url), "utf8");
  const base = JSON.parse(text.replaceAll("{{iso+600}}", "2100-01-01T00:00:00Z"));
  const edge = await startEdge({ documents: base.documents, upstream: () => new Response("#EXTM3U\na.ts\n") });
  const token = await new SignJWT({ iss: base.claims.iss, aud: "watch" })
    .setProtectedHeader({ alg: "HS256", kid: "h1" })
    .setExpirationTime("10m")
    .sign(base64url.decode(base.private_keys.h1.k));
  const enter = async () => {
    const reply = await edge.fetch(`https://watch.example.com/harbour/m.m3u8?token=${token}`, { country: "AE" });
    await reply.text();
    return reply.status;
  };
  try {
    assert.equal(await enter(), 200);
    const read = Date.now();
    const title = base.documents["v1/title/harbour"];
    await edge.catalog.put("v1/title/harbour", JSON.stringify({ ...title, revision: 2, offers: [] }));
    assert.equal(await enter(), 200, "the document was read again although the copy was fresh");
    const age = () => (Date.now() - read) / 1000;
    while ((await enter()) === 200) {
      assert.ok(age() < STALE_S, `still served after ${age()} s`);
      await sleep(250);
    }
    assert.ok(age() >= FRESH_S, `asked KV again after ${age()} s`);
  } finally {
    await edge.stop();
  }
});

test("a revocation that another location wrote ends a session within the bound", async () => {
  const text = await readFile(new URL("../flows/base.json", import.meta.url), "utf8");
  const base = JSON.parse(text.replaceAll("{{iso+600}}", "2100-01-01T00:00:00Z"));
  const edge = await startEdge({ documents: base.documents, upstream: () => new Response("#EXTM3U\na.ts\n") });
  const token = await new SignJWT({ iss: base.claims.iss, aud: "watch", sub: "viewer-1" })
    .setProtectedHeader({ alg: "HS256", kid: "h1" })
    .setExpirationTime("10m")
    .sign(base64url.decode(base.private_keys.h1.k));
  const host = "https://watch.example.com";
  const entry = await edge.fetch(`${host}/harbour/m.m3u8?token=${token}`, { country: "AE" });
  const [root] = /\/~[A-Za-z0-9_-]+\/harbour\//.exec(await entry.text());
  const ask = async () => {
    const reply = await edge.fetch(`${host}${root}m.m3u8`, { country: "AE" });
    return [reply.status, await reply.text()];
  };
  try {
    assert.equal((await ask())[0], 200);
    const written = Date.now();
    const what = { subject: { issuer: base.claims.iss, subject: "viewer-1" } };
    const revoked = [{ what, generation: 1, at: new Date(written).toISOString() }];
    const document = { revision: 1, host: "watch.example.com", generation: 1, revoked };
    await edge.catalog.put("v1/revocations/watch.example.com", JSON.stringify(document));
    const age = () => (Date.now() - written) / 1000;
    let reply = await ask();
    while (reply[0] === 200) {
      assert.ok(age() < STALE_S, `still served after ${age()} s`);
      await sleep(250);
      reply = await ask();
    }
    assert.equal(reply[0], 401);
    assert.match(reply[1], /"reason":"revoked"/);
  } finally {
    await edge.stop();
  }
});

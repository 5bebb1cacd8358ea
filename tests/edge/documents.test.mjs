// Isolate memory in front of KV: how many reads it saves, and how old its documents may be.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT, base64url } from "jose";
import { Response } from "miniflare";
import { startEdge } from "./harness.mjs";

/** `MEMORY_FRESH_S` less its jitter, and `MEMORY_STALE_S`, of src/catalog. */
const FRESH_S = 8;
const STALE_S = 30;

test("a change of another location takes effect within the bound", async () => {
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

test("a revocation of another location ends a session within the bound", async () => {
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

test("a hundred thousand revocations arrive in one batch and end their sessions", async () => {
  const text = await readFile(new URL("../flows/base.json", import.meta.url), "utf8");
  const base = JSON.parse(text.replaceAll("{{iso+600}}", "2100-01-01T00:00:00Z"));
  const edge = await startEdge({ documents: base.documents, upstream: () => new Response("#EXTM3U\na.ts\n") });
  const host = "https://watch.example.com";
  const session = async (sub) => {
    const token = await new SignJWT({ iss: base.claims.iss, aud: "watch", sub })
      .setProtectedHeader({ alg: "HS256", kid: "h1" })
      .setExpirationTime("10m")
      .sign(base64url.decode(base.private_keys.h1.k));
    const entry = await edge.fetch(`${host}/harbour/m.m3u8?token=${token}`, { country: "AE" });
    return /\/~[A-Za-z0-9_-]+\/harbour\//.exec(await entry.text())[0];
  };
  const record = (name) => {
    const moment = Buffer.alloc(8);
    moment.writeUInt32BE(1, 0);
    moment.writeUInt32BE(Math.floor(Date.now() / 1000), 4);
    return Buffer.concat([name, moment]);
  };
  const named = (sub) => createHash("sha256").update(`${base.claims.iss}\0${sub}`).digest().subarray(0, 8);
  const records = Array.from({ length: 99_999 }, () => record(randomBytes(8)));
  records.push(record(named("viewer-1")));
  records.sort(Buffer.compare);
  const document = (records) => ({
    revision: 1,
    host: "watch.example.com",
    generation: 1,
    packed: { subjects: Buffer.concat(records).toString("base64url") },
  });
  try {
    const [one, other] = [await session("viewer-1"), await session("viewer-2")];
    const key = "v1/revocations/watch.example.com";
    await edge.change({ [key]: document(records) });
    assert.ok((await edge.catalog.get(key)).length < 2_200_000);
    const ask = async (root) => {
      const reply = await edge.fetch(`${host}${root}m.m3u8`, { country: "AE" });
      return [reply.status, /"reason":"(\w+)"/.exec(await reply.text())?.[1]];
    };
    assert.deepEqual(await ask(one), [401, "revoked"]);
    assert.deepEqual(await ask(other), [200, undefined]);
    // Entries out of order might not be found, and without either form nothing would be revoked.
    const { packed, ...neither } = document(records);
    for (const wrong of [document([...records].reverse()), neither, { ...document(records), revoked: [] }]) {
      await assert.rejects(edge.change({ [key]: { ...wrong, revision: 2 } }), /invalid/, "it was taken");
    }
    assert.deepEqual(await ask(one), [401, "revoked"], "the edge keeps what it had");
  } finally {
    await edge.stop();
  }
});

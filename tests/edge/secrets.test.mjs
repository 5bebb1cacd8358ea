// No token, key or secret gets into the log or into the reply of a refusal or a fault.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { EXPLAIN_SECRET, SYNC_SECRET, mint, readFlows, sign, startEdge, tamper } from "./harness.mjs";

const COOKIE = randomBytes(24).toString("base64url");
const UPSTREAM_SECRET = randomBytes(24).toString("base64url");

let base;
let edge;
const replies = [];
/** The secrets of viewers and of the deployment. */
const secrets = new Set([SYNC_SECRET, EXPLAIN_SECRET, COOKIE, UPSTREAM_SECRET]);

before(async () => {
  base = await readFlows("base.json");
  const site = base.documents["v1/site/watch.example.com"];
  const keys = base.documents[`v1/keys/${base.claims.iss}`];
  const named = (host, more) => ({ [`v1/site/${host}`]: { ...site, ...more, host } });
  const documents = {
    ...base.documents,
    ...named("cookie.example.com", { tokens: { ...site.tokens, placements: [{ cookie: "viewer" }, { header: "X-Viewer" }] } }),
    ...named("path.example.com", { tokens: { ...site.tokens, placements: [{ path: "before" }] } }),
    ...named("once.example.com", { tokens: { ...site.tokens, replay: { once: true, again_within_s: 0 } } }),
    ...named("signed.example.com", { media: { ...site.media, query: ["signature"] } }),
    ...named("keyless.example.com", { tokens: { ...site.tokens, issuers: ["https://keyless.example.com/"] } }),
    ...named("broken.example.com", { tokens: { ...site.tokens, issuers: ["https://broken.example.com/"] } }),
    ...named("published.example.com", { tokens: { ...site.tokens, issuers: ["https://published.example.com/"] } }),
    "v1/title/harbour": {
      ...base.documents["v1/title/harbour"],
      sites: ["watch", "cookie", "path", "once", "signed", "keyless", "broken", "published"].map((name) => `${name}.example.com`),
    },
    // A key with a secret that its type does not allow.
    "v1/keys/https://broken.example.com/": { ...keys, issuer: "https://broken.example.com/", keys: [{ ...keys.keys[0], k: `${keys.keys[0].k}==` }] },
    "v1/keys/https://published.example.com/": {
      revision: 1,
      issuer: "https://published.example.com/",
      keys: [],
      published: { url: `https://user:${UPSTREAM_SECRET}@published.example.com/jwks.json?key=${UPSTREAM_SECRET}` },
    },
  };
  for (const { keys } of Object.values(base.documents)) for (const { k } of keys ?? []) if (k) secrets.add(k);
  for (const { k, d } of Object.values(base.private_keys)) for (const secret of [k, d]) if (secret) secrets.add(secret);
  edge = await startEdge({
    documents,
    upstream: (request) => {
      if (request.url.includes("published")) return Response.json({ keys: "none" });
      return request.url.includes("missing") ? new Response("", { status: 500 }) : new Response("#EXTM3U\n#EXTINF:4,\na.ts\n");
    },
  });
});
after(() => edge.stop());

async function shown(options) {
  const token = await mint(base, { key: "h1", ...options });
  for (const text of [token, tamper(token)]) {
    secrets.add(text);
    // All tokens share the header. The claims and the signature belong to a viewer.
    for (const part of text.split(".").slice(1)) secrets.add(part);
  }
  return token;
}

async function ask(path, { host = "watch.example.com", country = "AE", ...init } = {}) {
  const reply = await edge.fetch(`https://${host}${path}`, { country, ...init });
  const body = await reply.text();
  if (reply.status >= 400) replies.push(JSON.stringify([...reply.headers]) + body);
  return { status: reply.status, body };
}

const query = (token) => `/harbour/master.m3u8?token=${token}`;

test("refusals of every step", async () => {
  const now = Math.floor(Date.now() / 1000);
  for (const [told, options, change = (token) => token, init = {}] of [
    ["expired", { claims: { exp: now - 60 } }],
    ["another audience", { claims: { aud: "radio" } }],
    ["another issuer", { claims: { iss: "https://other.example.com/" } }],
    ["an unknown key", { kid: "h2" }],
    ["another algorithm", { kid: "e1" }],
    ["tampered", {}, tamper],
    ["cut", {}, (token) => token.slice(0, -3)],
    ["two tokens in one", {}, (token) => `${token}.${token}`],
    ["claims that cannot be read", { claims: { plan: 7 } }],
    ["another title", { claims: { titles: ["other"] } }],
    ["a country", {}, undefined, { country: "KP" }],
    ["no country", {}, undefined, { country: "" }],
    ["another method", {}, undefined, { method: "PUT" }],
    ["no site", {}, undefined, { host: "unknown.example.com" }],
    ["no document of keys", { claims: { iss: "https://keyless.example.com/" } }, undefined, { host: "keyless.example.com" }],
    ["a document of keys that cannot be read", { claims: { iss: "https://broken.example.com/" } }, undefined, { host: "broken.example.com" }],
    ["published keys that cannot be read", { claims: { iss: "https://published.example.com/" } }, undefined, { host: "published.example.com" }],
  ]) {
    const token = change(await shown(options));
    secrets.add(token);
    const { status } = await ask(query(token), init);
    assert.ok(status >= 400, `${told}: ${status}`);
  }
});

test("refusals in every place of a token", async () => {
  const expired = await shown({ claims: { exp: 1 } });
  const cookie = `session=${COOKIE}; viewer=${expired}`;
  for (const [told, path, init] of [
    ["Authorization", "/harbour/master.m3u8", { headers: { Authorization: `Bearer ${expired}` } }],
    ["Basic", "/harbour/master.m3u8", { headers: { Authorization: `Basic ${COOKIE}` } }],
    ["cookie", "/harbour/master.m3u8", { host: "cookie.example.com", headers: { Cookie: cookie } }],
    ["header", "/harbour/master.m3u8", { host: "cookie.example.com", headers: { "X-Viewer": expired } }],
    ["path", `/${expired}/harbour/master.m3u8`, { host: "path.example.com" }],
    ["path, of no title", `/${expired}/HARBOUR/`, { host: "path.example.com" }],
    ["path of a site that wants it elsewhere", `/${expired}/harbour/master.m3u8`, {}],
    ["as a title", `/${expired}`, {}],
    ["as a session", `/~${expired}/harbour/master.m3u8`, {}],
  ]) {
    const { status } = await ask(path, init);
    assert.ok(status >= 400, `${told}: ${status}`);
  }
});

test("a session, a token that was used, and a media origin that fails", async () => {
  const token = await shown({});
  const { status, body } = await ask(query(token), { host: "once.example.com" });
  assert.equal(status, 200);
  const session = /\/~([A-Za-z0-9_-]+)\//.exec(body)[1];
  const other = session.slice(0, -4) + (session.endsWith("AAAA") ? "BBBB" : "AAAA");
  for (const text of [session, other, session.slice(0, -1)]) secrets.add(text);
  assert.equal((await ask(query(token), { host: "once.example.com" })).status, 401);
  assert.equal((await ask(`/~${other}/harbour/a.ts`, { host: "once.example.com" })).status, 401);
  assert.equal((await ask(`/~${session.slice(0, -1)}/harbour/a.ts`, { host: "once.example.com" })).status, 401);
  assert.equal((await ask(`/~${session}/other/a.ts`, { host: "once.example.com" })).status, 403);
  assert.equal((await ask(`/~${session}/harbour/missing.ts`, { host: "once.example.com" })).status, 502);
  assert.equal((await ask(`/~${session}/harbour/a.ts`, { host: "once.example.com", country: "KP" })).status, 403);
  const signed = `/harbour/missing.m3u8?token=${await shown({})}&signature=${UPSTREAM_SECRET}`;
  assert.equal((await ask(signed, { host: "signed.example.com" })).status, 502);
});

test("the edge's own endpoints", async () => {
  const k = randomBytes(32).toString("base64url");
  secrets.add(k);
  const change = { key: "v1/keys/new", revision: 1, document: { issuer: "new", keys: [{ kty: "oct", kid: "a", alg: "ES256", k }] } };
  const body = JSON.stringify({ changes: [change] });
  for (const [secret, sent] of [
    [SYNC_SECRET, body],
    [SYNC_SECRET, body.slice(0, -2)],
    [SYNC_SECRET.replace("tests", "other"), body],
  ]) {
    await ask("/_stagedoor/sync", { method: "POST", body: sent, headers: sign(secret, sent) });
  }
  const wanted = JSON.stringify({ url: `https://watch.example.com${query(await shown({ claims: { exp: 1 } }))}`, headers: { Cookie: COOKIE } });
  for (const sent of [wanted, wanted.slice(0, -1), `{"url":${JSON.stringify(COOKIE)}}`, `{"${COOKIE}":1}`]) {
    const { body: trace } = await ask("/_stagedoor/explain", { method: "POST", body: sent, headers: sign(EXPLAIN_SECRET, sent) });
    replies.push(trace);
  }
});

test("none of it holds a secret", async () => {
  await sleep(200);
  const lines = edge.logs.map(({ message }) => message);
  assert.ok(lines.length > 20, `${lines.length} lines in the log`);
  assert.ok(replies.length > 30, `${replies.length} replies`);
  for (const text of [...lines, ...replies]) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} stands in ${text}`);
  }
});

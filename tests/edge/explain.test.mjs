// The explain endpoint: the trace of `stagedoor explain`, for signed requests.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Response } from "miniflare";
import { EXPLAIN_LIMIT, EXPLAIN_SECRET, command, flowFiles, mint, readFlows, sign, startEdge, startEdges, tamper } from "./harness.mjs";

/** Bindings for a test with more requests than a deployment explains in a minute. */
const OFTEN = { EXPLAIN_LIMIT: { type: "rate-limit", namespace: "1", simple: { limit: 10_000, period: 60 } } };

let base;
let edge;
let desk;

before(async () => {
  base = await readFlows("base.json");
  edge = await startEdge({ documents: base.documents });
  desk = await mkdtemp(join(tmpdir(), "stagedoor-explain-"));
});
after(async () => {
  await edge.stop();
  await rm(desk, { recursive: true, force: true });
});

async function ask(request, { on = edge, secret = EXPLAIN_SECRET, body = JSON.stringify(request), headers = sign(secret, body), method = "POST" } = {}) {
  const init = { method, headers, ...(method === "POST" ? { body } : {}) };
  const reply = await on.fetch("https://edge.example/_stagedoor/explain", init);
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}

/** Writes documents into a folder of their own, as the command reads them. */
async function store(documents) {
  const folder = await mkdtemp(join(desk, "documents-"));
  const list = Object.values(documents).filter((document) => document !== null);
  await Promise.all(list.map((document, at) => writeFile(join(folder, `${at}.json`), JSON.stringify(document))));
  return folder;
}

/** The command's JSON for the same request and documents. */
async function print(request, folder) {
  const file = join(await mkdtemp(join(desk, "case-")), "request.json");
  await writeFile(file, JSON.stringify(request));
  return new Promise((resolve, reject) => {
    execFile(command, ["explain", "--json", "--documents", folder, "--request", file], (error, stdout, stderr) => {
      if (error?.code === "ENOENT") reject(new Error(`${command} is not there: cargo build -p stagedoor-cli`));
      else if (stdout === "") reject(new Error(stderr));
      else resolve(JSON.parse(stdout));
    });
  });
}

/** The texts that no trace may contain: keys, and the credentials of a request. */
function secrets(...shown) {
  const keys = Object.values(base.documents).flatMap(({ keys }) => keys ?? []);
  return [...keys.flatMap(({ k }) => k ?? []), EXPLAIN_SECRET, ...shown].flatMap((text) => [text, ...text.split(".").filter((part) => part.length > 20)]);
}

test("the command and the endpoint print one trace for every request of the flows", async (t) => {
  // Flows with the same documents share an edge.
  const byDocuments = new Map();
  for (const file of await flowFiles()) {
    for (const flow of await readFlows(file)) {
      // The command describes an error in an unreadable document; the edge does not.
      if (JSON.stringify(flow.steps).includes("document_invalid")) continue;
      const documents = { ...base.documents, ...flow.documents };
      // The command accepts neither tombstones nor broken documents.
      for (const [key, document] of Object.entries(documents)) {
        if (document?.deleted || (document?.id && !document.sites)) delete documents[key];
      }
      const of = JSON.stringify(documents);
      byDocuments.set(of, [...(byDocuments.get(of) ?? []), flow]);
    }
  }
  let count = 0;
  const sets = [...byDocuments];
  // Few edges at a time: many would take gigabytes.
  for (let from = 0; from < sets.length; from += 8) {
    const some = sets.slice(from, from + 8).map(([of, flows]) => ({ documents: JSON.parse(of), flows }));
    const { edges, stop } = await startEdges(some.map(({ documents }) => ({ documents, bindings: OFTEN })));
    try {
      for (const [index, { documents, flows }] of some.entries()) {
        const folder = await store(documents);
        for (const flow of flows) {
          for (const { request } of flow.steps) {
            const token = request.token && (await mint(base, request.token));
            const fill = (text) => text?.replace("{{token}}", token).replace("{{tampered}}", token && tamper(token));
            // Only a running edge opens sessions. Sessions of the flows are explained below.
            const path = fill(request.path).replace("{{session}}", "A".repeat(68));
            const wanted = {
              url: `https://${request.host ?? "watch.example.com"}${path}`,
              method: request.method,
              headers: { ...(request.authorization ? { Authorization: fill(request.authorization) } : {}) },
              geo: request.country ?? flow.country ?? "",
              ip: "192.0.2.1",
              now: Math.floor(Date.now() / 1000),
            };
            if (request.method === "OPTIONS" || ["/healthz", "/version"].includes(path)) continue;
            const { status, text } = await ask(wanted, { on: edges[index] });
            assert.equal(status, 200, text);
            assert.deepEqual(JSON.parse(text), await print(wanted, folder), `${flow.name}: ${path}`);
            for (const secret of secrets(...(token ? [token] : []))) assert.ok(!text.includes(secret), `${flow.name}: ${secret} in ${text}`);
            count += 1;
          }
        }
      }
    } finally {
      await stop();
    }
  }
  t.diagnostic(`${count} requests`);
  assert.ok(count > 20);
});

test("a session of the edge is explained without its token", async () => {
  const own = await startEdge({ documents: base.documents, upstream: () => new Response("#EXTM3U\n#EXTINF:4,\na.ts\n") });
  try {
    const token = await mint(base, { key: "e1" });
    const reply = await own.fetch(`https://watch.example.com/harbour/m.m3u8?token=${token}`, { country: "AE" });
    const session = (await reply.text()).match(/\/~([A-Za-z0-9_-]+)\//)[1];
    const wanted = { url: `https://watch.example.com/~${session}/harbour/a.ts`, geo: "AE", now: Math.floor(Date.now() / 1000) };
    const { text } = await ask(wanted, { on: own });
    const trace = JSON.parse(text);
    assert.equal(trace.outcome, "permit");
    assert.deepEqual(trace, await print(wanted, await store(base.documents)));
    for (const secret of secrets(token, session)) assert.ok(!text.includes(secret));
  } finally {
    await own.stop();
  }
});

test("an explanation gives the reason of the edge's reply, whatever is missing or broken", async () => {
  const KINDS = ["site", "sessions", "revocations", "keys", "title"];
  const documents = {};
  const cases = [];
  for (const state of ["missing", "broken"]) {
    for (let bits = 0; bits < 2 ** KINDS.length; bits++) {
      const gone = KINDS.filter((_, at) => bits & (1 << at));
      // Everything that can be missing, together; broken documents, one at a time.
      if (state === "broken" && gone.length !== 1) continue;
      const name = `${state}-${bits}`;
      const host = `${name}.example.com`;
      const usual = {
        [`v1/site/${host}`]: { ...base.documents["v1/site/watch.example.com"], host, tokens: { issuers: [name], audience: "watch" }, sessions: { keys: `${name}-s` } },
        [`v1/keys/${name}-s`]: { ...base.documents["v1/keys/watch-sessions"], issuer: `${name}-s` },
        [`v1/revocations/${host}`]: { revision: 1, host, generation: 1, revoked: [] },
        [`v1/keys/${name}`]: { ...base.documents[`v1/keys/${base.claims.iss}`], issuer: name },
        [`v1/title/${name}`]: { revision: 1, id: name, sites: [host], offers: [{ id: "all", territories: { allow: ["*"] } }] },
      };
      for (const [at, key] of Object.keys(usual).entries()) {
        const is = !gone.includes(KINDS[at]);
        if (is || state === "broken") documents[key] = is ? usual[key] : { revision: 1, broken: true };
      }
      cases.push({ host, title: name, issuer: name, told: `${state}: ${gone}` });
    }
  }
  const own = await startEdge({
    documents,
    bindings: OFTEN,
    upstream: () => new Response("#EXTM3U\n#EXTINF:4,\na.ts\n"),
  });
  try {
    const reasons = new Set();
    // Each request has an address of its own: the edge keeps a client waiting that has the same refusal again and again.
    let addresses = 0;
    for (const { host, title, issuer, told } of cases) {
      const token = await mint(base, { key: "h1", claims: { iss: issuer } });
      const session = mintSession(base.documents["v1/keys/watch-sessions"].keys[0], host, title);
      const shown = {
        "a token": `/${title}/m.m3u8?token=${token}`,
        "a forged token": `/${title}/m.m3u8?token=${tamper(token)}`,
        "no token": `/${title}/m.m3u8`,
        "a session": `/~${session}/${title}/m.m3u8`,
        "a forged session": `/~${session.slice(0, -1)}${session.endsWith("A") ? "B" : "A"}/${title}/m.m3u8`,
      };
      for (const [what, path] of Object.entries(shown)) {
        const url = `https://${host}${path}`;
        const ip = `192.0.2.${(addresses += 1)}`;
        const reply = await own.fetch(url, { country: "AE", headers: { "CF-Connecting-IP": ip } });
        const body = await reply.text();
        const reason = reply.status === 200 ? undefined : JSON.parse(body).reason;
        const { text } = await ask({ url, geo: "AE", ip, now: Math.floor(Date.now() / 1000) }, { on: own });
        assert.equal(JSON.parse(text).reason, reason, `${told}, ${what}: ${text} ${body}`);
        reasons.add(reason);
      }
    }
    for (const reason of ["site_unknown", "token_missing", "document_missing", "document_invalid", "token_signature", "session_signature", "title_unknown", undefined]) {
      assert.ok(reasons.has(reason), `nothing was answered with ${reason}`);
    }
  } finally {
    await own.stop();
  }
});

/** A session token, by the layout in src/token/session.rs, for an offer without conditions. */
function mintSession({ kid, k }, host, title) {
  const hash = (text, length) => createHash("sha256").update(text).digest().subarray(0, length);
  const word = (number) => Buffer.from([number >>> 24, number >>> 16, number >>> 8, number]);
  const end = Math.floor(Date.now() / 1000) + 3600;
  const body = Buffer.concat([
    Buffer.from([3]), hash(kid, 1), Buffer.from([0, 255, 0]), word(end), word(end), Buffer.alloc(8, 7), hash(title, 8),
    Buffer.from("036ccdc5", "hex"), Buffer.alloc(2), Buffer.alloc(8), Buffer.alloc(4), Buffer.alloc(4), word(1), Buffer.alloc(4),
  ]);
  const mac = createHmac("sha256", Buffer.from(k, "base64url")).update(`stagedoor session\0${host}\0`).update(body).digest();
  return Buffer.concat([body, mac.subarray(0, 16)]).toString("base64url");
}

test("published keys count, and neither a use of a token nor a stream does", async () => {
  const issuer = base.claims.iss;
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const published = { keys: [{ kid: "p", alg: "ES256", ...(await exportJWK(publicKey)) }] };
  const url = "https://id.example.com/jwks.json";
  const site = base.documents["v1/site/watch.example.com"];
  const documents = {
    ...base.documents,
    [`v1/keys/${issuer}`]: { revision: 1, issuer, keys: [], published: { url } },
    "v1/site/watch.example.com": { ...site, tokens: { ...site.tokens, replay: { once: true } } },
  };
  const own = await startEdge({ documents, upstream: (request) => (request.url === url ? Response.json(published) : new Response("#EXTM3U\n")) });
  try {
    const token = await new SignJWT({ ...base.claims, jti: "once", max_streams: 1 }).setProtectedHeader({ alg: "ES256", kid: "p" }).sign(privateKey);
    const entry = `https://watch.example.com/harbour/m.m3u8?token=${token}`;
    for (let turn = 0; turn < 2; turn++) {
      const trace = JSON.parse((await ask({ url: entry, geo: "AE" }, { on: own })).text);
      assert.equal(trace.outcome, "permit", JSON.stringify(trace));
      const { saw } = trace.steps.find(({ step }) => step === "replay");
      assert.deepEqual({ once: saw.once, asked: saw.asked }, { once: true, asked: false });
      const streams = trace.steps.find(({ step }) => step === "streams").saw;
      assert.deepEqual(streams, { limit: 1, idle_s: 90, asked: false });
    }
    const from = (address) => own.fetch(entry, { country: "AE", headers: { "CF-Connecting-IP": address } });
    assert.equal((await from("192.0.2.1")).status, 200);
    assert.equal((await from("198.51.100.1")).status, 401);
  } finally {
    await own.stop();
  }
});

test("a request without a valid signature gets nothing", async () => {
  const request = { url: "https://watch.example.com/harbour/m.m3u8", geo: "AE" };
  const body = JSON.stringify(request);
  for (const [told, options, status] of [
    ["another secret", { secret: "another secret of 32 characters or more" }, 401],
    ["too old", { headers: sign(EXPLAIN_SECRET, body, Math.floor(Date.now() / 1000) - 400) }, 401],
    ["another body", { headers: sign(EXPLAIN_SECRET, body.replace("AE", "GB")) }, 401],
    ["another length", { headers: sign(EXPLAIN_SECRET, `${body} `) }, 400],
    ["no header", { headers: {} }, 401],
    ["another method", { method: "GET" }, 405],
    ["too long", { body: JSON.stringify({ ...request, geo: "A".repeat(70_000) }) }, 413],
  ]) {
    assert.equal((await ask(request, options)).status, status, told);
  }
});

test("an unreadable body is not quoted", async () => {
  const secret = "eyJhbGciOiJub25lIn0.e30.c2VjcmV0LXNlY3JldC1zZWNyZXQ";
  for (const body of [`{"token":"${secret}"}`, `{"url":"nonsense:${secret}"}`, `{"url":["${secret}"]}`, secret]) {
    const { status, text } = await ask(null, { body });
    assert.equal(status, 400, text);
    assert.ok(!text.includes(secret), text);
  }
  assert.ok(!JSON.stringify(edge.logs).includes(secret));
});

test("a deployment without the secret has no such endpoint, and a short one is a fault", async () => {
  for (const [secret, status, reason] of [
    [null, 404, "not_found"],
    ["short", 500, "configuration"],
  ]) {
    const bare = await startEdge({ documents: base.documents, variables: { EXPLAIN_SECRET: secret } });
    try {
      const reply = await ask({ url: "https://watch.example.com/harbour/m.m3u8" }, { on: bare });
      assert.deepEqual([reply.status, JSON.parse(reply.text).reason], [status, reason]);
    } finally {
      await bare.stop();
    }
  }
});

test("explanations have a rate limit, and unsigned requests do not count", async () => {
  const own = await startEdge({ documents: base.documents });
  try {
    const request = { url: "https://unknown.example.com/harbour/m.m3u8" };
    for (let turn = 0; turn < EXPLAIN_LIMIT; turn++) {
      assert.equal((await ask(request, { on: own, secret: "another secret of 32 characters or more" })).status, 401);
    }
    const statuses = [];
    for (let turn = 0; turn <= EXPLAIN_LIMIT; turn++) statuses.push(await ask(request, { on: own }));
    const refused = statuses.filter(({ status }) => status === 429);
    // A new minute of the limit may have begun in between.
    assert.ok(refused.length <= 1 && statuses.every(({ status }) => status === 200 || status === 429));
    if (refused.length === 1) assert.equal(refused[0].headers.get("retry-after"), "60");
    for (let turn = 0; turn <= EXPLAIN_LIMIT; turn++) statuses.push(await ask(request, { on: own }));
    assert.ok(statuses.some(({ status }) => status === 429), "it was never refused");
  } finally {
    await own.stop();
  }
});

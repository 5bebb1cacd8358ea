// The built Worker in workerd, through Miniflare, with a scripted media origin.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SignJWT, base64url, importJWK } from "jose";
import { Headers, Miniflare, Response } from "miniflare";
import { signature as sign } from "../../demo/stack/signature.mjs";

export { sign };

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));

/** The `stagedoor` command, as `cargo build -p stagedoor-cli` makes it. */
export const command = join(target, "debug/stagedoor");

const build = fileURLToPath(new URL("../../build/", import.meta.url));

/** The files of the Worker, read once for all edges of a test: the wasm is megabytes. */
const built = Promise.all([readFile(`${build}index.js`, "utf8"), readFile(`${build}worker.js`, "utf8"), readFile(`${build}index_bg.wasm`)]);

export const SYNC_SECRET = "a secret of the tests, 32 characters and more";
export const EXPLAIN_SECRET = "another secret of the tests, for explanations";

/** How often a minute the explain endpoint answers, as in wrangler.toml. */
export const EXPLAIN_LIMIT = 60;

/** Miniflare would put a place of its own there. */
const NOWHERE = Object.fromEntries(
  ["regionCode", "continent", "metroCode", "postalCode", "latitude", "longitude"].map((name) => [name, null]),
);

const MEMORY_URL = "https://probe.invalid/memory";
const TRAP_URL = "https://probe.invalid/trap";

/** An entry point in front of the Worker's own, with URLs for figures and actions that the Worker has no URL for. */
const PROBE = `
import entry from "./index.js";
import Edge from "./worker.js";
export * from "./worker.js";
const { remembered } = Edge.prototype;
const state = globalThis.__worker_init_state;
const probes = {
  "${MEMORY_URL}": () => remembered(),
  "${TRAP_URL}": () => { state.criticalError = true; return String(state.instanceId); },
};
export default {
  fetch: (request, ...rest) => (probes[request.url] ? new Response(probes[request.url]()) : entry.fetch(request, ...rest)),
};
`;

/** For `upstream`: what the Worker fetches comes from this machine's own network. */
export const NETWORK = Symbol("network");

/**
 * Starts the Worker. `upstream` answers what it fetches; the default has nothing. A binding that is `null` is left out.
 * `logs` grows with each line that it writes to its console. With `probe`, `remembered()` and `trap()` work. It listens on a
 * port of the loopback interface, `port`: any that is free, unless one is asked for.
 * @typedef {{documents?: Record<string, unknown>, variables?: Record<string, string | null>, bindings?: Record<string, unknown>,
 *            upstream?: typeof NETWORK | ((request: Request) => Response | Promise<Response>), probe?: boolean}} Options
 * @param {Options & {port?: number}} options
 */
export async function startEdge({ port, ...options } = {}) {
  const { edges, stop } = await startEdges([options], port);
  return { ...edges[0], stop };
}

/** Workers in one workerd: Miniflare's time to start it grows with the square of their number. */
const TOGETHER = 4;

/**
 * Starts a Worker for each of the options, several in one workerd, which takes a fraction of the time of a workerd for each. Each
 * has its own isolate, documents and Durable Objects. They share the logs, and those in one workerd share the Cache API's cache:
 * `miniflare.purgeCache`.
 * @param {Options[]} all
 */
export async function startEdges(all, wantedPort = 0) {
  const logs = [];
  const started = [];
  for (let from = 0; from < all.length; from += TOGETHER) {
    started.push(await startTogether(all.slice(from, from + TOGETHER), from === 0 ? wantedPort : 0, logs));
  }
  return {
    edges: started.flatMap(({ edges }) => edges),
    stop: () => Promise.all(started.map(({ miniflare }) => miniflare.dispose())),
  };
}

async function startTogether(all, wantedPort, logs) {
  const names = all.map((_, index) => (index === 0 ? "stagedoor" : `stagedoor-${index}`));
  const workers = await Promise.all(all.map((options, index) => worker(names[index], options)));
  const miniflare = new Miniflare({ port: wantedPort, handleStructuredLogs: ({ level, message }) => logs.push({ level, message }), workers });
  const port = Number((await miniflare.ready).port);
  const edges = await Promise.all(
    all.map(async ({ documents = {} }, index) => {
      const edge = new Edge(miniflare, names[index], await miniflare.getKVNamespace("CATALOG", names[index]), logs, port);
      await edge.put(documents);
      return edge;
    }),
  );
  return { edges, miniflare };
}

async function worker(name, { variables = {}, bindings = {}, upstream, probe = false }) {
  const text = present({ ENVIRONMENT: "test", SYNC_SECRET, EXPLAIN_SECRET, ...variables });
  const env = Object.fromEntries(Object.entries(text).map(([name, value]) => [name, { type: "text", value }]));
  const [index, glue, wasm] = await built;
  const handler = upstream ?? (() => new Response("", { status: 404 }));
  return {
    config: {
      name,
      compatibilityDate: "2026-10-01",
      manifest: {
        mainModule: probe ? "probe.js" : "index.js",
        modulesRoot: build,
        modules: {
          ...(probe && { "probe.js": { type: "esm", contents: PROBE } }),
          "index.js": { type: "esm", contents: index },
          "worker.js": { type: "esm", contents: glue },
          "index_bg.wasm": { type: "wasm", contents: wasm },
        },
      },
      env: present({
        ...env,
        CATALOG: { type: "kv", id: `CATALOG-${name}` },
        REPLAY: { type: "durable-object", worker: name, exportName: "UsedTokens" },
        STREAMS: { type: "durable-object", worker: name, exportName: "Streams" },
        WANTED: { type: "durable-object", worker: name, exportName: "WantedCreatives" },
        AD_RATE: { type: "durable-object", worker: name, exportName: "AdRate" },
        VIEWERS: { type: "durable-object", worker: name, exportName: "Viewers" },
        CAPS: { type: "durable-object", worker: name, exportName: "Caps" },
        EXPLAIN_LIMIT: { type: "rate-limit", namespace: name, simple: { limit: EXPLAIN_LIMIT, period: 60 } },
        ...bindings,
      }),
      exports: {
        UsedTokens: { type: "durable-object", storage: "sqlite" },
        Streams: { type: "durable-object", storage: "sqlite" },
        AdRate: { type: "durable-object", storage: "sqlite" },
        Viewers: { type: "durable-object", storage: "sqlite" },
        Caps: { type: "durable-object", storage: "sqlite" },
        WantedCreatives: { type: "durable-object", storage: "sqlite" },
      },
    },
    dev: { rootPath: build, ...(upstream === NETWORK ? {} : { outboundService: { type: "fetcher", handler } }) },
  };
}

/** One Worker under test. */
class Edge {
  #name;

  constructor(miniflare, name, catalog, logs, port) {
    this.#name = name;
    Object.assign(this, { miniflare, catalog, logs, port });
  }

  /** Puts documents into KV, for an isolate that has read none of them yet. */
  put = async (documents) => {
    const present = Object.entries(documents).filter(([, document]) => document !== null);
    await Promise.all(present.map(([key, document]) => this.catalog.put(key, JSON.stringify(document))));
  };

  /** @returns {Promise<Response>} */
  fetch = (url, { country = null, asn = null, ...init } = {}) =>
    this.#dispatch(url, { redirect: "manual", cf: { ...NOWHERE, country, asn }, ...init });

  /** Changes documents as the origin does, so that the isolate decides by them at once. */
  change = async (documents) => {
    const changes = Object.entries(documents).map(([key, { revision, ...document }]) => ({ key, revision, document }));
    const body = JSON.stringify({ changes });
    const headers = sign(SYNC_SECRET, body);
    const reply = await this.#dispatch("https://watch.example.com/_stagedoor/sync", { method: "POST", body, headers });
    for (const { key, outcome } of (await reply.json()).results) assert.equal(outcome, "applied", key);
  };

  /** The log's lines of JSON as objects with their level, from the line `from` on. */
  lines = (from = 0) => {
    const json = this.logs.slice(from).filter(({ message }) => message.startsWith("{"));
    return json.map(({ level, message }) => ({ level, ...JSON.parse(message) }));
  };

  /** The bytes of every memory, and of WebAssembly's own; with `probe` alone. */
  remembered = async () => (await this.#dispatch(MEMORY_URL)).json();

  /** Tells the isolate that its WebAssembly has trapped, and returns the number of the lost instance; with `probe` alone. */
  trap = async () => Number(await (await this.#dispatch(TRAP_URL)).text());

  #dispatch(url, { headers, ...init } = {}) {
    const routed = new Headers(headers);
    routed.set("MF-Route-Override", this.#name);
    return this.miniflare.dispatchFetch(url, { headers: routed, ...init });
  }
}

function present(members) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}

/** Waits for up to 5 s until `holds` returns true. */
export async function until(what, holds) {
  for (const end = Date.now() + 5_000; !(await holds()); await sleep(20)) assert.ok(Date.now() < end, `${what}: not within 5 s`);
}

const flows = new URL("../flows/", import.meta.url);

/** The names of the files of flows. `base.json` has their documents, and no flow. */
export async function flowFiles() {
  return (await readdir(flows)).filter((name) => name.endsWith(".json") && name !== "base.json").sort();
}

/** Reads a file of flows: `{{now+60}}` stands for a number of Unix seconds, `{{iso+60}}` for an RFC 3339 text. */
export async function readFlows(name) {
  const now = Math.floor(Date.now() / 1000);
  const text = await readFile(new URL(name, flows), "utf8");
  return JSON.parse(
    text
      .replace(/"\{\{now([+-]\d+)\}\}"/g, (_, offset) => String(now + Number(offset)))
      .replace(/\{\{iso([+-]\d+)\}\}/g, (_, offset) => new Date((now + Number(offset)) * 1000).toISOString()),
  );
}

/** A viewer token: signed by one of the flows' private keys, with claims in place of the usual ones. */
export async function mint(base, { key, kid = key, claims = {} }) {
  const { alg, ...secret } = base.private_keys[key];
  const all = Object.fromEntries(Object.entries({ ...base.claims, ...claims }).filter(([, value]) => value !== null));
  const known = base.documents[`v1/keys/${base.claims.iss}`].keys.find((known) => known.kid === key);
  const signer = await importJWK({ ...known, ...secret }, alg);
  return new SignJWT(all).setProtectedHeader({ alg, kid, typ: "JWT" }).sign(signer);
}

/** Changes the last byte of the signature. */
export function tamper(token) {
  const [header, payload, signature] = token.split(".");
  const bytes = base64url.decode(signature);
  bytes[bytes.length - 1] ^= 1;
  return `${header}.${payload}.${base64url.encode(bytes)}`;
}

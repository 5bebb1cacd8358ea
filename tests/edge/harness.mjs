// The built Worker in workerd, through Miniflare, with a scripted media origin.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Miniflare, Response } from "miniflare";

const build = fileURLToPath(new URL("../../build/", import.meta.url));

export const SYNC_SECRET = "a secret of the tests, 32 characters and more";

/** Miniflare would put a place of its own there. */
const NOWHERE = Object.fromEntries(
  ["regionCode", "continent", "metroCode", "postalCode", "latitude", "longitude"].map((name) => [name, null]),
);

/** Signs a body for the sync endpoint. */
export function sign(secret, body, at = Math.floor(Date.now() / 1000)) {
  return `t=${at},v1=${createHmac("sha256", secret).update(`${at}.${body}`).digest("hex")}`;
}

/**
 * Starts the Worker. `upstream` answers what it fetches; the default has nothing.
 * @param {{documents?: Record<string, unknown>, variables?: Record<string, string>,
 *          upstream?: (request: Request) => Response | Promise<Response>}} options
 */
export async function startEdge({ documents = {}, variables = {}, upstream } = {}) {
  const text = { ENVIRONMENT: "test", SYNC_SECRET, ...variables };
  const env = Object.fromEntries(Object.entries(text).map(([name, value]) => [name, { type: "text", value }]));
  const handler = upstream ?? (() => new Response("", { status: 404 }));
  const miniflare = new Miniflare({
    workers: [
      {
        config: {
          name: "stagedoor",
          compatibilityDate: "2026-10-01",
          manifest: {
            mainModule: "index.js",
            modulesRoot: build,
            modules: {
              "index.js": { type: "esm", contents: await readFile(`${build}index.js`, "utf8") },
              "index_bg.wasm": { type: "wasm", contents: await readFile(`${build}index_bg.wasm`) },
            },
          },
          env: { ...env, CATALOG: { type: "kv", id: "CATALOG" } },
          exports: {},
        },
        dev: { rootPath: build, outboundService: { type: "fetcher", handler } },
      },
    ],
  });
  const catalog = await miniflare.getKVNamespace("CATALOG");
  for (const [key, document] of Object.entries(documents)) {
    if (document !== null) await catalog.put(key, JSON.stringify(document));
  }
  return {
    catalog,
    /** @returns {Promise<Response>} */
    fetch: (url, { country = null, asn = null, ...init } = {}) =>
      miniflare.dispatchFetch(url, { redirect: "manual", cf: { ...NOWHERE, country, asn }, ...init }),
    /** Changes documents as the origin does, so that the isolate decides by them at once. */
    change: async (documents) => {
      const changes = Object.entries(documents).map(([key, { revision, ...document }]) => ({ key, revision, document }));
      const body = JSON.stringify({ changes });
      const headers = { "Stagedoor-Signature": sign(SYNC_SECRET, body) };
      const url = "https://watch.example.com/_stagedoor/sync";
      const report = await (await miniflare.dispatchFetch(url, { method: "POST", body, headers })).json();
      for (const { key, outcome } of report.results) assert.equal(outcome, "applied", key);
    },
    stop: () => miniflare.dispose(),
  };
}

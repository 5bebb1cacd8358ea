// The built Worker in workerd, through Miniflare, with a scripted media origin.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Miniflare, Response } from "miniflare";

const build = fileURLToPath(new URL("../../build/", import.meta.url));

export const SYNC_SECRET = "a secret of the tests, 32 characters and more";

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
    fetch: (url, { country, ...init } = {}) =>
      miniflare.dispatchFetch(url, { redirect: "manual", cf: country ? { country } : {}, ...init }),
    stop: () => miniflare.dispose(),
  };
}

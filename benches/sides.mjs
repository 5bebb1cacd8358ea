// The Workers that are compared, each in a workerd of its own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { serve } from "./workerd.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The modules of each side.
 *
 * @param {{entry?: string, folder?: string, against?: string}} from The peer's entry, the folder of Stagedoor's Worker, and the
 *        folder of another build of it.
 */
export async function modules({ entry = "peer/worker.mjs", folder = here("../build/"), against } = {}) {
  const script = async (name, body) => [{ name: `${name}.mjs`, kind: "esModule", body: await body }];
  return {
    stagedoor: await worker(folder),
    ...(against && { other: await worker(against) }),
    peer: await script("peer", bundle(entry)),
    twin: await script("twin", bundle("twin/worker.mjs")),
    hello: await script("hello", readFile(here("support/hello.mjs"))),
  };
}

async function worker(folder) {
  const read = (name) =>
    readFile(join(folder, name)).catch(() => {
      throw new Error(`${join(folder, name)} is not there: run scripts/build-edge first`);
    });
  return [
    { name: "index.js", kind: "esModule", body: await read("index.js") },
    { name: "worker.js", kind: "esModule", body: await read("worker.js") },
    { name: "index_bg.wasm", kind: "wasm", body: await read("index_bg.wasm") },
  ];
}

async function bundle(entry) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [here(entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    minify: true,
    legalComments: "none",
    // Not the `browser` field: hls-parser's is a bundle for old browsers.
    mainFields: ["module", "main"],
  });
  return Buffer.from(outputFiles[0].contents);
}

/** Sizes in bytes, as they are and as `gzip -9` makes them. */
export function sizes({ stagedoor: [, glue, wasm], peer: [peer] }) {
  const size = (body) => ({ raw: body.length, gzipped: gzipSync(body, { level: 9 }).length });
  return { wasm: size(wasm.body), glue: size(glue.body), peer: size(peer.body) };
}

/** Starts the sides of these names, and what they need. */
export async function startSides(modules, documents, names) {
  const folder = await mkdtemp(join(tmpdir(), "stagedoor-bench-"));
  const origin = fork(here("support/origin.mjs"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const started = [];
  const stop = async () => {
    await Promise.all(started.map((side) => side.stop()));
    origin.kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [originPort] = await once(origin, "message");
    const services = { kv: await readFile(here("support/kv.mjs")), cache: await readFile(here("support/cache.mjs")) };
    const common = { folder, services, documents, originPort };
    const variables = { ENVIRONMENT: "bench", SYNC_SECRET: "a secret of the benchmark, never of a deployment" };
    const sides = {};
    const every = {
      stagedoor: { modules: modules.stagedoor, variables },
      other: { modules: modules.other, variables },
      peer: { modules: modules.peer, variables },
      lenient: { modules: modules.peer, variables: { ...variables, UNCHANGED: "source" } },
      twin: { modules: modules.twin },
      hello: { modules: modules.hello },
    };
    for (const name of names) {
      sides[name] = await serve({ name, ...common, ...every[name] });
      started.push(sides[name]);
    }
    return { ...sides, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

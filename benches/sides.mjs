// The Workers that are held against each other, each in a workerd of its own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { serve } from "./workerd.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The modules of each side, with the peer's entry and the folder of Stagedoor's Worker. */
export async function modules(entry = "peer/worker.mjs", folder = "../build/") {
  const peer = await bundle(entry);
  const built = (name) =>
    readFile(here(`${folder}${name}`)).catch(() => {
      throw new Error(`${folder}${name} is not there: run scripts/build-edge first`);
    });
  return {
    stagedoor: [
      { name: "index.js", kind: "esModule", body: await built("index.js") },
      { name: "worker.js", kind: "esModule", body: await built("worker.js") },
      { name: "index_bg.wasm", kind: "wasm", body: await built("index_bg.wasm") },
    ],
    peer: [{ name: "peer.mjs", kind: "esModule", body: peer }],
    hello: [{ name: "hello.mjs", kind: "esModule", body: await readFile(here("support/hello.mjs")) }],
  };
}

async function bundle(entry) {
  const { outputFiles } = await build({
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

/** Starts sides, every one unless some are named, and what they need. */
export async function startSides(modules, documents, names = ["stagedoor", "peer", "lenient", "hello"]) {
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
      peer: { modules: modules.peer, variables },
      lenient: { modules: modules.peer, variables: { ...variables, UNCHANGED: "source" } },
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

// Starts workerd for one Worker, with nothing between the load and the Worker but workerd's own socket. Its KV
// namespace and cache are services of the same process, the media origin is a process behind a loopback port; all
// sides get the same ones and the same settings.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import workerd from "workerd";

/** The version of the package. */
export const { version } = workerd;

const { default: program } = workerd;

const COMPATIBILITY_DATE = "2026-10-01";

/**
 * @param {{name: string, folder: string, modules: {name: string, kind: "esModule" | "wasm" | "json", body: string | Buffer}[],
 *          variables?: Record<string, string>, services: Record<"kv" | "cache", string>, documents: object, originPort: number}} side
 */
export async function serve({ name, folder, modules, variables = {}, services, documents, originPort }) {
  const files = join(folder, name);
  await mkdir(files, { recursive: true });
  const embed = async ({ name, kind, body }) => {
    const file = basename(name);
    await writeFile(join(files, file), body);
    return `(name = ${quote(name)}, ${kind} = embed ${quote(file)})`;
  };
  const list = async (items) => `[${(await Promise.all(items.map(embed))).join(", ")}]`;
  const service = (name, body) => ({ name: `${name}.mjs`, kind: "esModule", body });
  const bindings = Object.entries(variables).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`);
  const config = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = ${await list(modules)},
      compatibilityDate = "${COMPATIBILITY_DATE}",
      bindings = [${["(name = \"CATALOG\", kvNamespace = \"kv\")", ...bindings].join(", ")}],
      cacheApiOutbound = "cache",
      globalOutbound = "origin",
    )),
    (name = "kv", worker = (
      modules = ${await list([
        service("kv", services.kv),
        { name: "documents.json", kind: "json", body: JSON.stringify(documents) },
      ])},
      compatibilityDate = "${COMPATIBILITY_DATE}",
    )),
    (name = "cache", worker = (
      modules = ${await list([service("cache", services.cache)])},
      compatibilityDate = "${COMPATIBILITY_DATE}",
    )),
    (name = "origin", external = (address = "127.0.0.1:${originPort}", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (cfBlobHeader = "CF-Blob"), service = "main")],
);
`;
  await writeFile(join(files, "config.capnp"), config);
  return start(name, join(files, "config.capnp"));
}

async function start(name, config) {
  // The log of refusals goes to standard output, which nobody reads here: both sides pay for writing it.
  const begun = performance.now();
  const child = spawn(program, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let errors = "";
  child.stderr.on("data", (text) => (errors = (errors + text).slice(-2000)));
  const port = await new Promise((resolve, reject) => {
    let text = "";
    child.stdio[3].on("data", (data) => {
      text += data;
      const line = text.split("\n").find((line) => line.includes('"listen"'));
      if (line) resolve(JSON.parse(line).port);
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`workerd for ${name} ended:\n${errors}`)));
  });
  return {
    name,
    port,
    /** When its process was begun, as `performance.now()` tells. */
    begun,
    pid: child.pid,
    /** The bytes that it has written so far; unknown where there is no /proc. */
    written() {
      try {
        return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${child.pid}/io`, "utf8"))[1]);
      } catch {
        return NaN;
      }
    },
    /** The processor time of its threads so far, in milliseconds; unknown where there is no /proc. */
    processorMs() {
      try {
        const threads = readdirSync(`/proc/${child.pid}/task`);
        const ran = (thread) => Number(readFileSync(`/proc/${child.pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
        return threads.reduce((sum, thread) => sum + ran(thread), 0) / 1e6;
      } catch {
        return NaN;
      }
    },
    errors: () => errors,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

const quote = (text) => JSON.stringify(text);

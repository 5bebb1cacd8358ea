// Loads one side, through wrk.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { HOST } from "./fixture.mjs";

const run = promisify(execFile);
const script = fileURLToPath(new URL("load.lua", import.meta.url));

/** Makes the load generator; an error says what to install. Its lists go to `folder`. */
export async function loader(connections, folder) {
  // wrk's exit status for --version is 1.
  const found = await run("wrk", ["--version"]).catch((error) => error);
  if (found.code === "ENOENT") {
    throw new Error("wrk is not installed: it is the package `wrk` of Debian, Ubuntu, Fedora and Homebrew");
  }
  return {
    /**
     * Loads a side for so many whole seconds: requests a second, and the milliseconds of processor time a request of each
     * slice of them. Fails if an answer is not of the status that the scenario expects.
     */
    async measure(side, { paths, country = "AE", status = 200 }, seconds) {
      const list = join(folder, "paths");
      await writeFile(list, `${paths.join("\n")}\n`);
      // One thread, so that no two draw the same token; the other core is the Worker's.
      const shape = ["--threads", "1", "--connections", connections, "--duration", `${seconds}s`, "--timeout", "10s"];
      const headers = ["-H", `Host: ${HOST}`, "-H", `CF-Blob: {"country":"${country}"}`];
      const args = [...shape.map(String), ...headers, "-s", script, `http://127.0.0.1:${side.port}`, "--", list];
      const slices = sliced(side);
      const { stderr } = await run("wrk", args);
      const { requests, microseconds, refused, broken } = JSON.parse(stderr);
      const cpuMs = slices.end(requests);
      const expected = status < 400 ? 0 : requests;
      if (requests === 0 || broken > 0 || refused !== expected) {
        throw new Error(
          `${side.name}: of ${requests} requests ${broken} broke and ${refused} were refused\n${side.errors()}`,
        );
      }
      return { rate: (requests * 1e6) / microseconds, cpuMs };
    },
  };
}

/** The length of a slice, in milliseconds: in some of them, no other program was in the way. */
const SLICE_MS = 50;

/** Watches the processor time that a side takes and the bytes that it writes, slice by slice. */
function sliced(side) {
  const spent = () => ({ processorMs: side.processorMs(), written: side.written() });
  const slices = [];
  const first = spent();
  let last = first;
  const timer = setInterval(() => {
    const now = spent();
    slices.push({ processorMs: now.processorMs - last.processorMs, written: now.written - last.written });
    last = now;
  }, SLICE_MS);
  return {
    /** Milliseconds of processor time a request of each slice, given how many requests there were in all. */
    end(requests) {
      clearInterval(timer);
      const replyBytes = (spent().written - first.written) / requests;
      // In the first and the last, connections are opened and closed.
      const whole = slices.slice(1, -1).filter(({ written }) => written > 0);
      return whole.map(({ processorMs, written }) => (processorMs * replyBytes) / written);
    },
  };
}

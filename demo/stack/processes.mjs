// Which process is which. The system uses a process number again, so a number alone proves nothing.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The variable by which the servers of a demo, and their own children, are known: its value is the state folder's path. */
export const STATE = "STAGEDOOR_DEMO_STATE";

const HAS_PROC = existsSync("/proc/self/stat");

/** How long a process may take to end of its own accord, in milliseconds. */
const PATIENCE_MS = 5_000;

const POLL_MS = 50;

/** When a process began, in the system's own notation: with the number, it identifies a process. Null if there is none. */
export function startOf(pid) {
  if (!HAS_PROC) return ps("-p", String(pid), "-o", "lstart=");
  const stat = read(`/proc/${pid}/stat`);
  if (!stat) return null;
  // The name, in parentheses, may hold anything. After it come the state and, as the 22nd field of all, the ticks since boot.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? null : `${read("/proc/sys/kernel/random/boot_id").trim()} ${fields[19]}`;
}

/** The processes of this user whose environment has a variable with this value. */
export function carrying(name, value) {
  if (HAS_PROC) {
    const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)).map(Number);
    return pids.filter((pid) => startOf(pid) && read(`/proc/${pid}/environ`)?.split("\0").includes(`${name}=${value}`));
  }
  const lines = ps("-axEww", "-o", "pid=,command=")?.split("\n") ?? [];
  return lines.filter((line) => `${line} `.includes(` ${name}=${value} `)).map((line) => Number.parseInt(line, 10));
}

/** Ends the processes that `find` lists, until it lists none: with SIGTERM, and after a while with SIGKILL. */
export async function endAll(find) {
  for (const [signal, patience] of [["SIGTERM", PATIENCE_MS], ["SIGKILL", PATIENCE_MS]]) {
    for (const pid of find()) send(pid, signal);
    for (const end = Date.now() + patience; Date.now() < end; await sleep(POLL_MS)) {
      if (find().length === 0) return;
    }
  }
  throw new Error(`expected these processes to end: ${find().join(", ")}. End them by hand, and start again`);
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** A file's text, or null: a process can end while its files are read, and another user's are closed. */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(error.code)) return null;
    throw error;
  }
}

/** What `ps` prints, or null where it finds no process. */
function ps(...args) {
  try {
    return execFileSync("ps", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, stdio: ["ignore", "pipe", "ignore"] }).trim() || null;
  } catch (error) {
    if (error.status === 1) return null;
    throw error;
  }
}

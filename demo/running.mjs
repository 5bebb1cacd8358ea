// Who runs on a state folder. Two demos on one folder would write over each other, and so would the servers that a killed demo
// has left behind.
//
// `running.json` there names the demo that runs: its process, when that began, and its page once there is one. Its servers, and
// their own children, carry the folder's path in their environment: whoever carries it while no demo runs was left behind.
import { linkSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { STATE, carrying, endAll, startOf } from "./stack/processes.mjs";

const POLL_MS = 200;
const SAY_EACH_MS = 5_000;

/** The name of the record in a state folder. */
export const RECORD = "running.json";

const fileOf = (folder) => join(folder, RECORD);

/** The demo that runs on a folder. @returns {{pid: number, started: string, page: string | null} | null} */
export function runningDemo(folder) {
  const found = read(folder);
  return found && startOf(found.pid) === found.started ? found : null;
}

/** Says where the page of the running demo is, once it has one. @returns {Promise<boolean>} false if the demo has ended before */
export async function pointToRunning(folder) {
  let said = 0;
  for (let found = runningDemo(folder); found; found = runningDemo(folder)) {
    if (found.page) {
      console.log(`Stagedoor is running already, as process ${found.pid}: ${found.page}`);
      return true;
    }
    if (Date.now() - said >= SAY_EACH_MS) {
      said = Date.now();
      console.log(`A demo is starting, as process ${found.pid}: waiting for its page ...`);
    }
    await sleep(POLL_MS);
  }
  return false;
}

/** The state of a running demo is not to be forgotten. */
export function refuseReset(folder) {
  const { pid } = runningDemo(folder) ?? {};
  if (pid) throw new Error(`a demo is running, as process ${pid}. End it first, with Ctrl-C in its terminal or \`kill ${pid}\``);
}

/**
 * Makes this process the demo of a folder, and ends what a killed one has left there.
 * @param {string} folder
 * @param {(text: string) => void} say
 * @returns {Promise<Place | null>} null if another demo runs there
 */
export async function takePlace(folder, say) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const place = new Place(folder);
  while (!place.take()) {
    if (runningDemo(folder)) return null;
    place.clear();
  }
  const state = realpathSync(folder);
  const left = () => carrying(STATE, state);
  const count = left().length;
  if (count > 0) {
    say(`Ending ${count} processes that a killed demo has left behind ...`);
    await endAll(left);
  }
  return place;
}

/** A demo's place in its folder. */
class Place {
  #folder;
  #record = { pid: process.pid, started: startOf(process.pid), page: null };

  constructor(folder) {
    this.#folder = folder;
  }

  /** Writes the record unless there is one. A link appears with its content, or not at all. */
  take() {
    const own = this.#write();
    try {
      linkSync(own, fileOf(this.#folder));
      process.on("exit", () => this.#leave());
      return true;
    } catch (error) {
      if (error.code === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(own);
    }
  }

  /** Takes a dead demo's record away; a living one's, that has come in between, is put back. */
  clear() {
    const aside = `${fileOf(this.#folder)}.${process.pid}.old`;
    try {
      renameSync(fileOf(this.#folder), aside);
    } catch (error) {
      if (error.code === "ENOENT") return;
      throw error;
    }
    const found = parse(aside);
    if (found && startOf(found.pid) === found.started) linkSync(aside, fileOf(this.#folder));
    rmSync(aside);
  }

  /** Says where the page is. */
  open(page) {
    this.#record.page = page;
    renameSync(this.#write(), fileOf(this.#folder));
  }

  #write() {
    const own = `${fileOf(this.#folder)}.${process.pid}`;
    writeFileSync(own, `${JSON.stringify(this.#record)}\n`, { mode: 0o600 });
    return own;
  }

  #leave() {
    const found = read(this.#folder);
    if (found?.pid === this.#record.pid && found.started === this.#record.started) rmSync(fileOf(this.#folder), { force: true });
  }
}

const read = (folder) => parse(fileOf(folder));

/** The record, or null if it is missing or cannot be read. */
function parse(file) {
  try {
    const { pid, started, page = null } = JSON.parse(readFileSync(file, "utf8"));
    return Number.isInteger(pid) && typeof started === "string" ? { pid, started, page } : null;
  } catch (error) {
    if (error.code === "ENOENT" || error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

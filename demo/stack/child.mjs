// A child process with its log in a file, in a process group of its own, so that Ctrl-C reaches it through us alone.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, realpathSync } from "node:fs";
import { STATE } from "./processes.mjs";

/** How long a child may take to end of its own accord, in milliseconds. */
const PATIENCE_MS = 5_000;

export class Child {
  #spec;
  #process = null;
  #ended = Promise.resolve();
  #stopping = false;

  /**
   * @param {{name: string, command: string, args: string[], env?: Record<string, string>, cwd?: string, state: string,
   *          log: string, died?: (child: Child, how: string) => void}} spec
   *   `state` is the demo's folder. `died` is called when it ends without having been told to.
   */
  constructor(spec) {
    this.#spec = spec;
  }

  get name() {
    return this.#spec.name;
  }

  get log() {
    return this.#spec.log;
  }

  get running() {
    return this.#process !== null;
  }

  start() {
    const { command, args, env, cwd, state, log, died } = this.#spec;
    const file = openSync(log, "a", 0o600);
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env, [STATE]: realpathSync(state) }, stdio: ["ignore", file, file], detached: true });
    closeSync(file);
    this.#process = child;
    this.#stopping = false;
    this.#ended = new Promise((resolve) => {
      const end = (how) => {
        if (this.#process !== child) return;
        // Whoever is left of its group goes with it.
        this.#signal(child, "SIGKILL");
        this.#process = null;
        resolve();
        if (!this.#stopping) died?.(this, how);
      };
      child.once("error", (error) => end(error.message));
      child.once("exit", (code, signal) => end(signal ? `ended by ${signal}` : `exit code ${code}`));
    });
  }

  /** Sends a signal to the whole group: wrangler has children of its own. */
  signal(signal) {
    if (this.#process) this.#signal(this.#process, signal);
  }

  #signal({ pid }, signal) {
    try {
      if (pid) process.kill(-pid, signal);
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  }

  /** Ends it, with patience. */
  async stop() {
    this.#stopping = true;
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), PATIENCE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Ends it at once, without a chance to write anything. */
  async kill() {
    this.#stopping = true;
    this.signal("SIGKILL");
    await this.#ended;
  }

  /** The end of its log. */
  lastLines(count = 15) {
    return readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  }
}

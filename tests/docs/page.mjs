// Runs the commands of a page of the documentation, as a reader types them.
//
// A page marks its fenced blocks by their info string:
//   ```sh             a command: run in one shell, in the order of the page; it has to succeed
//   ```sh terminal    a server: runs beside the commands until the page ends
//   ```sh by-hand     not run: a test does it beforehand, or it needs a person
//   ```text           the output of the command before it. `…` matches any text within a line, and a line `…` matches any
//                     lines. The output of a command without such a block is not checked.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";

/** The time limit for a block. */
const LONGEST_BLOCK_MS = 60_000;

/** The fenced blocks of a page. @returns {{language: string, mark: string, text: string, line: number}[]} */
export function blocksOf(page) {
  const blocks = [];
  let open = null;
  page.split("\n").forEach((line, index) => {
    const fence = /^```(\S*)\s*(.*)$/.exec(line);
    if (open && line === "```") {
      blocks.push({ ...open, text: open.lines.join("\n") });
      open = null;
    } else if (open) {
      open.lines.push(line);
    } else if (fence) {
      open = { language: fence[1], mark: fence[2], line: index + 2, lines: [] };
    }
  });
  if (open) throw new Error(`expected the end of the block at line ${open.line}, found none`);
  return blocks;
}

/** Whether an output matches the one on the page. */
export function fits(expected, output) {
  const pattern = expected
    .trim()
    .split("\n")
    .map((line) => (line === "…" ? "(?:.*\n)*?.*" : line.split("…").map(escape).join(".*")))
    .join("\n");
  return new RegExp(`^${pattern}$`).test(output.trim());
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Runs a page. `replace` maps texts of the page to local values, such as a port to a free one. `ready` is awaited after the
 * start of each server.
 *
 * @param {URL} url
 * @param {{cwd: string, env?: Record<string, string>, replace?: Record<string, string>, ready?: () => Promise<void>}} options
 * @returns {Promise<{line: number, command: string, expected: string | null, output: string}[]>} the commands, in order
 */
export async function runPage(url, { cwd, env = {}, replace = {}, ready = async () => {} }) {
  const here = (text) => Object.entries(replace).reduce((text, [from, to]) => text.replaceAll(from, to), text);
  const blocks = blocksOf(await readFile(url, "utf8"));
  const shell = new Shell({ cwd, env });
  const servers = [];
  const runs = [];
  try {
    for (const [index, { language, mark, text, line }] of blocks.entries()) {
      if (language !== "sh" || mark === "by-hand") continue;
      const command = here(text);
      if (mark === "terminal") {
        servers.push(spawn("bash", ["-c", `exec ${command}`], { cwd, env: { ...process.env, ...env }, stdio: "ignore" }));
        await ready();
        continue;
      }
      if (mark !== "") throw new Error(`line ${line}: expected no mark, terminal or by-hand, found ${mark}`);
      const next = blocks[index + 1];
      const expected = next?.language === "text" ? here(next.text) : null;
      const { code, output } = await shell.run(command);
      if (code !== 0) throw new Error(`line ${line}: exit code ${code} of\n${command}\n\n${output}`);
      if (expected !== null && !fits(expected, output)) {
        throw new Error(`line ${line}: expected\n${expected}\n\nfound\n${output}`);
      }
      runs.push({ line, command, expected, output });
    }
  } finally {
    for (const server of servers) server.kill();
    shell.end();
  }
  return runs;
}

/** A bash that keeps variables and functions from block to block. */
class Shell {
  #process;
  #output = "";
  #heard = () => {};

  constructor({ cwd, env }) {
    this.#process = spawn("bash", ["--norc"], { cwd, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.#output += text;
        this.#heard();
      });
    }
    this.#process.on("exit", () => this.#heard());
  }

  /** Runs a block. Its exit code is that of its last command. */
  async run(command) {
    this.#output = "";
    const mark = `end-of-block-${Math.random().toString(36).slice(2)}`;
    // The shell reads the commands from its standard input, so the commands need another one.
    this.#process.stdin.write(`{\n${command}\n} </dev/null\necho "${mark}:$?"\n`);
    const end = new RegExp(`${mark}:(\\d+)\\n`);
    const late = setTimeout(() => this.end(), LONGEST_BLOCK_MS);
    while (!end.test(this.#output)) {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        throw new Error(`the shell ended, or was ended after ${LONGEST_BLOCK_MS / 1000} s, in\n${command}\n\n${this.#output}`);
      }
      await new Promise((resolve) => (this.#heard = resolve));
    }
    clearTimeout(late);
    const [tail, code] = end.exec(this.#output);
    return { code: Number(code), output: this.#output.replace(tail, "") };
  }

  end() {
    this.#process.kill();
  }
}

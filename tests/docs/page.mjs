// Runs the commands of a page of the documentation, as a reader types them.
//
// A page marks its fenced blocks by their info string:
//   ```sh             a command: run in one shell, in the order of the page; it has to succeed
//   ```sh terminal    a server: runs beside the commands until the page ends
//   ```sh by-hand     not run: a test does it beforehand, or it needs a person. The reason may follow: `by-hand: it needs an account`
//   ```toml in FILE   lines to fill in: each key replaces that of its table in the file
//   ```text           the output of the command before it. `…` matches any text within a line, and a line `…` matches any
//                     lines. The output of a command without such a block is not checked.
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

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

/** The heading of the second level above a line, or an empty text. */
export function headingAbove(page, line) {
  return page.split("\n").slice(0, line).findLast((text) => text.startsWith("## "))?.slice(3) ?? "";
}

/** Whether an output matches the one on the page. */
export function fits(expected, output) {
  const pattern = expected
    .trim()
    .split("\n")
    .map((line) => (line === "…" ? "(?:.*\n)*?.*" : line.split("…").map(escape).join(".*")))
    .join("\n");
  return new RegExp(`^${pattern}$`).test(output.replaceAll("\r\n", "\n").trim());
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A TOML file in which each key of a block has replaced that of the same table. */
export function filledIn(file, block) {
  const [header, ...lines] = block.split("\n");
  const start = file.indexOf(`${header}\n`);
  if (!/^\[.+\]$/.test(header) || start < 0) throw new Error(`expected a table of the file, found ${header}`);
  const end = file.indexOf("\n[", start + 1);
  const table = lines.reduce(
    (table, line) => {
      const key = line.slice(0, line.indexOf("=") + 1);
      const found = table.split("\n").filter((old) => old.startsWith(key));
      if (key === "" || found.length !== 1) throw new Error(`expected one line for \`${line}\` in ${header}, found ${found.length}`);
      return table.replace(found[0], () => line);
    },
    file.slice(start, end < 0 ? file.length : end),
  );
  return file.slice(0, start) + table + (end < 0 ? "" : file.slice(end));
}

/**
 * Runs a page. `replace` maps texts of the page to local values, such as a port to a free one. `ready` is awaited after the
 * start of each server. `byHand` hears of each block that is not run, and does what a person would. `record` hears of each block, with
 * its mark, its output and its seconds. Servers end with the page, unless the caller passes a list to keep them in.
 *
 * @param {URL} url
 * @param {{cwd: string, env?: Record<string, string>, replace?: Record<string, string>, ready?: (command: string) => Promise<void>,
 *          byHand?: (command: string) => void | Promise<void>, servers?: Server[],
 *          record?: (block: {line: number, mark: string, command: string, output: string, seconds: number}) => void}} options
 * @returns {Promise<{line: number, command: string, expected: string | null, output: string}[]>} the commands, in order
 */
export async function runPage(url, { cwd, env = {}, replace = {}, ready = async () => {}, byHand = () => {}, record = () => {}, servers = null }) {
  const here = (text) => Object.entries(replace).reduce((text, [from, to]) => text.replaceAll(from, to), text);
  const blocks = blocksOf(await readFile(url, "utf8"));
  const shell = new Shell({ cwd, env });
  const own = [];
  const runs = [];
  try {
    for (const [index, { language, mark, text, line }] of blocks.entries()) {
      const command = here(text);
      const started = Date.now();
      const done = (output) => record({ line, mark, command, output, seconds: (Date.now() - started) / 1000 });
      if (language === "toml" && mark.startsWith("in ")) {
        const file = join(cwd, mark.slice("in ".length));
        await writeFile(file, filledIn(await readFile(file, "utf8"), command));
      }
      if (language !== "sh") continue;
      if (/^by-hand(: .+)?$/.test(mark)) {
        await byHand(command);
        done("");
        continue;
      }
      if (mark === "terminal") {
        const server = new Server(command, { cwd, env });
        (servers ?? own).push(server);
        await Promise.race([ready(command), server.failed]);
        done(server.output);
        continue;
      }
      if (mark !== "") throw new Error(`line ${line}: expected no mark, terminal or by-hand, found ${mark}`);
      const next = blocks[index + 1];
      const expected = next?.language === "text" ? here(next.text) : null;
      const { code, output } = await shell.run(command);
      done(output);
      if (code !== 0) throw new Error(`line ${line}: exit code ${code} of\n${command}\n\n${output}`);
      if (expected !== null && !fits(expected, output)) {
        throw new Error(`line ${line}: expected\n${expected}\n\nfound\n${output}`);
      }
      runs.push({ line, command, expected, output });
    }
  } finally {
    await Promise.all(own.map((server) => server.stop()));
    shell.end();
  }
  return runs;
}

/** A command that serves until it is stopped. */
class Server {
  #process;
  #stopping = false;
  output = "";

  constructor(command, { cwd, env }) {
    this.#process = spawn("bash", ["-c", `exec ${command}`], { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream.setEncoding("utf8").on("data", (text) => (this.output += text));
    this.ended = new Promise((resolve) => this.#process.once("close", resolve));
    /** Rejects when the command ends by itself. */
    this.failed = this.ended.then(() => {
      if (!this.#stopping) throw new Error(`the server ended:\n${command}\n\n${this.output}`);
    });
    this.failed.catch(() => {});
  }

  async stop() {
    this.#stopping = true;
    this.#process.kill();
    await this.ended;
  }
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
    // The shell reads the commands from its standard input, so the commands need another one. Errors and remarks keep their place
    // among the results.
    this.#process.stdin.write(`{\n${command}\n} </dev/null 2>&1\necho "${mark}:$?"\n`);
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

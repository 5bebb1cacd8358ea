// The commands of the documentation exist, with the options that they are given there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { program } from "../../demo/stack/programs.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

const PROGRAMS = ["stagedoor", "stagedoor-origin"];

/** The pages: those of docs/ and below, and the README. */
const pages = ["README.md", ...readdirSync(`${root}docs`, { recursive: true }).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];

/** The help of a command, once. */
const helps = new Map();
function help(words) {
  const key = words.join(" ");
  if (!helps.has(key)) helps.set(key, execFileSync(program(words[0]), [...words.slice(1), "--help"], { encoding: "utf8" }));
  return helps.get(key);
}

/** The commands below a command, by its help. */
function below(words) {
  const list = /^Commands:\n((?: .*\n|\n(?= ))*)/m.exec(help(words))?.[1] ?? "";
  return [...list.matchAll(/^ {2}([a-z][a-z0-9-]*) /gm)].map(([, name]) => name);
}

/** The commands of a page: each from the name of the program to the end of the line, a pipe or a quotation. */
export function commands(page) {
  const joined = page.replaceAll(/\s*\\\n\s*/g, " ");
  const code = [];
  let fence = false;
  for (const line of joined.split("\n")) {
    if (line.startsWith("```")) fence = !fence;
    else if (fence || /^ {4}/.test(line)) code.push(line);
    else code.push(...[...line.matchAll(/`([^`]+)`/g)].map(([, text]) => text));
  }
  return code.flatMap((line) => line.split(/\$\(|\|\||&&|[|;()<>#]|\$ /).map((part) => part.trim())).filter((part) => PROGRAMS.includes(part.split(" ")[0]));
}

test("each command of the documentation exists, with its options", () => {
  const wrong = [];
  let count = 0;
  for (const page of pages) {
    for (const command of commands(readFileSync(`${root}${page}`, "utf8"))) {
      const words = command.replaceAll(/'[^']*'|"[^"]*"/g, "TEXT").split(/\s+/);
      const path = [words.shift()];
      const options = [];
      let subcommands = below(path);
      while (words.length > 0) {
        const word = words.shift();
        if (word.startsWith("--")) {
          options.push(word.split("=")[0]);
          if (word === "--profile") words.shift();
        } else if (subcommands.includes(word)) {
          path.push(word);
          subcommands = below(path);
        } else if (subcommands.length > 0 && /^[a-z][a-z0-9-]*$/.test(word)) {
          wrong.push(`${page}: \`${command}\`: ${path.join(" ")} has no command ${word}`);
          break;
        }
      }
      const text = help(path);
      for (const option of options) {
        if (option !== "--help" && !text.includes(option)) wrong.push(`${page}: \`${command}\`: ${path.join(" ")} has no option ${option}`);
      }
      count += 1;
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(count > 50, `expected more than 50 commands, found ${count}`);
});

test("commands are found in blocks, in indented lines and in quotations", () => {
  const page = "Use `stagedoor a --b`.\n\n```sh\nX=$(stagedoor c d \\\n  --e) || stagedoor f\n```\n\n    stagedoor g\n\nstagedoor h\n";
  assert.deepEqual(commands(page), ["stagedoor a --b", "stagedoor c d --e", "stagedoor f", "stagedoor g"]);
});

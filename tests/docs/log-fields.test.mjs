// docs/RUNBOOK.md lists each line and each field of the logs of the edge and the origin service, as the sources write them.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/RUNBOOK.md"), "utf8");

/** The rows of the table after a remark of the page. */
function rows(remark) {
  const table = page.split(`<!-- ${remark}: compared with the sources by a test -->\n\n`)[1]?.split("\n\n")[0];
  assert.ok(table, `no table of ${remark}`);
  return table.split("\n").slice(2).map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
}

const code = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
const sorted = (names) => [...new Set(names)].sort();

/** The sources below a folder, without their tests. */
function sources(folder) {
  const files = readdirSync(join(root, folder), { recursive: true }).filter((name) => name.endsWith(".rs"));
  return files.map((name) => readFileSync(join(root, folder, name), "utf8").split("#[cfg(test)]")[0]).join("\n");
}

/** The texts between the brackets that end each match of a pattern and their counterparts. Strings may hold brackets. */
function within(source, opening) {
  return [...source.matchAll(opening)].map((match) => {
    const from = match.index + match[0].length;
    let depth = 1;
    let inString = false;
    let at = from;
    for (; depth > 0; at += 1) {
      if (source[at] === '"' && source[at - 1] !== "\\") inString = !inString;
      else if (!inString && "([{".includes(source[at])) depth += 1;
      else if (!inString && ")]}".includes(source[at])) depth -= 1;
    }
    return { match, text: source.slice(from, at - 1) };
  });
}

test("the edge's fields", () => {
  const worker = sources("src/worker");
  const lines = within(worker, /json!\(\{/g).filter(({ text }) => /"kind":/.test(text));
  const members = lines.flatMap(({ text }) => [...text.matchAll(/"([a-z_]+)":/g)].map(([, name]) => name));
  const added = [...worker.matchAll(/members\.insert\("([a-z_]+)"/g)].map(([, name]) => name);
  const counts = [...readFileSync(join(root, "src/repeats.rs"), "utf8").split("#[cfg(test)]")[0].matchAll(/"(repeats|others)"/g)].map(([, name]) => name);
  assert.ok(members.length > 15 && added.includes("session") && sorted(counts).length === 2, "the sources write lines in another way than this test knows");
  assert.deepEqual(sorted(rows("edge fields").flatMap(([name]) => code(name))), sorted([...members, ...added, ...counts]));
});

test("the edge's kinds of lines", () => {
  const worker = sources("src/worker");
  const told = code(page.split("## The log of the edge")[1].split("<!--")[0].split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split("|")[1]).join());
  const literal = [...worker.matchAll(/"kind": "([a-z ]+)"/g), ...worker.matchAll(/"(rehearsal|denial|fault)"[,)]/g)].map(([, kind]) => kind);
  const refused = [...worker.matchAll(/\.reply\("([a-z]+)"\)/g)].map(([, endpoint]) => `${endpoint} refused`);
  const repeated = /"kind":"([a-z]+)"/.exec(readFileSync(join(root, "src/repeats.rs"), "utf8"))[1];
  assert.deepEqual(sorted(told), sorted([...literal, ...refused, repeated]));
});

/** The lines of the origin service: level, message and fields. */
function originLines() {
  return within(sources("origin/src"), /tracing::(error|warn|info|debug|trace)!\(/g).map(({ match, text }) => {
    const [, message] = /"([^"]*)"\s*,?\s*$/.exec(text);
    const fields = text.slice(0, text.lastIndexOf(`"${message}"`)).split(/,(?![^(]*\))/).map((part) => part.trim()).filter(Boolean);
    return { level: match[1], message, fields: fields.map((field) => /^[%?]?([a-z_]+)/.exec(field)[1]) };
  });
}

test("the origin service's lines", () => {
  const lines = originLines();
  assert.ok(lines.length > 20);
  const real = new Map();
  for (const { level, message, fields } of lines) {
    const name = `${level} ${message}`;
    real.set(name, sorted([...(real.get(name) ?? []), ...fields]));
  }
  const told = new Map(rows("origin lines").map(([level, message, fields]) => [`${level} ${code(message)[0]}`, sorted(code(fields))]));
  assert.deepEqual([...told].sort(), [...real].sort());
});

test("the origin service's fields", () => {
  assert.deepEqual(sorted(rows("origin fields").flatMap(([name]) => code(name))), sorted(originLines().flatMap(({ fields }) => fields)));
});

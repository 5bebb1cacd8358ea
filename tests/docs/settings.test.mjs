// docs/SETTINGS.md lists the settings that the programs, the Worker and the scripts read: all of them, and no others.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { experimental_readRawConfig as readRawConfig } from "wrangler";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/SETTINGS.md"), "utf8");
const programs = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug");

/** The rows of the tables below a heading, as cells of text. `table` is the number of the table. */
function rows(heading, table = 0) {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  assert.ok(section, `no section ${heading}`);
  const lines = section.split("\n\n").filter((text) => text.startsWith("|"))[table].trim().split("\n");
  return lines.slice(2).map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
}

/** The words of a cell that are set as code. */
const code = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);

const names = (cells) => cells.flatMap(code).sort();

function same(found, onPage, what) {
  const [real, told] = [[...new Set(found)].sort(), [...new Set(onPage)].sort()];
  assert.deepEqual(told, real, `docs/SETTINGS.md has other ${what} than the sources`);
}

/** The text of all files below a folder whose names end so. */
function sources(folder, ending) {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.name.endsWith(ending) && !file.parentPath.includes("node_modules"))
    .map((file) => readFileSync(join(file.parentPath, file.name), "utf8"))
    .join("\n");
}

test("the edge: what the Worker reads, and what wrangler.toml binds", () => {
  const told = names(rows("The edge").map(([name]) => name));
  const literals = [...(sources("src/worker", ".rs") + readFileSync(join(root, "src/control.rs"), "utf8")).matchAll(/"([A-Z][A-Z0-9_]{3,})"/g)];
  // Names of algorithms and of SQL, and values of the build.
  const others = ["ECDSA", "INTEGER", "TEXT", "CARGO_PKG_VERSION", "STAGEDOOR_COMMIT"];
  same(literals.map(([, name]) => name).filter((name) => !others.includes(name)), told, "settings of the edge");

  const { env } = readRawConfig({ config: join(root, "wrangler.toml") }).rawConfig;
  const bindings = rows("The edge").filter(([, kind]) => !/^(secret|variable)$/.test(kind)).map(([name]) => name);
  for (const [environment, settings] of Object.entries(env)) {
    const { vars = {}, kv_namespaces: kv = [], durable_objects: objects, ratelimits = [] } = settings;
    for (const name of Object.keys(vars)) assert.ok(told.includes(name), `${environment} has ${name}, and the page has not`);
    const bound = [...kv.map(({ binding }) => binding), ...[...objects.bindings, ...ratelimits].map(({ name }) => name)];
    same(bound, names(bindings), `bindings of ${environment}`);
  }
});

const help = (program, ...commands) => execFileSync(join(programs, program), [...commands, "--help"], { encoding: "utf8" });

/** The options of a help text, with their variable and default. */
function options(text) {
  const section = text.split(/^Options:$/m)[1]?.split(/^[A-Z][^\n]*:$/m)[0] ?? "";
  const found = section.split(/^ +(?=-)/m).slice(1).map((text) => text.replace(/\s+/g, " "));
  return found
    .map((text) => ({
      option: /--[a-z-]+/.exec(text)[0],
      variable: /\[env: ([A-Z_]+)[=\]]/.exec(text)?.[1],
      byDefault: /\[default: ([^\]]+)\]/.exec(text)?.[1],
    }))
    .filter(({ option }) => !["--help", "--version"].includes(option));
}

test("the origin service: what its help lists", () => {
  const serve = help("stagedoor-origin", "serve");
  const told = rows("The origin service");
  const listed = options(serve);
  same(listed.map(({ option }) => option), names(told.map(([option]) => option)), "options of the origin service");
  const bare = [...serve.matchAll(/^ {2}([A-Z_]{6,}) {2,}/gm)].map(([, name]) => name);
  const variables = listed.flatMap(({ variable }) => variable ?? []);
  same([...variables, ...bare], names(told.map(([, variable]) => variable)), "variables of the origin service");
  for (const { option, variable, byDefault } of listed) {
    const [, inVariable, , without] = told.find(([name]) => code(name)[0] === option);
    assert.equal(code(inVariable)[0], variable, option);
    if (byDefault) assert.ok(without.replaceAll("`", "").includes(byDefault), `${option}: expected the default ${byDefault}, found ${without}`);
  }
  for (const commands of [["api-key", "create"], ["api-key", "list"], ["api-key", "revoke"], ["backup"], ["resend"]]) {
    const more = options(help("stagedoor-origin", ...commands)).flatMap(({ variable }) => variable ?? []);
    assert.deepEqual(more, ["STAGEDOOR_DATABASE"], `settings of ${commands.join(" ")}`);
  }
});

test("the command: its help, its profiles and its variables", () => {
  const told = rows("The command");
  const inHelp = new Set();
  const walk = (commands) => {
    const text = help("stagedoor", ...commands);
    for (const [, name] of text.matchAll(/\[env:\s+([A-Z_]+)[=\]]/g)) inHelp.add(name);
    const section = text.split(/^Commands:$/m)[1]?.split(/^[A-Z][^\n]*:$/m)[0] ?? "";
    for (const [, name] of section.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)) if (name !== "help") walk([...commands, name]);
  };
  walk([]);
  const profile = readFileSync(join(root, "cli/src/profile/mod.rs"), "utf8").split("#[cfg(test)]")[0];
  const read = [...profile.matchAll(/"(STAGEDOOR_[A-Z_]+|EXPLAIN_SECRET|CONTROL_PATH|XDG_CONFIG_HOME)"/g)].map(([, name]) => name);
  // Each setting that is read by its name may also be in the file that NAME_FILE names.
  const secrets = [...profile.matchAll(/places\("([A-Z_]+)"\)/g)].map(([, name]) => `${name}_FILE`);
  assert.equal(secrets.length, 3, "the secrets are read in another way than this test knows");
  const variables = told.flatMap(([, variable]) => code(variable));
  same([...inHelp, ...read, ...secrets], [...variables, "XDG_CONFIG_HOME"], "variables of the command");
  assert.ok(page.includes("`XDG_CONFIG_HOME`"));

  const fields = (name) => [...profile.split(`struct ${name} {`)[1].split("}")[0].matchAll(/^ {4}([a-z_]+):/gm)].map(([, field]) => field);
  const members = [...fields("Entry"), ...fields("ProfilesFile").filter((field) => field !== "profiles")];
  same(members, names(rows("The command", 1).map(([member]) => member)), "members of a profile");
});

test("the scripts: what they read from the environment", () => {
  const shell = sources("scripts", "").matchAll(/\$\{([A-Z][A-Z_]+):-/g);
  const node = ["demo", "scripts", "tests", "benches"].map((folder) => sources(folder, ".mjs")).join("\n");
  const named = [...node.matchAll(/process\.env\.([A-Z][A-Z_]+)/g), ...node.matchAll(/program\("[a-z-]+", "([A-Z_]+)"\)/g)];
  const destructured = [...node.matchAll(/\{([^{}]*)\} = process\.env/g)].flatMap(([, list]) => list.match(/[A-Z][A-Z_]+/g));
  const found = [...[...shell, ...named].map(([, name]) => name), ...destructured].filter((name) => name !== "PATH");
  same(found, names(rows("The scripts").map(([name]) => name)), "variables of the scripts");
});

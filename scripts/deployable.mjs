#!/usr/bin/env node
// Refuses to deploy an environment that wrangler.toml does not describe yet: node scripts/deployable.mjs ENVIRONMENT.
//
// Wrangler runs it before each build of that environment. STAGEDOOR_DRY_RUN=1 is for a build that is sent nowhere, from a
// configuration that nobody has filled in. It needs no packages: an archive of a release has none.
import { readFileSync } from "node:fs";

const { WRANGLER_COMMAND, STAGEDOOR_DRY_RUN } = process.env;
const environment = process.argv[2];

if (WRANGLER_COMMAND !== "dev" && !STAGEDOOR_DRY_RUN) {
  const config = readFileSync(new URL("../wrangler.toml", import.meta.url), "utf8");
  const findings = environment ? check(config, environment) : [noEnvironment()];
  for (const { expected, found, remedy } of findings) {
    console.error(`stagedoor: expected ${expected}, found ${found}\n  ${remedy.join("\n  ")}`);
  }
  if (findings.length > 0) process.exit(1);
  // By hand, silence would leave a person in doubt.
  if (!WRANGLER_COMMAND) console.log(`wrangler.toml: ${environment} can be deployed`);
}

function noEnvironment() {
  return {
    expected: "an environment that can be deployed, staging or production",
    found: "development or none",
    remedy: ["Name it: npx wrangler deploy --env production"],
  };
}

/** What keeps an environment from being deployed. */
function check(config, name) {
  const tables = tablesOf(config);
  const at = (...path) => tables.get(["env", name, ...path].join(".")) ?? "";
  const where = `[env.${name}] of wrangler.toml`;
  const own = at();
  const routes = arrayOf(own, "routes") + (/^\s*route\s*=.*$/m.exec(own)?.[0] ?? "") + at("routes");
  const workersDev = (flag(own, "workers_dev") ?? flag(tables.get("") ?? "", "workers_dev") ?? routes === "") === true;
  const findings = [];

  const ids = [...(arrayOf(own, "kv_namespaces") + at("kv_namespaces")).matchAll(/\bid\s*=\s*["']([^"']*)["']/g)].map(([, id]) => id);
  for (const id of ids.length > 0 ? ids : [null]) {
    if (id !== null && /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id)) continue;
    findings.push({
      expected: `the id of a KV namespace, 32 hexadecimal digits, in ${where}`,
      found: id === null ? "none" : /^0+$/.test(id) ? "the placeholder" : `\`${id}\``,
      remedy: ["Create the namespace, and put its id in:", `npx wrangler kv namespace create CATALOG --env ${name}`],
    });
  }

  if (workersDev && name !== "staging") {
    findings.push({
      expected: `workers_dev = false in ${where}`,
      found: "true",
      remedy: ["A Worker on workers.dev has a second host name, outside your zone and its rules. Only staging may have one."],
    });
  }

  const example = `routes = [{ pattern = "watch.your-domain.com", custom_domain = true }]`;
  if (routes === "" && !workersDev) {
    findings.push({ expected: `routes in ${where}`, found: "none: no host name would lead to the Worker", remedy: ["Add the line:", example] });
  }
  const patterns = [...routes.matchAll(/(?:\bpattern\s*=\s*|\broute\s*=\s*|[[,]\s*)["']([^"']*)["']/g)].map(([, pattern]) => pattern);
  for (const pattern of patterns) {
    const [host, ...path] = pattern.replace(/^https?:\/\//, "").split("/");
    if (/(^|\.)example\.(com|net|org)$/.test(host)) {
      findings.push({ expected: `your own host names in the routes of ${where}`, found: `\`${pattern}\``, remedy: ["Put your host name in its place:", example] });
    } else if (path.length > 0 && path.join("/") !== "*") {
      findings.push({
        expected: `routes for every path of a host in ${where}`,
        found: `\`${pattern}\``,
        remedy: ["Other paths would pass by the Worker, and by its rights:", `routes = [{ pattern = "${host}/*", zone_name = "…" }]`],
      });
    }
  }

  for (const variable of ["GEOGRAPHY_OVERRIDE", "PUBLISHED_KEYS_HTTP"]) {
    if (!new RegExp(`\\b${variable}\\b`).test(own + at("vars"))) continue;
    findings.push({ expected: `no ${variable} in ${where}`, found: "one", remedy: ["It is for development: with it, viewers could name their own country, or keys come unencrypted."] });
  }
  return findings;
}

/** The text of each table of a TOML file, by its name, without comments. The tables of an array are joined. */
function tablesOf(config) {
  const tables = new Map();
  let name = "";
  for (const line of config.replace(/("(?:[^"\\\n]|\\.)*"|'[^'\n]*')|#.*/g, "$1").split("\n")) {
    const header = /^\s*\[\[?\s*([\w."-]+)\s*\]?\]\s*$/.exec(line);
    if (header) name = header[1].replaceAll('"', "");
    else tables.set(name, `${tables.get(name) ?? ""}${line}\n`);
  }
  return tables;
}

/** The text of an array, from its key to its last bracket; empty if there is no such key. */
function arrayOf(table, key) {
  const start = new RegExp(`^\\s*${key}\\s*=\\s*\\[`, "m").exec(table);
  if (!start) return "";
  let depth = 0;
  for (let index = table.indexOf("[", start.index); index < table.length; index += 1) {
    if (table[index] === "[") depth += 1;
    if (table[index] === "]" && --depth === 0) return table.slice(start.index, index + 1);
  }
  return table.slice(start.index);
}

function flag(table, key) {
  const found = new RegExp(`^\\s*${key}\\s*=\\s*(true|false)`, "m").exec(table);
  return found && found[1] === "true";
}

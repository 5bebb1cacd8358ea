// Manifests of other projects, as the command rewrites them for a session.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "./harness.mjs";

export const HOST = "https://watch.example.com";
export const TOKEN = "SeSsIoN";

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));

/** The manifests of a folder of fixtures, by name, without duplicates: projects copy them from one another. */
export async function manifests(folder, extensions) {
  const names = await readdir(join(fixtures, folder), { recursive: true });
  const found = new Map();
  const seen = new Set();
  for (const name of names.filter((name) => extensions.some((extension) => name.endsWith(extension))).sort()) {
    const text = await readFile(join(fixtures, folder, name), "utf8");
    if (!seen.has(text)) found.set(name, text);
    seen.add(text);
  }
  return found;
}

/** Runs the command on the manifests of a folder, some at a time. Returns its output or its error, by name. */
export async function rewritten(folder, names, options) {
  const written = new Map();
  const left = [...names];
  const one = (name) =>
    new Promise((done) => {
      const words = ["--json", "manifest", "rewrite", ...options, join(fixtures, folder, name)];
      execFile(command, words, { maxBuffer: 128 * 1024 * 1024 }, (error, stdout, stderr) => {
        written.set(name, error ? { failed: stdout + stderr } : { text: JSON.parse(stdout).manifest });
        done();
      });
    });
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) await one(name);
    }),
  );
  return written;
}

/** Whether a picture fits into a 16:9 frame of that height, landscape or portrait, rounded up to blocks of 16 pixels. */
export const isLowEnough = ({ width, height }, most) =>
  Math.min(width, height) <= most && Math.max(width, height) <= Math.ceil(most / 9) * 16;

/** The marks that the edge appends to names that do not tell their kind. */
const MARK = /\.sd-(?:m3u8|mpd|assets|steering)$/;

/** A URI without its session and mark, resolved. */
export function unsigned(uri, base) {
  const url = new URL(uri, base);
  url.pathname = url.pathname.replace(MARK, "");
  if (url.pathname.startsWith(`/~${TOKEN}/`)) url.pathname = url.pathname.slice(TOKEN.length + 2);
  else url.search = url.search.replace(new RegExp(`[?&]sd_session=${TOKEN}(?=$|&)`), "");
  assert.ok(!url.href.includes(TOKEN), uri);
  return url.href;
}

/** Whether a URI carries the session, and without it leads to the same file as the other. */
export const same = (before, after, base) =>
  new URL(after, base).href.includes(TOKEN) && unsigned(after, base) === new URL(before, base).href;

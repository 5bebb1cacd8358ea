// A working copy for a test that follows the documentation: the project's files as they are, with what was built beside them.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, stat, symlink, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));

const BUILT = ["node_modules", "build", "target"];

/** Makes the copy in a new folder, with links to `built`. Files and folders keep their times, so that nothing looks newer than what was built from it. */
export async function clone({ built = BUILT } = {}) {
  if (built.includes("node_modules")) await checkPackages();
  const folder = await mkdtemp(join(tmpdir(), "stagedoor-docs-"));
  const { stdout } = await promisify(execFile)("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
  const folders = [...new Set(files.flatMap(parents))];
  for (const path of folders) await mkdir(join(folder, path), { recursive: true });
  for (const file of files) await cp(join(root, file), join(folder, file), { preserveTimestamps: true, verbatimSymlinks: true });
  for (const path of folders) {
    const { atime, mtime } = await stat(join(root, path));
    await utimes(join(folder, path), atime, mtime);
  }
  const places = { target: process.env.CARGO_TARGET_DIR };
  for (const name of built) await symlink(places[name] ?? join(root, name), join(folder, name));
  return folder;
}

/** The folders above a path, without the topmost. */
function parents(path) {
  const parent = dirname(path);
  return parent === "." ? [] : [...parents(parent), parent];
}

/** Set-up in a copy would install other packages through the link, under the feet of the test. */
async function checkPackages() {
  const [wanted, found] = ["package-lock.json", "node_modules/.stagedoor-lock"].map((name) => readFile(join(root, name), "utf8").catch(() => null));
  if ((await wanted) !== (await found)) throw new Error("expected the packages of package-lock.json: run scripts/setup");
}

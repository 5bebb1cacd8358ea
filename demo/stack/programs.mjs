// The programs that cargo has built.
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));

const VARIABLES = { "stagedoor-origin": "STAGEDOOR_ORIGIN", stagedoor: "STAGEDOOR_COMMAND" };

/** The path of a program: what its variable in the environment names, else a release build, else a debug build. */
export function program(name) {
  const variable = VARIABLES[name];
  const places = [process.env[variable], ...["release", "debug"].map((profile) => join(target, profile, name))];
  const found = places.find((place) => place && existsSync(place));
  if (!found) throw new Error(`expected the program ${name}: run \`cargo build --workspace --bin ${name}\`, or set ${variable}`);
  return found;
}

/** Puts the programs into a folder under their own names, for a shell's PATH. */
export function linkPrograms(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(VARIABLES)) {
    rmSync(join(folder, name), { force: true });
    symlinkSync(program(name), join(folder, name));
  }
}

// The programs that cargo has built.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));

/** The path of a program: what the environment's variable names, else a release build, else a debug build. */
export function program(name, variable) {
  const places = [process.env[variable], ...["release", "debug"].map((profile) => join(target, profile, name))];
  const found = places.find((place) => place && existsSync(place));
  if (!found) throw new Error(`expected the program ${name}: run \`cargo build --workspace --bin ${name}\`, or set ${variable}`);
  return found;
}

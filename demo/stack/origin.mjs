// The origin service on this machine.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { Child } from "./child.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** @param {{folder: string, port: number, edge: string, syncSecret: string, died: Function}} options */
export function originChild({ folder, port, edge, syncSecret, died }) {
  return new Child({
    name: "origin",
    command: originBinary(),
    args: [
      ...["serve", "--listen", `127.0.0.1:${port}`, "--database", database(folder)],
      ...["--edge", edge, "--media", join(root, "demo/media")],
    ],
    env: { SYNC_SECRET: syncSecret, NO_COLOR: "1" },
    log: join(folder, "origin.log"),
    died,
  });
}

/** Makes an API key, which the origin shows this once. */
export async function createApiKey(folder) {
  const args = ["api-key", "create", "--name", "demo", "--database", database(folder)];
  const { stdout } = await promisify(execFile)(originBinary(), args);
  return stdout.trim();
}

export const database = (folder) => join(folder, "origin.db");

function originBinary() {
  const places = [process.env.STAGEDOOR_ORIGIN, ...["release", "debug"].map((p) => join(root, "target", p, "stagedoor-origin"))];
  const found = places.find((place) => place && existsSync(place));
  if (!found) throw new Error("expected the origin service: run `cargo build -p stagedoor-origin`, or set STAGEDOOR_ORIGIN");
  return found;
}

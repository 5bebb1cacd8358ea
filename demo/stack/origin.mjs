// The origin service on this machine.
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { Child } from "./child.mjs";
import { program } from "./programs.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** @param {{folder: string, port: number, edge: string, secrets: import("./secrets.mjs").Secrets, died: Function}} options */
export function originChild({ folder, port, edge, secrets, died }) {
  return new Child({
    name: "origin",
    command: program("stagedoor-origin"),
    args: [
      ...["serve", "--listen", `127.0.0.1:${port}`, "--database", database(folder)],
      ...["--edge", edge, "--media", join(root, "demo/media")],
    ],
    env: { SYNC_SECRET: secrets.sync, NO_COLOR: "1" },
    state: folder,
    log: join(folder, "origin.log"),
    died,
  });
}

/** The name of the API key's file in a state folder. */
export const API_KEY = "api-key";

/** The API key of a state folder. It is made with the database, and shown this once. */
export async function loadApiKey(folder) {
  const file = join(folder, API_KEY);
  const known = existsSync(database(folder));
  if (!known || !existsSync(file)) {
    rmSync(file, { force: true });
    // A database whose key was lost has that key's name already.
    const name = known ? `demo-${Date.now()}` : "demo";
    const args = ["api-key", "create", "--name", name, "--out", file, "--create-database", "--database", database(folder)];
    await promisify(execFile)(program("stagedoor-origin"), args);
  }
  return readFileSync(file, "utf8").trim();
}

const database = (folder) => join(folder, "origin.db");

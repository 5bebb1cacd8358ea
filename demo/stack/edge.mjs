// The edge on this machine: `wrangler dev` over the Worker that was built, with nothing left to build.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import { Child } from "./child.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** @param {{folder: string, port: number, inspectorPort: number, secrets: import("./secrets.mjs").Secrets, died: Function}} options */
export function edgeChild({ folder, port, inspectorPort, secrets, died }) {
  const config = writeConfig(folder);
  // Beside the configuration, where wrangler looks for it: no secret stands in the list of processes.
  writeFileSync(join(folder, ".dev.vars"), `SYNC_SECRET="${secrets.sync}"\nEXPLAIN_SECRET="${secrets.explain}"\n`, { mode: 0o600 });
  return new Child({
    name: "edge",
    command: process.execPath,
    args: [
      ...[join(root, "node_modules/wrangler/bin/wrangler.js"), "dev", "--config", config, "--env", "development"],
      ...["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", String(inspectorPort)],
      ...["--persist-to", join(folder, "wrangler"), "--show-interactive-dev-session=false"],
    ],
    cwd: folder,
    env: ENVIRONMENT,
    state: folder,
    log: join(folder, "edge.log"),
    died,
  });
}

/** No look-ups in the network: neither of this machine's place, nor of a newer wrangler. */
const ENVIRONMENT = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  DO_NOT_TRACK: "1",
  NO_COLOR: "1",
};

/** The project's own configuration, without its build: the Worker is in the folder STAGEDOOR_WORKER, else in build/. */
function writeConfig(folder) {
  const { rawConfig } = readRawConfig({ config: join(root, "wrangler.toml") });
  const main = process.env.STAGEDOOR_WORKER ? join(process.env.STAGEDOOR_WORKER, "index.js") : join(root, rawConfig.main);
  const { build: _build, ...config } = { ...rawConfig, main };
  if (!existsSync(main)) throw new Error(`expected the built Worker at ${main}: run scripts/build-edge`);
  const file = join(folder, "wrangler.json");
  writeFileSync(file, JSON.stringify(config, null, 2));
  return file;
}

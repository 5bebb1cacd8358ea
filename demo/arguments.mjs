// The arguments of `make demo`.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { PORTS } from "./stack/ports.mjs";

const HELP = `usage: make demo ARGS="[--reset] [--edge-port ${PORTS.edge}] [--origin-port ${PORTS.origin}] [--media-port ${PORTS.media}] [--page-port ${PORTS.page}] [--ads-port ${PORTS.ads}] [--state .demo]"

  --reset          start anew: forget the database, the edge's documents and the secrets
  --edge-port N    first port to try for the edge; the next free one is taken
  --origin-port N  the same for the origin service
  --media-port N   the same for the media origin
  --page-port N    the same for the demo page
  --ads-port N     the same for the ad server
  --state FOLDER   where the demo keeps its state, secrets and logs

environment: STAGEDOOR_ORIGIN and STAGEDOOR_COMMAND, the programs stagedoor-origin and stagedoor; STAGEDOOR_WORKER, the folder of the
built Worker. With all three set, nothing is built.`;

/** A wrong argument. */
export class Misuse extends Error {}

/** @returns {{help: string | null, reset: boolean, folder: string, ports: typeof PORTS}} */
export function readArguments(args) {
  const text = { type: "string" };
  const options = { reset: { type: "boolean" }, help: { type: "boolean" }, state: text };
  for (const name of Object.keys(PORTS)) options[`${name}-port`] = text;
  const { values } = parse(args, options);
  const ports = { ...PORTS };
  for (const name of Object.keys(PORTS)) {
    const value = values[`${name}-port`];
    if (value === undefined) continue;
    ports[name] = /^\d+$/.test(value) ? Number(value) : NaN;
    if (!(ports[name] < 65_536)) throw new Misuse(`expected a port in --${name}-port, found \`${value}\``);
  }
  const folder = values.state === undefined ? join(fileURLToPath(new URL("../", import.meta.url)), ".demo") : resolve(values.state);
  return { help: values.help ? HELP : null, reset: values.reset ?? false, folder, ports };
}

function parse(args, options) {
  try {
    return parseArgs({ args, options });
  } catch (error) {
    if (error.code?.startsWith("ERR_PARSE_ARGS")) throw new Misuse(`${error.message}\n\n${HELP}`);
    throw error;
  }
}

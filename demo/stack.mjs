// The whole of Stagedoor on this machine: the origin service with its media, the edge, the page, and a catalogue.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SITE, seed } from "./stack/catalogue.mjs";
import { edgeChild } from "./stack/edge.mjs";
import { OriginApi } from "./stack/origin-api.mjs";
import { loadApiKey, originChild } from "./stack/origin.mjs";
import { servePage } from "./stack/page.mjs";
import { ANY_PORTS, PORTS, freePort } from "./stack/ports.mjs";
import { writeProfile } from "./stack/profile.mjs";
import { loadSecrets } from "./stack/secrets.mjs";
import { mint } from "./stack/tokens.mjs";

export { ANY_PORTS, PORTS };

const START_MS = 60_000;
const SYNC_MS = 30_000;
const POLL_MS = 100;

/**
 * Starts everything and waits until the edge holds the catalogue.
 *
 * @param {{folder: string, ports?: typeof PORTS, say?: (text: string) => void, signal?: AbortSignal,
 *          died?: (child: import("./stack/child.mjs").Child, how: string) => void}} options
 *   `folder` keeps the state: database, KV, secrets, logs. `died` hears of a child that ended by itself. `signal`
 *   ends a start that is under way.
 */
export async function startStack({ folder, ports = PORTS, say = () => {}, died = () => {}, signal }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stack = new Stack(folder, await pickPorts(ports), await loadSecrets(join(folder, "secrets.json")), await loadApiKey(folder), died);
  try {
    await stack.start(say, signal);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return stack;
}

class Stack {
  #server = null;

  constructor(folder, ports, secrets, apiKey, died) {
    this.ports = ports;
    this.secrets = secrets;
    /** The edge as viewers reach it: the host name is the site's. */
    this.edgeUrl = `http://${SITE}:${ports.edge}`;
    this.originUrl = `http://127.0.0.1:${ports.origin}`;
    this.pageUrl = `http://127.0.0.1:${ports.page}`;
    this.api = new OriginApi(this.originUrl, apiKey);
    this.profilesFile = writeProfile(folder, { origin: this.originUrl, edge: this.edgeUrl, explainSecret: secrets.explain });
    const common = { folder, secrets, died };
    const edge = `http://127.0.0.1:${ports.edge}`;
    this.edge = edgeChild({ ...common, port: ports.edge, inspectorPort: ports.inspector });
    this.origin = originChild({ ...common, port: ports.origin, edge });
  }

  async start(say, signal) {
    say("starting the origin service and the edge");
    this.edge.start();
    this.origin.start();
    await this.healthy(this.origin, this.originUrl, signal);
    await this.healthy(this.edge, `http://127.0.0.1:${this.ports.edge}`, signal);
    say("putting the sample catalogue in, as a CMS would");
    await seed(this.api, this.secrets, `${this.originUrl}/media/`);
    await this.synced(signal);
    const { api, secrets, edgeUrl: edge, originUrl: origin } = this;
    this.#server = await servePage({ port: this.ports.page, edge, origin, secrets, api });
  }

  /** Waits until a child answers that it is well. */
  healthy(child, url, signal) {
    return this.until(START_MS, `${child.name} to answer`, async () => {
      signal?.throwIfAborted();
      if (!child.running) throw new Error(`${child.name} ended:\n${child.lastLines()}`);
      const reply = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
      return reply?.ok;
    });
  }

  /** Waits until the edge holds all that the origin has. */
  synced(signal) {
    return this.until(SYNC_MS, "the edge to hold the catalogue", async () => {
      signal?.throwIfAborted();
      const { pending, failed_count: failed, failed: failures } = await this.api.sync();
      if (failed) throw new Error(`the edge refuses ${failures[0].key}: ${failures[0].detail}`);
      return pending === 0;
    });
  }

  /** Repeats `check` until it is true. An error of `check` ends the repetition. */
  async until(limitMs, what, check) {
    const end = Date.now() + limitMs;
    for (;;) {
      const found = await check();
      if (found) return found;
      if (Date.now() > end) throw new Error(`waited ${limitMs / 1000} s for ${what}, in vain`);
      await sleep(POLL_MS);
    }
  }

  /** A viewer token of the demo's identity provider. */
  async token(wish) {
    return (await mint(this.secrets, wish)).token;
  }

  async stop() {
    this.#server?.closeAllConnections();
    await Promise.all([
      new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve())),
      this.origin.stop(),
      this.edge.stop(),
    ]);
  }
}

async function pickPorts(wanted) {
  const taken = [];
  const picked = {};
  for (const [name, port] of Object.entries({ ...PORTS, ...wanted, inspector: 0 })) {
    picked[name] = await freePort(port, taken);
    taken.push(picked[name]);
  }
  return picked;
}

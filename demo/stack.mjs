// The whole of Stagedoor on this machine: the origin service with its media, the edge, an ad server, the page, and a catalogue.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AdServer } from "./stack/ad-server.mjs";
import { SITE, seed } from "./stack/catalogue.mjs";
import { edgeChild } from "./stack/edge.mjs";
import { MediaOrigin } from "./stack/media.mjs";
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

/** How often a long wait says that it goes on. */
const SAY_EACH_MS = 5_000;

/** How often the edge is asked whether it is well, how long it may take to answer, and after how many failures it is started again. */
const KEEP = { eachMs: 5_000, afterFailureMs: 1_000, patienceMs: 3_000, failures: 3 };

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
  const secrets = await loadSecrets(join(folder, "secrets.json"));
  const stack = new Stack({ folder, ports: await pickPorts(ports), secrets, apiKey: await loadApiKey(folder), say, died });
  try {
    await stack.start(signal);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return stack;
}

class Stack {
  #server = null;
  #say;
  #edgeAddress;

  constructor({ folder, ports, secrets, apiKey, say, died }) {
    this.#say = say;
    this.ports = ports;
    this.secrets = secrets;
    /** The edge as viewers reach it: the host name is the site's. */
    this.edgeUrl = `http://${SITE}:${ports.edge}`;
    this.originUrl = `http://127.0.0.1:${ports.origin}`;
    this.pageUrl = `http://127.0.0.1:${ports.page}`;
    this.api = new OriginApi(this.originUrl, apiKey);
    this.profilesFile = writeProfile(folder, { origin: this.originUrl, edge: this.edgeUrl, explainSecret: secrets.explain });
    const common = { folder, secrets, died };
    this.#edgeAddress = `http://127.0.0.1:${ports.edge}`;
    this.edge = edgeChild({ ...common, port: ports.edge, inspectorPort: ports.inspector });
    this.media = new MediaOrigin({ files: `${this.originUrl}/media/` });
    this.adsUrl = `http://127.0.0.1:${ports.ads}`;
    this.ads = new AdServer({ media: () => `http://127.0.0.1:${ports.media}/` });
    this.origin = originChild({ ...common, port: ports.origin, edge: this.#edgeAddress });
  }

  async start(signal) {
    this.#say("Starting the origin service and the edge (usually 5 s) ...");
    this.edge.start();
    this.origin.start();
    await this.healthy(this.origin, this.originUrl, signal);
    await this.healthy(this.edge, this.#edgeAddress, signal);
    this.#say("Putting the sample catalogue in, as a CMS would (usually 1 s) ...");
    await Promise.all([this.media.serve(this.ports.media), this.ads.serve(this.ports.ads)]);
    await seed(this.api, this.secrets, { media: `http://127.0.0.1:${this.ports.media}/`, ads: this.adsUrl });
    await this.synced(signal);
    const { api, secrets, media, ads, edgeUrl: edge, originUrl: origin } = this;
    this.#server = await servePage({ port: this.ports.page, edge, origin, secrets, api, media, ads });
  }

  /** Waits until a child answers that it is well. */
  healthy(child, url, signal) {
    return this.until(START_MS, `the ${child.name} to answer`, async () => {
      signal?.throwIfAborted();
      if (!child.running) throw new Error(`the ${child.name} ended:\n${child.lastLines()}`);
      return isWell(url, 2_000);
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
    const start = Date.now();
    let said = start;
    for (;;) {
      const found = await check();
      if (found) return found;
      const now = Date.now();
      if (now > start + limitMs) throw new Error(`waited ${limitMs / 1000} s for ${what}, in vain`);
      if (now >= said + SAY_EACH_MS) {
        said = now;
        this.#say(`  ${Math.round((now - start) / 1000)} s: waiting for ${what}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Starts the edge again when it lives and does not answer: wrangler outlives its workerd, and then keeps requests waiting. */
  async keepEdge(signal) {
    let failures = 0;
    while (!signal.aborted) {
      await sleep(failures === 0 ? KEEP.eachMs : KEEP.afterFailureMs, null, { signal, ref: false }).catch(() => {});
      if (signal.aborted || !this.edge.running) return;
      failures = (await isWell(this.#edgeAddress, KEEP.patienceMs)) ? 0 : failures + 1;
      if (failures < KEEP.failures || signal.aborted) continue;
      this.#say("The edge does not answer any more. Starting it again ...");
      await this.edge.stop();
      // Whoever ended the demo meanwhile has stopped it too, and nobody would stop a new one.
      if (signal.aborted) return;
      this.edge.start();
      await this.healthy(this.edge, this.#edgeAddress, signal);
      this.#say("The edge answers again.");
      failures = 0;
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
      this.media.stop(),
      this.ads.stop(),
      this.origin.stop(),
      this.edge.stop(),
    ]);
  }
}

/** Whether a server says in time that it is well. */
async function isWell(url, patienceMs) {
  const reply = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(patienceMs) }).catch(() => null);
  return reply?.ok === true;
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

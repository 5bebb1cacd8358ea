// The documents, from KV with isolate memory in front: fresh for 8 to 10 s, then served for up to 30 s while they
// are read anew. What a document implies (imported keys, hashes, dates) is worked out once, when it is read.
import { importJWK } from "jose";
import { Fault } from "./reply.mjs";
import { hash, utf8 } from "./bytes.mjs";

const FRESH_MS = 10_000;
const STALE_MS = 30_000;
const PATIENCE_MS = 5_000;
const KV_CACHE_TTL_S = 30;
const MOST = 3_000;

const memory = new Map();

export function documents(kv, context) {
  const look = (name, prepare) => lookUp(kv, context, name, prepare);
  return {
    site: (host) => look(`v1/site/${host}`, prepareSite),
    title: (id) => look(`v1/title/${id}`, prepareTitle),
    async keys(issuer) {
      const name = `v1/keys/${issuer}`;
      const found = await look(name, prepareKeys);
      if (!found) throw new Fault("document_missing", `${name} is not in KV`);
      return found;
    },
  };
}

function lookUp(kv, context, name, prepare) {
  const entry = memory.get(name);
  const now = Date.now();
  if (!entry || now - entry.readAt >= STALE_MS) return read(kv, name, prepare);
  if (now - entry.readAt >= entry.freshFor && !(now - entry.refreshAt < PATIENCE_MS)) {
    entry.refreshAt = now;
    context.waitUntil(read(kv, name, prepare).catch((error) => console.error(`${name}: ${error}`)));
  }
  return entry.found;
}

async function read(kv, name, prepare) {
  const readAt = Date.now();
  const stored = await kv.get(name, { type: "json", cacheTtl: KV_CACHE_TTL_S });
  const found = stored && !stored.deleted ? await prepare(stored) : undefined;
  if (memory.size >= MOST) memory.clear();
  memory.set(name, { found, readAt, freshFor: FRESH_MS * (1 - Math.random() / 5) });
  return found;
}

function prepareSite(site) {
  return { ...site, macPrefix: utf8(`stagedoor session\0${site.host}\0`) };
}

/** Of a title that is in no document, no more than its session tokens say. */
export async function unknownTitle(id) {
  return { id, tag: (await hash(utf8(id))).subarray(0, 8) };
}

async function prepareTitle(title) {
  const time = (text) => text && Date.parse(text) / 1000;
  const offers = title.offers.map(async (offer) => ({
    ...offer,
    caps: offer.caps ?? {},
    plans: offer.plans ?? [],
    from: time(offer.window?.from),
    until: time(offer.window?.until),
    class: await classOf(offer),
  }));
  const tag = (await hash(utf8(title.id))).subarray(0, 8);
  return { ...title, tag, folder: title.media ?? `${title.id}/`, offers: await Promise.all(offers) };
}

/** The first four bytes of SHA-256 over plans, limits and advertising. */
async function classOf({ plans = [], caps = {}, ads }) {
  const names = utf8(plans.toSorted().map((plan) => `${plan}\0`).join("") + "max_height");
  const bytes = new Uint8Array(names.length + 8).fill(0xff);
  bytes.set(names);
  if (caps.max_height !== undefined) new DataView(bytes.buffer).setBigUint64(names.length, BigInt(caps.max_height));
  const more = utf8(ads ? `\0ads\0${ads}` : "");
  const all = new Uint8Array(bytes.length + more.length);
  all.set(bytes);
  all.set(more, bytes.length);
  return (await hash(all)).subarray(0, 4);
}

async function prepareKeys({ revision, keys }) {
  const prepare = async (jwk) => ({
    kid: jwk.kid,
    alg: jwk.alg,
    tag: (await hash(utf8(jwk.kid))).subarray(0, 1),
    // Imported by hand: jose leaves an `oct` key as bytes, and would import it anew for every verification.
    key: await (jwk.kty === "oct" ? importSecret(jwk) : importJWK(jwk, jwk.alg)),
  });
  return { revision, keys: await Promise.all(keys.map(prepare)) };
}

function importSecret(jwk) {
  return crypto.subtle.importKey("jwk", jwk, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

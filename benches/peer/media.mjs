// Bytes of the media origin, through the Cache API: whole 200 replies are kept under the canonical key.
import { Fault } from "./reply.mjs";

const PASSED_ON = ["Content-Type", "Content-Length", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified"];
const CONDITIONS = ["Range", "If-Range", "If-None-Match", "If-Modified-Since"];
const PATIENCE_MS = 10_000;
const LONGEST_MANIFEST = 16 * 1024 * 1024;

/** A segment, as it comes in. */
export async function media(request, source, context) {
  const conditions = new Headers();
  for (const name of CONDITIONS) {
    const value = request.headers.get(name);
    if (value !== null) conditions.set(name, value);
  }
  const cached = conditions.has("If-Range") ? undefined : await look(source, conditions);
  const response = cached ?? (await ask(source, request.method, conditions));
  const headers = passedOn(source, response);
  if (!cached && response.status === 200 && request.method === "GET") keep(source, context, response.clone());
  headers.set("Cache-Control", response.status === 416 ? "no-store" : `private, max-age=${source.ttl}, immutable`);
  return new Response(request.method === "HEAD" ? null : response.body, { status: response.status, headers });
}

/** A manifest, whole. */
export async function whole(source, context) {
  let response = await look(source);
  if (!response) {
    response = await ask(source, "GET");
    if (response.status !== 200) throw upstream(source, response.status);
    keep(source, context, response.clone());
  }
  const large = (length) => new Fault("manifest_too_large", `${source.url}: found ${length} bytes`);
  const announced = Number(response.headers.get("Content-Length"));
  if (announced > LONGEST_MANIFEST) throw large(announced);
  const text = await response.text();
  if (text.length > LONGEST_MANIFEST) throw large(text.length);
  return text;
}

function look(source, headers) {
  return caches.default.match(headers ? new Request(source.cacheKey, { headers }) : source.cacheKey);
}

async function ask(source, method, headers) {
  try {
    return await fetch(source.url, { method, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    const reason = error.name === "TimeoutError" ? "upstream_timeout" : "upstream_unreachable";
    throw new Fault(reason, `${source.url}: ${error}`);
  }
}

function keep(source, context, response) {
  if (source.ttl === 0) return;
  const headers = passedOn(source, response);
  headers.set("Cache-Control", `public, max-age=${source.ttl}`);
  const put = caches.default.put(source.cacheKey, new Response(response.body, { headers }));
  context.waitUntil(put.catch((error) => console.error(`the cache refused an entry: ${error}`)));
}

function passedOn(source, response) {
  if (![200, 206, 304, 416].includes(response.status)) throw upstream(source, response.status);
  const coding = response.headers.get("Content-Encoding");
  const coded = coding !== null && coding.toLowerCase() !== "identity";
  const headers = new Headers();
  for (const name of PASSED_ON) {
    if (coded && (name === "Content-Length" || name === "Accept-Ranges")) continue;
    // What has no body has no type.
    if (name === "Content-Type" && response.status !== 200 && response.status !== 206) continue;
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}

function upstream(source, status) {
  const reason = status === 404 || status === 410 ? "media_missing" : "upstream_status";
  return new Fault(reason, `${source.url} answered ${status}`);
}

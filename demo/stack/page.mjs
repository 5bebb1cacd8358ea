// The demo page's own server: its files, the identity provider, and a window on the origin service, whose API key
// stays here.
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TROUBLES } from "./ad-server.mjs";
import { ISSUER, MPDS, SITE } from "./catalogue.mjs";
import { signature } from "./signature.mjs";
import { TokenRequestError, mint } from "./tokens.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** All that is served as it is. */
const FILES = {
  "/": ["demo/page/index.html", "text/html; charset=utf-8"],
  "/style.css": ["demo/page/style.css", "text/css; charset=utf-8"],
  "/hls.js": ["node_modules/hls.js/dist/hls.min.mjs", "text/javascript; charset=utf-8"],
  "/dash.js": ["node_modules/dashjs/dist/modern/esm/dash.mediaplayer.min.js", "text/javascript; charset=utf-8"],
  ...Object.fromEntries(
    readdirSync(join(root, "demo/page"))
      .filter((name) => name.endsWith(".js"))
      .map((name) => [`/${name}`, [`demo/page/${name}`, "text/javascript; charset=utf-8"]]),
  ),
};

const LONGEST_BODY = 1024 * 1024;

/**
 * @param {{port: number, edge: string, origin: string, secrets: import("./secrets.mjs").Secrets,
 *          api: import("./origin-api.mjs").OriginApi, media: import("./media.mjs").MediaOrigin,
 *          ads: import("./ad-server.mjs").AdServer}} options
 * @returns {Promise<import("node:http").Server>}
 */
export function servePage(options) {
  const server = createServer((request, response) => {
    answer(request, options).then(
      (reply) => send(response, reply, options),
      (error) => send(response, failure(error), options),
    );
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", () => resolve(server));
  });
}

async function answer(request, options) {
  const own = `127.0.0.1:${options.port}`;
  const { pathname, searchParams } = new URL(request.url, `http://${own}`);
  // A page of somebody else's, or a name of somebody else's that leads here, is not to use the API key.
  if (![own, `localhost:${options.port}`].includes(request.headers.host)) return problem(421, `expected the host ${own}`);
  const origin = request.headers.origin;
  if (origin && origin !== `http://${request.headers.host}`) return problem(403, "expected a request of this page");
  const title = /^\/titles\/([a-z0-9][a-z0-9._-]*)$/.exec(pathname)?.[1];
  switch (`${request.method} ${title ? "/titles/{id}" : pathname}`) {
    case "GET /config.json":
      return json(200, { edge: options.edge, origin: options.origin, site: SITE, issuer: ISSUER, mpds: MPDS });
    case "POST /token":
      // Each token is of another viewer, so that one can be revoked without the others.
      return json(200, await mint(options.secrets, { ...(await readJson(request)), subject: `viewer-${randomBytes(3).toString("hex")}` }));
    case "POST /revocations":
      return passOn(await options.api.send("POST", `/revocations/${SITE}`, revocation(await readJson(request))));
    case "POST /explain":
      return explain(options, await readJson(request));
    case "GET /fetches":
      return json(200, options.media.fetchesAfter(Number(searchParams.get("after")) || 0));
    case "GET /ad-server":
      return json(200, adServer(options));
    case "POST /ad-server":
      return setTrouble(options, await readJson(request));
    case "POST /live/break":
      return onChannel(() => {
        const { startsIn_s, planned_s } = options.media.openBreak();
        return `A break of ${planned_s.toFixed(0)} s begins at the live edge in ${startsIn_s.toFixed(0)} s.`;
      });
    case "POST /live/return":
      return onChannel(() => `The channel returns in ${options.media.returnEarly().endsIn_s.toFixed(0)} s.`);
    case "GET /titles":
      return passOn(await options.api.send("GET", "/titles"));
    case "GET /titles/{id}":
      return passOn(await options.api.send("GET", `/titles/${title}`));
    case "PUT /titles/{id}":
      return passOn(await options.api.send("PUT", `/titles/${title}`, await readBody(request), precondition(request)));
    default:
      return file(request.method, pathname);
  }
}

/** What the ad server was asked and heard, and whether the live channel has a break. */
function adServer({ ads, media }) {
  const isBeacon = ({ path }) => path.startsWith("/beacon/");
  const beacons = ads.requests.filter(isBeacon).length;
  return { trouble: ads.trouble, decisions: ads.requests.length - beacons, beacons, open: media.hasOpenBreak() };
}

function setTrouble({ ads, media }, { trouble }) {
  if (trouble !== null && !TROUBLES.includes(trouble)) throw new TokenRequestError(`expected a trouble among ${TROUBLES.join(", ")}, or null`);
  ads.trouble = trouble;
  return json(200, adServer({ ads, media }));
}

/** Acts on the live channel. */
function onChannel(act) {
  try {
    return json(200, { detail: act() });
  } catch (error) {
    return problem(409, error.message);
  }
}

/** The revocation of a viewer's token and sessions. */
function revocation({ subject }) {
  return JSON.stringify({ what: { subject: { issuer: ISSUER, subject } }, note: "revoked on the demo page" });
}

/** Why the edge refuses a request. The secret with which the edge is asked stays here. */
async function explain({ edge, secrets }, { url, country }) {
  if (!URL.canParse(url) || new URL(url).origin !== edge) return problem(400, `expected a URL of ${edge}`);
  const body = JSON.stringify({ url, geo: country });
  const headers = { "Content-Type": "application/json", ...signature(secrets.explain, body) };
  return passOn(await fetch(`${edge}/_stagedoor/explain`, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) }));
}

function precondition({ headers }) {
  return headers["if-match"] ? { "If-Match": headers["if-match"] } : {};
}

async function file(method, path) {
  if (!Object.hasOwn(FILES, path)) return problem(404, `there is nothing at ${path}`);
  if (method !== "GET" && method !== "HEAD") return problem(405, "expected GET");
  const [name, type] = FILES[path];
  return { status: 200, type, body: await readFile(join(root, name)) };
}

async function passOn(response) {
  const type = response.headers.get("content-type") ?? "application/json";
  return { status: response.status, type, body: Buffer.from(await response.arrayBuffer()) };
}

async function readBody(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new TokenRequestError(`expected ${LONGEST_BODY} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function readJson(request) {
  try {
    return Object(JSON.parse(await readBody(request)));
  } catch (error) {
    throw error instanceof SyntaxError ? new TokenRequestError(error.message) : error;
  }
}

function json(status, value) {
  return { status, type: "application/json", body: JSON.stringify(value) };
}

function problem(status, detail) {
  return { ...json(status, { type: "about:blank", status, detail }), type: "application/problem+json" };
}

function failure(error) {
  if (error instanceof TokenRequestError) return problem(400, error.message);
  return problem(502, `the origin service or the edge does not answer: ${error.cause?.code ?? error.message}`);
}

function send(response, { status, type, body }, { edge, ads }) {
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": [
      "default-src 'self'",
      `connect-src 'self' ${edge} ${ads.url}`,
      // hls.js keeps its cues in a track element whose source is data:,WEBVTT.
      "media-src 'self' blob: data:",
      "worker-src 'self' blob:",
      `img-src 'self' data: ${ads.url}`,
      "frame-ancestors 'none'",
    ].join("; "),
  });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

// The peer: the same delivery layer as a plain JavaScript Worker, made of jose, hls-parser and cml-xml.
//
// It does what Stagedoor does for a viewer's request, with Stagedoor's documents, session tokens, cache keys and
// reason codes, so that the two can be compared answer by answer. What is not on a viewer's way is
// left out: the sync endpoint, /version, /healthz and the development override of geography.
import { documents, unknownTitle } from "./documents.mjs";
import { manifest } from "./manifest.mjs";
import { media, whole } from "./media.mjs";
import { Denial, cors, preflight, problem } from "./reply.mjs";
import { permit, stillPermitted } from "./rights.mjs";
import { route } from "./route.mjs";
import { mintSession, openSession } from "./session.mjs";
import { source } from "./source.mjs";
import { grant, present } from "./token.mjs";

export default {
  async fetch(request, env, context) {
    const url = new URL(request.url);
    const facts = { request, url, country: country(request.cf?.country), now: Math.floor(Date.now() / 1000) };
    let site;
    try {
      const catalog = documents(env.CATALOG, context);
      const wanted = route(request.method, url.pathname);
      site = await catalog.site(url.hostname);
      if (!site) throw new Denial("site_unknown", `no site is named \`${url.hostname}\``);
      if (request.method === "OPTIONS") return preflight(site, request);
      const response = await serve(facts, wanted, site, catalog, env, context);
      cors(response.headers, site, request);
      return response;
    } catch (error) {
      log(facts, error);
      const response = problem(error, request.method);
      cors(response.headers, site, request);
      return response;
    }
  },
};

async function serve(facts, wanted, site, catalog, env, context) {
  const { title, admission } = wanted.session
    ? await resume(facts, wanted, site, catalog)
    : await enter(facts, wanted, site, catalog);
  const from = source(facts.url, wanted, site, title);
  if (wanted.kind === "segment") return media(facts.request, from, context);
  const text = await whole(from, context);
  return manifest(facts.request, wanted, admission, from, text, env.UNCHANGED === "source");
}

/** At the entry: the viewer token, the rights, and a new session. */
async function enter(facts, wanted, site, catalog) {
  const presented = present(facts, wanted, site);
  const [keys, sessionKeys] = await Promise.all([
    catalog.keys(presented.issuer),
    catalog.keys(site.sessions.keys),
  ]);
  const viewer = await grant(presented, keys, site, facts.now);
  const title = await catalog.title(wanted.title);
  onSite(title, wanted, site);
  if (viewer.titles && !viewer.titles.includes(title.id)) {
    throw new Denial("token_title", `\`${title.id}\` is not among the token's titles`);
  }
  const offer = permit(title, facts.country, viewer.plans, site, facts.now);
  const endsAt = Math.min(viewer.expiresAt, offer.until ?? Infinity);
  const expiresAt = Math.min(facts.now + (site.sessions.lifetime_s ?? 14_400), endsAt);
  const token = await mintSession(sessionKeys, site, title, offer, viewer, expiresAt, endsAt);
  return { title, admission: { token, caps: offer.caps, prefix: true, sale: sale(site, title, offer, sessionKeys) } };
}

/** Below the entry: the session token, and the rights once more. */
async function resume(facts, wanted, site, catalog) {
  const [keys, title] = await Promise.all([catalog.keys(site.sessions.keys), catalog.title(wanted.title)]);
  const session = await openSession(wanted.session, keys, site, title ?? (await unknownTitle(wanted.title)), facts.now);
  onSite(title, wanted, site);
  const offer = stillPermitted(title, facts.country, session, site, facts.now);
  return { title, admission: { token: wanted.session, caps: offer.caps, prefix: false, sale: sale(site, title, offer, keys) } };
}

/** What the address of a break is made of, for a viewer with advertising. */
function sale(site, title, { ads }, { keys: [{ key }] }) {
  return site.ads && ads === "guided" ? { site, title, key } : undefined;
}

function onSite(title, wanted, site) {
  if (!title?.sites.includes(site.host)) {
    throw new Denial("title_unknown", `\`${wanted.title}\` is not a title of ${site.host}`);
  }
}

/** `XX` is no information and `T1` is Tor: neither is a country. */
function country(code) {
  return /^[A-Z]{2}$/.test(code) && code !== "XX" ? code : undefined;
}

/** One JSON line for each refusal or fault, as Stagedoor writes it: without tokens and queries. */
function log({ url, country }, error) {
  const denied = error instanceof Denial;
  const line = JSON.stringify({
    kind: denied ? "denial" : "fault",
    reason: error.reason ?? "platform",
    detail: error.message,
    host: url.hostname,
    resource: url.pathname.replace(/^\/(?:~|%7E)[^/]*/i, "").slice(1),
    place: country ?? "an unknown place",
  });
  if (denied) console.log(line);
  else console.error(line);
}

// The sample catalogue, and how a CMS would put it into the origin service.
import { verifyingKey } from "./secrets.mjs";

export const SITE = "localhost";
export const ISSUER = "https://id.demo.example/";
export const AUDIENCE = "stagedoor-demo";
const SESSION_KEYS = `${SITE}-sessions`;

/** The titles that can be entered by an MPD too, and its name: a title's document names but one manifest. */
export const MPDS = { harbour: "manifest.mpd", "harbour-premiere": "manifest.mpd" };

/** The countries that the sample titles are not sold in. */
const ELSEWHERE = ["US", "CA"];

export function siteDocument(mediaOrigin) {
  return {
    host: SITE,
    media: { origin: mediaOrigin },
    tokens: { issuers: [ISSUER], audience: AUDIENCE },
    sessions: { keys: SESSION_KEYS, lifetime_s: 3_600 },
    // The media origin gives its segments a time, so players are told their age.
    cache: { respect_origin: true, vod: { fresh_s: 2 } },
  };
}

export function keyDocuments(secrets) {
  return [
    { issuer: ISSUER, keys: secrets.issuer.map(verifyingKey) },
    { issuer: SESSION_KEYS, keys: secrets.session },
  ];
}

export function titleDocuments(now = new Date()) {
  const world = { allow: ["*"], deny: ELSEWHERE };
  const common = { sites: [SITE], manifest: "master.m3u8" };
  const tiers = (window) => [
    { id: "basic", territories: world, ...window, plans: ["basic"], caps: { max_height: 360 } },
    { id: "premium", territories: world, ...window, plans: ["premium"] },
  ];
  return [
    { id: "harbour", names: { en: "Harbour", ar: "الميناء" }, ...common, offers: tiers({}) },
    {
      id: "harbour-aes",
      names: { en: "Harbour, encrypted", ar: "الميناء، مشفّر" },
      ...common,
      offers: [{ id: "gulf", territories: { allow: ["AE", "SA", "QA", "EG", "DE"] }, plans: ["premium"] }],
    },
    {
      id: "harbour-premiere",
      names: { en: "Harbour premiere", ar: "العرض الأول" },
      ...common,
      media: "harbour/",
      offers: tiers({ window: { from: firstOfMonthInAYear(now) } }),
    },
    {
      id: "live",
      names: { en: "Live, low latency", ar: "مباشر" },
      ...common,
      offers: [
        { id: "basic", territories: world, plans: ["basic"], caps: { max_height: 180 } },
        { id: "premium", territories: world, plans: ["premium"] },
      ],
    },
  ];
}

/**
 * Puts the catalogue into the origin. Titles that are there stay as they are, so that changes survive a restart.
 * @param {import("./origin-api.mjs").OriginApi} api
 */
export async function seed(api, secrets, mediaOrigin) {
  for (const keys of keyDocuments(secrets)) await api.put("keys", keys.issuer, keys);
  await seedSite(api, mediaOrigin);
  for (const title of titleDocuments()) {
    if (!(await api.find("titles", title.id))) await api.put("titles", title.id, title);
  }
}

/** The media origin moves with its port; all else of a site that is there stays. */
async function seedSite(api, mediaOrigin) {
  const found = await api.find("sites", SITE);
  const site = found ? { ...found.document, media: { ...found.document.media, origin: mediaOrigin } } : siteDocument(mediaOrigin);
  await api.put("sites", SITE, site);
}

function firstOfMonthInAYear(now) {
  const opens = new Date(Date.UTC(now.getUTCFullYear() + 1, now.getUTCMonth() + 1, 1, 18));
  return opens.toISOString().replace(".000Z", "Z");
}

// The sample catalogue, and how a CMS would put it into the origin service.
import { adPolicy, campaignsDocument, creativeDocuments } from "./advertising.mjs";
import { verifyingKey } from "./secrets.mjs";

export const SITE = "localhost";
export const ISSUER = "https://id.demo.example/";
export const AUDIENCE = "stagedoor-demo";
const SESSION_KEYS = `${SITE}-sessions`;

/** The titles that can be entered by an MPD too, and its name: a title's document names but one manifest. */
export const MPDS = { harbour: "manifest.mpd", "harbour-premiere": "manifest.mpd", "harbour-with-ads": "manifest.mpd" };

/** The countries that the sample titles are not sold in. */
const ELSEWHERE = ["US", "CA"];

/** @param {{media: string, ads: string}} urls of the media origin and of the ad server */
export function siteDocument({ media, ads }) {
  return {
    host: SITE,
    media: { origin: media },
    ads: adPolicy(ads),
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
  const tiers = (rest) => [
    { id: "basic", territories: world, ...rest, plans: ["basic"], caps: { max_height: 360 } },
    { id: "premium", territories: world, ...rest, plans: ["premium"] },
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
      id: "harbour-with-ads",
      names: { en: "Harbour with ads", ar: "الميناء مع إعلانات" },
      ...common,
      media: "harbour/",
      offers: tiers({ ads: "guided" }),
      ads: { pre_roll: { longest_s: 10 }, mid_rolls: { at_s: [15, 40], longest_s: 20 }, post_roll: { longest_s: 10 } },
    },
    {
      id: "live",
      names: { en: "Live, low latency", ar: "مباشر" },
      ...common,
      offers: [
        { id: "basic", territories: world, plans: ["basic"], caps: { max_height: 180 }, ads: "guided" },
        { id: "premium", territories: world, plans: ["premium"], ads: "guided" },
      ],
    },
  ];
}

/**
 * Puts the catalogue into the origin. Titles and campaigns that are there stay as they are, so that changes survive a restart.
 * @param {import("./origin-api.mjs").OriginApi} api
 * @param {{media: string, ads: string}} urls of the media origin and of the ad server
 */
export async function seed(api, secrets, urls) {
  for (const keys of keyDocuments(secrets)) await api.put("keys", keys.issuer, keys);
  const creatives = creativeDocuments({ sites: [SITE], folder: "ads/", ads: urls.ads });
  for (const creative of Object.values(creatives)) await api.put("creatives", creative.id, creative);
  await seedSite(api, urls);
  if (!(await api.find("campaigns", SITE))) await api.put("campaigns", SITE, campaignsDocument(SITE));
  for (const title of titleDocuments()) {
    if (!(await api.find("titles", title.id))) await api.put("titles", title.id, title);
  }
}

/** The media origin and the ad server move with their ports; all else of a site that is there stays. */
async function seedSite(api, urls) {
  const site = (await api.find("sites", SITE))?.document;
  const { media, ads } = siteDocument(urls);
  const moved = site && { ...site, media: { ...site.media, ...media }, ads: { ...ads, ...site.ads, server: { ...site.ads?.server, ...ads.server } } };
  await api.put("sites", SITE, moved ?? siteDocument(urls));
}

function firstOfMonthInAYear(now) {
  const opens = new Date(Date.UTC(now.getUTCFullYear() + 1, now.getUTCMonth() + 1, 1, 18));
  return opens.toISOString().replace(".000Z", "Z");
}

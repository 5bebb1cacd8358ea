// The documents of advertising: creatives of the sample ads, the site's campaigns, and its policy.
import { ADS, PICTURES, creativeId } from "./ad-server.mjs";

/** The linear creatives of demo/media/ads: their durations in seconds. */
const LINEAR = { ...ADS, slate: 4, "bumper-in": 2, "bumper-out": 2 };

/**
 * The creatives, by their ids: those of the site's own campaigns, slate and bumpers, and the ads of the ad server as they were
 * conditioned.
 * @param {{sites: string[], folder: string, pictures?: string, beacons?: string}} options `folder` has the ads below the media
 *   origin. `pictures` and `beacons` are URLs of the ad server
 */
export function creativeDocuments({ sites, folder, pictures, beacons }) {
  const tracking = (ad) => (beacons ? { tracking: events(ad, beacons) } : {});
  const linear = (id, ad) => [
    id,
    {
      id,
      sites,
      kind: "linear",
      media: `${folder}${ad}/`,
      hls: "master.m3u8",
      dash: "manifest.mpd",
      duration_ms: LINEAR[ad] * 1_000,
      codecs: ["avc1.4D401E", "mp4a.40.2"],
      heights: [180, 360, 720, 1080],
      languages: ["en"],
    },
  ];
  const own = Object.keys(LINEAR).map((ad) => {
    const [id, document] = linear(ad, ad);
    return [id, { ...document, name: NAMES[ad], ...(Object.hasOwn(ADS, ad) ? tracking(ad) : {}) }];
  });
  const served = Object.keys(ADS).map((ad) => {
    const [id, document] = linear(creativeId(ad), ad);
    return [id, { ...document, name: `${NAMES[ad]} of the ad server`, universal_ad_ids: [{ registry: "demo.example", id: ad }] }];
  });
  const beside = pictures ? Object.entries(PICTURES).map(([name, { seconds, layout }]) => [name, nonLinear(name, seconds, layout, { sites, pictures, tracking })]) : [];
  return Object.fromEntries([...own, ...served, ...beside]);
}

const NAMES = { amber: "Ad one", teal: "Ad two", plum: "Ad three", slate: "Slate", "bumper-in": "Ads begin", "bumper-out": "Ads end" };

function nonLinear(id, seconds, layout, { sites, pictures, tracking }) {
  return { id, sites, kind: "non_linear", layout, url: `${pictures}${id}.png`, media_type: "image/png", duration_ms: Math.max(1, seconds) * 1_000, ...tracking(id) };
}

function events(ad, beacons) {
  const names = ["impression", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete", "skip"];
  return Object.fromEntries(names.map((name) => [name, [`${beacons}${name}?ad=${ad}`]]));
}

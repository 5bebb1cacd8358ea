// The documents of advertising: the creatives of the sample ads, the site's campaigns, and its policy.
import { ADS, PICTURES, REGISTRY, creativeId } from "./ad-server.mjs";

/** The linear creatives of demo/media/ads: their durations in seconds, and their names. */
const LINEAR = {
  amber: { seconds: ADS.amber, name: "Ad one" },
  teal: { seconds: ADS.teal, name: "Ad two" },
  plum: { seconds: ADS.plum, name: "Ad three" },
  slate: { seconds: 4, name: "Slate" },
  "bumper-in": { seconds: 2, name: "Ads begin" },
  "bumper-out": { seconds: 2, name: "Ads end" },
};

const EVENTS = ["impression", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete", "skip"];

/** How the demo's site fills breaks: by the ad server, and by its own campaigns what that leaves. @param {string} ads the URL of the ad server */
export function adPolicy(ads) {
  return {
    server: { url: `${ads}/vast?position=[BREAKPOSITION]&pod.2=teal,plum&at=[CONTENTPLAYHEAD]&pod.00:00:15.000=overlay,pause` },
    insertion: { restrict: ["skip", "jump"] },
  };
}

/** The demo's campaigns. A title's genres, the viewer's plan and much else could be conditions too. */
export function campaignsDocument(host) {
  return {
    host,
    campaigns: [
      { id: "house", creatives: ["amber"], places: ["pre_roll", "post_roll"], frequency: { per_break: 1 } },
      { id: "house-live", creatives: ["amber"], titles: ["live"], frequency: { per_break: 1 } },
      { id: "beside", creatives: ["squeezeback"], places: ["mid_roll"], titles: ["harbour-with-ads"] },
    ],
  };
}

/**
 * The creatives, by their ids: those of the site's own campaigns, its slate and bumpers, and the ads of the ad server as they were
 * conditioned.
 * @param {{sites: string[], folder: string, ads?: string}} options `folder` has the ads below the media origin. `ads` is the URL of
 *   the ad server, which has the pictures, and hears of the events
 */
export function creativeDocuments({ sites, folder, ads }) {
  const tracking = (id, names) => (ads ? { tracking: Object.fromEntries(names.map((name) => [name, [`${ads}/beacon/${name}?ad=${id}`]])) } : {});
  const linear = (id, ad) => ({
    ...{ id, sites },
    kind: {
      linear: {
        ...{ media: `${folder}${ad}/`, hls: "master.m3u8", dash: "manifest.mpd", duration_ms: LINEAR[ad].seconds * 1_000 },
        ...{ codecs: ["avc1.4D401E", "mp4a.40.2"], heights: [180, 360, 720, 1080], languages: ["en"] },
      },
    },
  });
  const own = Object.entries(LINEAR).map(([ad, { name }]) => ({ ...linear(ad, ad), name, ...(ADS[ad] ? tracking(ad, EVENTS) : {}) }));
  const served = sites.flatMap((site) =>
    Object.keys(ADS).map((ad) => ({
      ...linear(creativeId(site, ad), ad),
      name: `${LINEAR[ad].name}, of the ad server`,
      universal_ad_ids: [{ registry: REGISTRY, id: ad }],
    })),
  );
  const beside = Object.entries(ads ? PICTURES : {}).map(([id, { seconds, layout }]) => ({
    ...{ id, sites },
    kind: { non_linear: { layout, url: `${ads}/pictures/${id}.png`, media_type: "image/png", duration_ms: seconds * 1_000 } },
    ...tracking(id, ["impression"]),
  }));
  return Object.fromEntries([...own, ...served, ...beside].map((creative) => [creative.id, creative]));
}

// Hears from hls.js which breaks there are, what their asset lists say, and which ad plays.
import Hls from "/hls.js";
import { layoutName } from "./words.js";

/** The member with the tracking events of an asset (SVTA 2053-2). */
const SIGNALING = "X-AD-CREATIVE-SIGNALING";

/**
 * @typedef {{uri: string, seconds: number, name: string, tracking: {type: string, offset?: number, urls: string[]}[]}} Ad
 * @typedef {{uri: string, layout: string, starts: number, seconds: number, position: string, size: string, squeeze?: number,
 *   squeezePosition?: string, name: string, tracking: Ad["tracking"]}} Beside an item beside the content
 * @typedef {{
 *   breaks: (breaks: {id: string, at: number, place: "pre" | "mid" | "post"}[]) => void,
 *   listed: (id: string, list: {ads: Ad[], beside: Beside[], json: object}) => void,
 *   broken: (id: string, reason: string) => void,
 *   began: (id: string) => void,
 *   started: (id: string, ad: Ad, place: {number: number, of: number}, played: () => {seconds: number, of: number}) => void,
 *   ended: (failed: boolean) => void,
 *   over: (id: string) => void,
 * }} Listener
 */

/** @param {Hls} hls @param {HTMLVideoElement} video @param {Listener} on */
export function hearAds(hls, video, on) {
  const { Events } = Hls;
  const when = (event, hear) => hls.on(Events[event], (_, news) => hear(news));

  when("INTERSTITIALS_UPDATED", ({ events }) => {
    on.breaks(events.map(({ identifier, startTime, cue }) => ({ id: identifier, at: startTime, place: cue.pre ? "pre" : cue.post ? "post" : "mid" })));
  });
  when("ASSET_LIST_LOADED", ({ event, assetListResponse: json }) => {
    on.listed(event.identifier, { ads: adsOf(json), beside: (json["X-OVERLAYS"] ?? []).map(beside), json });
  });
  when("ERROR", ({ details, interstitial, response }) => {
    const listFails = [Hls.ErrorDetails.ASSET_LIST_LOAD_ERROR, Hls.ErrorDetails.ASSET_LIST_LOAD_TIMEOUT, Hls.ErrorDetails.ASSET_LIST_PARSING_ERROR];
    if (listFails.includes(details)) on.broken(interstitial?.identifier, response?.code === 404 ? "no ads for this viewer" : details);
  });
  when("INTERSTITIAL_STARTED", ({ event }) => {
    on.began(event.identifier);
    // The end of a film pauses the video, and hls.js leaves the post-roll paused.
    video.play().catch(() => {});
  });
  when("INTERSTITIAL_ASSET_STARTED", ({ event, assetListIndex, asset, player }) => {
    // The list of a pre-roll is told only after this.
    const ads = event.assetListResponse ? adsOf(event.assetListResponse) : [];
    const known = ads[assetListIndex] ?? { uri: asset.uri, seconds: asset.duration, name: asset.identifier, tracking: [] };
    const played = () => ({ seconds: player.currentTime, of: player.duration });
    on.started(event.identifier, known, { number: assetListIndex + 1, of: ads.length }, played);
  });
  when("INTERSTITIAL_ASSET_ENDED", () => on.ended(false));
  when("INTERSTITIAL_ASSET_ERROR", () => on.ended(true));
  when("INTERSTITIAL_ENDED", ({ event }) => on.over(event.identifier));
}

const adsOf = (json) => json.ASSETS.map((asset, index) => ad(asset, json, index));

/** An ad of an asset list. Bumpers and slates have no signaling. */
function ad({ URI: uri, DURATION: seconds, [SIGNALING]: signaling }, { ASSETS, TRACKING }, index) {
  const [payload] = signaling?.payload ?? [];
  const told = ASSETS.slice(0, index).filter((asset) => asset[SIGNALING]).length;
  const title = payload && TRACKING?.avails?.[0]?.ads?.[told]?.adTitle;
  const creative = /\/_stagedoor\/ad\/[^/]+\/[^/]+\/([^/]+)\//.exec(uri)?.[1];
  return { uri, seconds, name: title || creative || uri, tracking: payload?.tracking ?? [] };
}

function beside(item) {
  const [payload] = item[SIGNALING]?.payload ?? [];
  return {
    ...{ uri: item["X-ASSET-URI"], layout: item["X-LAYOUT"], starts: item["START-OFFSET"], seconds: item.DURATION },
    ...{ position: item["X-OVERLAY-POSITION"], size: item["X-OVERLAY-SIZE"], viewport: item["X-VIEWPORT"] },
    ...{ squeeze: item["X-SQUEEZECURRENT"], squeezePosition: item["X-SQUEEZECURRENT-POSITION"] },
    ...{ name: layoutName(item["X-LAYOUT"]), tracking: payload?.tracking ?? [] },
  };
}

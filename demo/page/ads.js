// The panel of ads: the breaks and what their asset lists say, the ad that plays, its tracking events, and the actions on the live
// channel and on the ad server.
import { BesideTheContent } from "./beside.js";
import { ask, post } from "./server.js";
import { Tracking } from "./tracking.js";
import { $, duration, element } from "./words.js";

const TICK_MS = 200;
const POLL_MS = 1_000;

/** Older events are not shown. */
const MOST_EVENTS = 60;

const PLACES = { pre: "Before the film", mid: "At", post: "Behind the film" };

export class Ads {
  #breaks = new Map();
  #playing = null;
  #beside;
  #log = 0;
  #live = false;

  constructor() {
    this.#beside = new BesideTheContent($("video"), (name, event) => this.#told(name, event));
    setInterval(() => this.#tick(), TICK_MS);
    setInterval(() => !$("ads").hidden && !document.hidden && this.#readServer(), POLL_MS);
    $("open-break").addEventListener("click", () => this.#act("/live/break"));
    $("return-early").addEventListener("click", () => this.#act("/live/return"));
    $("trouble").addEventListener("change", ({ target }) => post("/ad-server", { trouble: target.value || null }));
  }

  /** Turns to a title. @param {{title: {id: string, ads?: object} | null, format: string}} options a title, unless nothing plays */
  turnTo({ title, format }) {
    this.#breaks.clear();
    this.#end();
    this.#beside.stop();
    this.#live = title?.id === "live";
    $("ads").hidden = !title || !(title.ads || this.#live);
    $("live-actions").hidden = !this.#live;
    $("ad-events").replaceChildren();
    $("ads-message").textContent = format === "dash" ? "dash.js inserts no ads. It plays the film on past the events that announce the breaks." : "";
    this.#show();
    if (!$("ads").hidden) this.#readServer();
  }

  /** What a playback tells of ads. @type {import("./hls-ads.js").Listener} */
  hear = {
    breaks: (breaks) => {
      for (const { id, at, place } of breaks) this.#breaks.set(id, { ...this.#breaks.get(id), at, place });
      $("ads").hidden &&= breaks.length === 0;
      this.#show();
    },
    listed: (id, list) => {
      this.#learn(id, { list, problem: null });
      // The list of a pre-roll arrives within it, and an empty break is over at once.
      if (this.#breaks.get(id).state) this.#beside.begin(list.beside);
    },
    broken: (id, problem) => this.#learn(id, { problem }),
    began: (id) => {
      this.#learn(id, { state: "playing" });
      this.#beside.begin(this.#breaks.get(id)?.list?.beside ?? []);
    },
    started: (id, ad, place, played) => {
      this.#end();
      this.#playing = { id, ad, place, played, tracking: new Tracking(ad.tracking, ad.seconds, (event) => this.#told(ad.name, event)) };
      this.#tick();
    },
    ended: (failed) => this.#end(failed),
    over: (id) => {
      this.#end();
      this.#learn(id, { state: "played" });
    },
  };

  #learn(id, news) {
    if (!id) return;
    this.#breaks.set(id, { ...this.#breaks.get(id), ...news });
    this.#show();
  }

  #end(failed = false) {
    const { tracking, played } = this.#playing ?? {};
    this.#playing = null;
    if (tracking) {
      tracking.playedTo(played().seconds);
      tracking.end({ failed });
    }
    $("ad-playing").textContent = "–";
  }

  #tick() {
    if (!this.#playing) return;
    const { ad, place, played, tracking } = this.#playing;
    const { seconds } = played();
    tracking.playedTo(seconds);
    const left = Math.max(0, ad.seconds - (seconds || 0));
    const text = `${ad.name}, ${place.number} of ${place.of}, ${left.toFixed(0)} s left`;
    if ($("ad-playing").textContent !== text) $("ad-playing").textContent = text;
  }

  #show() {
    const breaks = [...this.#breaks].sort(([, one], [, other]) => order(one) - order(other));
    $("ads-summary").textContent = breaks.length ? `${breaks.length === 1 ? "one break" : `${breaks.length} breaks`}` : "";
    $("no-breaks").hidden = breaks.length > 0;
    $("break-list").replaceChildren(...breaks.map(([id, known]) => item(id, known)));
    const lists = breaks.filter(([, { list }]) => list).map(([id, { list }]) => `${id}\n${JSON.stringify(list.json, null, 2)}`);
    $("asset-lists").textContent = lists.join("\n\n") || "none yet";
  }

  #told(name, event) {
    const at = new Date().toLocaleTimeString("en-GB");
    const row = element("li", "", { "data-event": event });
    row.append(element("span", at), element("code", event), element("span", name));
    $("ad-events").prepend(row);
    if ($("ad-events").childElementCount > MOST_EVENTS) $("ad-events").lastElementChild.remove();
  }

  async #act(path) {
    const { ok, body } = await post(path, {});
    $("ads-message").textContent = ok ? body.detail : (body.detail ?? body.title);
  }

  /** Reads how often the ad server was asked, and what it heard. */
  async #readServer() {
    const { ok, body } = await ask("/ad-server");
    if (!ok) return;
    $("ad-requests").textContent = body.decisions;
    $("ad-beacons").textContent = body.beacons;
    if (document.activeElement !== $("trouble")) $("trouble").value = body.trouble ?? "";
    $("return-early").disabled = !body.open;
    $("open-break").disabled = Boolean(body.open);
  }
}

/** Pre-rolls come first, post-rolls last. */
const order = ({ place, at }) => ({ pre: -1, post: Infinity }[place] ?? at);

function item(id, { at, place, list, problem, state }) {
  const row = element("li", "", { "data-break": id, "data-state": problem ? "empty" : (state ?? (list ? "known" : "ahead")) });
  row.append(element("b", place === "mid" ? `${PLACES.mid} ${duration(at)}` : PLACES[place]), " ", element("span", words({ list, problem, state })));
  return row;
}

function words({ list, problem, state }) {
  if (problem) return `${problem}: the film goes on`;
  if (!list) return "not asked for yet";
  const ads = list.ads.map(({ name, seconds }) => `${name} ${seconds} s`);
  const beside = list.beside.map(({ name }) => name);
  const said = [...ads, ...beside].join(", ") || "no ads for this viewer: the film goes on";
  return state === "played" ? `${said} (played)` : said;
}

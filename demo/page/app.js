// The demo page: connects the form, the player, the requests and the rights.
import { Ads } from "./ads.js";
import { Choices } from "./choices.js";
import { Explanation } from "./explanation.js";
import { Player } from "./player.js";
import { Requests } from "./requests.js";
import { Revocation } from "./revocation.js";
import { Rights } from "./rights.js";
import { SecondViewer } from "./second-viewer.js";
import { decode, viewerToken } from "./tokens.js";
import { $, countryName } from "./words.js";

const config = await (await fetch("/config.json")).json();

/** The titles' documents by id. */
const titles = new Map();

/** The choices of the last Play, or null. */
let asked = null;

const requests = new Requests({ folderOf: (id) => titles.get(id)?.media ?? `${id}/` });
const revocation = new Revocation();
const explanation = new Explanation();
const ads = new Ads();
const player = new Player({ requested, denied, ads: ads.hear });
const second = new SecondViewer({ requested: (request) => requests.add("B", request) });
const rights = new Rights({ updated: learn });
const choices = new Choices({ mpds: config.mpds, changed: turn, play });

$("second-viewer").addEventListener("click", () => (second.isOn ? endSecond() : addSecond()));
$("edge-url").textContent = config.edge;
$("origin-url").textContent = config.origin;
await showTitles();
document.body.dataset.ready = "true";

async function showTitles() {
  const { items } = await (await fetch("/titles")).json();
  for (const { document } of items) titles.set(document.id, document);
  choices.showTitles(items.map((item) => item.document));
  await turn();
}

/** Follows a change of the choices: what plays goes on until Play is pressed, and a refusal of former choices goes. */
function turn() {
  const { title, country } = choices.chosen;
  const waiting = asked ? choices.changedSince(asked) : [];
  if (player.isOn) choices.announce(waiting);
  else if (waiting.length) clear("The choice has changed. Press Play.");
  return rights.show(title, country);
}

/** Empties the stage, and tells why. */
function clear(hint) {
  asked = null;
  choices.announce([]);
  player.clear(hint);
  ads.turnTo({ title: null });
  forgetViewers();
  $("watching").textContent = "";
}

/** Nobody watches any more. */
function forgetViewers() {
  endSecond();
  $("second-viewer").disabled = true;
  revocation.turnTo(null);
  explanation.clear();
}

function learn(title) {
  titles.set(title.id, title);
  choices.updateTitle(title);
}

async function play() {
  const { country, format, ...wish } = choices.chosen;
  const mine = (asked = { country, format, ...wish });
  choices.announce([]);
  player.load();
  forgetViewers();
  requests.clear();
  $("watching").textContent = watching(asked);
  ads.turnTo({ title: titles.get(wish.title), format });
  try {
    const token = await viewerToken(wish);
    // Play was pressed again, or the choice changed.
    if (asked !== mine) return;
    showToken(token);
    revocation.turnTo(token && { subject: decode(token).claims.sub, country });
    player.play({ url: entry(wish.title, format, token), format, country });
  } catch (error) {
    if (asked === mine) player.deny({ reason: "demo", title: "The demo's identity provider does not answer.", detail: error.message });
  }
}

function requested(request) {
  requests.add("A", request);
  revocation.heard(request);
  if (request.status === 200 && request.kind !== "entry") $("second-viewer").disabled = false;
}

/** Explains a refusal. That of former choices is told in a sentence, since the form shows others already. */
function denied({ url, reason }) {
  if (choices.changedSince(asked).length > 0) {
    return clear(`${nameOf(asked.title)} has ended (${reason}). Press Play for the new choice.`);
  }
  ads.turnTo({ title: null });
  // A second viewer has a session of their own, and goes on.
  $("second-viewer").disabled = !second.isOn;
  revocation.end();
  if (url) explanation.show({ url, country: asked.country });
}

/** Lets another viewer with the same plan in the same country watch the same title. */
async function addSecond() {
  const { country, format, ...wish } = asked;
  const mine = asked;
  $("second-viewer").disabled = true;
  const token = await viewerToken({ ...wish, kind: "fresh" }).catch(() => null);
  if (asked !== mine || !player.isOn) return;
  $("second-viewer").disabled = false;
  if (token === null) return;
  $("second-viewer").textContent = "Remove the second viewer";
  second.play({ url: entry(wish.title, format, token), format, country, subject: decode(token).claims.sub });
}

function endSecond() {
  second.stop();
  if (!player.isOn) $("second-viewer").disabled = true;
  $("second-viewer").textContent = "Add a second viewer";
}

function watching({ title, country, plan, format }) {
  return [nameOf(title), format.toUpperCase(), countryName(country), plan ? `plan ${plan}` : "no plan"].join(" · ");
}

function nameOf(id) {
  return titles.get(id)?.names?.en ?? id;
}

function entry(id, format, token) {
  const manifest = format === "dash" ? config.mpds[id] : (titles.get(id).manifest ?? "master.m3u8");
  const url = new URL(`/${id}/${manifest}`, config.edge);
  if (token) url.searchParams.set("token", token);
  return url.href;
}

function showToken(token) {
  if (!token) {
    $("token-summary").textContent = "none sent";
    $("token-text").textContent = "";
    return;
  }
  const { header, claims } = decode(token);
  const expires = new Date(claims.exp * 1000).toLocaleTimeString("en-GB");
  $("token-summary").textContent = `${header.alg}, ${claims.plan ? `plan ${claims.plan}` : "no plan"}, expires ${expires}`;
  $("token-text").textContent = `${JSON.stringify(header, null, 2)}\n${JSON.stringify(claims, null, 2)}`;
}

// The demo page: connects the form, the player, the requests and the rights.
import { Choices } from "./choices.js";
import { Player } from "./player.js";
import { Requests } from "./requests.js";
import { Rights } from "./rights.js";
import { decode, viewerToken } from "./tokens.js";
import { $, countryName } from "./words.js";

const config = await (await fetch("/config.json")).json();
const requests = new Requests();
const player = new Player({ requested: (request) => requests.add(request), denied });
const rights = new Rights({ updated: learn });
const choices = new Choices({ mpds: config.mpds, changed: turn, play });

/** The titles' documents by id. */
const titles = new Map();

/** The choices of the last Play, or null. */
let asked = null;

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
  $("watching").textContent = "";
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
  requests.clear();
  $("watching").textContent = watching(asked);
  try {
    const token = await viewerToken(wish);
    // Play was pressed again, or the choice changed.
    if (asked !== mine) return;
    showToken(token);
    player.play({ url: entry(wish.title, format, token), format, country });
  } catch (error) {
    if (asked === mine) player.deny({ reason: "demo", title: "The demo's identity provider does not answer.", detail: error.message });
  }
}

/** A refusal of former choices is told in a sentence, since the form shows others already. */
function denied({ reason }) {
  if (choices.changedSince(asked).length === 0) return;
  clear(`${nameOf(asked.title)} has ended (${reason}). Press Play for the new choice.`);
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

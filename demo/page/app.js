// The demo page: connects the form, the player, the requests and the rights.
import { Choices } from "./choices.js";
import { Player } from "./player.js";
import { Requests } from "./requests.js";
import { Rights } from "./rights.js";
import { decode, viewerToken } from "./tokens.js";
import { $ } from "./words.js";

const config = await (await fetch("/config.json")).json();
const requests = new Requests();
const player = new Player(requests);
const rights = new Rights({ updated: learn });
const choices = new Choices({ mpds: config.mpds, changed: turn, play });

/** The titles' documents by id. */
const titles = new Map();

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

function turn() {
  const { title, country } = choices.chosen;
  return rights.show(title, country);
}

function learn(title) {
  titles.set(title.id, title);
  choices.updateTitle(title);
}

async function play() {
  const { country, format, ...wish } = choices.chosen;
  player.stop();
  requests.clear();
  try {
    const token = await viewerToken(wish);
    showToken(token);
    player.play({ url: entry(wish.title, format, token), format, country });
  } catch (error) {
    player.deny({ reason: "demo", title: "The demo's identity provider does not answer.", detail: error.message });
  }
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

// The form: the title, its format, and the viewer.
import { $, COUNTRIES, countryName, element, offerInWords } from "./words.js";

/** Each choice, and its name on the page. */
const NAMES = { title: "title", country: "country", kind: "token", plan: "plan", format: "format", algorithm: "algorithm" };

export class Choices {
  #mpds;

  /** @param {{mpds: Record<string, string>, changed: () => void, play: () => void}} options `mpds` maps titles to their MPD. */
  constructor({ mpds, changed, play }) {
    this.#mpds = mpds;
    $("country").replaceChildren(
      ...COUNTRIES.map((code) => element("option", `${countryName(code)} (${code})`, { value: code })),
      element("option", "Unknown", { value: "" }),
    );
    $("viewer").addEventListener("change", () => {
      this.#offerFormats();
      changed();
    });
    $("viewer").addEventListener("submit", (event) => {
      event.preventDefault();
      play();
    });
  }

  /** The choices: title, format, country, plan, kind, algorithm. */
  get chosen() {
    return Object.fromEntries(new FormData($("viewer")));
  }

  /** The names of the choices that differ from earlier ones. */
  changedSince(earlier) {
    const { chosen } = this;
    return Object.keys(NAMES).filter((name) => chosen[name] !== earlier[name]).map((name) => NAMES[name]);
  }

  /** Says which choices wait for Play, while something plays. */
  announce(waiting) {
    $("play").textContent = waiting.length ? "Play the new choice" : "Play";
    $("notice").textContent = waiting.length ? `Changed: ${waiting.join(", ")}. It takes effect with Play; until then the player goes on as before.` : "";
  }

  /** Shows the titles. The choice stays, or becomes the first title. */
  showTitles(documents) {
    const chosen = this.chosen.title ?? documents[0]?.id;
    $("titles").replaceChildren(...documents.map((title) => card(title, title.id === chosen)));
    this.#offerFormats();
  }

  /** Disables DASH for a title without an MPD. */
  #offerFormats() {
    const { title } = this.chosen;
    const dash = Object.hasOwn(this.#mpds, title);
    $("dash").disabled = !dash;
    if (!dash) $("hls").checked = true;
    const name = [...$("titles").children].find((card) => card.dataset.id === title)?.querySelector("bdi").textContent;
    $("format-note").textContent = dash ? "" : `${name} has no MPD, so it plays as HLS only.`;
  }

  /** Shows a title's new state. */
  updateTitle(title) {
    const old = [...$("titles").children].find((card) => card.dataset.id === title.id);
    if (!old) return;
    const offers = old.querySelector("ul");
    offers.replaceChildren(...offerItems(title));
    old.querySelector(".names").replaceChildren(...names(title));
  }
}

function card(title, checked) {
  const card = element("label", "", { class: "card", "data-id": title.id });
  const radio = element("input", "", { type: "radio", name: "title", value: title.id });
  radio.checked = checked;
  const heading = element("span", "", { class: "names" });
  heading.append(...names(title));
  const offers = element("ul");
  offers.append(...offerItems(title));
  const body = element("span", "", { class: "card-body" });
  body.append(heading, offers);
  card.append(radio, body);
  return card;
}

function names({ id, names = {} }) {
  const entries = Object.entries(names).sort(([a], [b]) => (b === "en") - (a === "en"));
  if (entries.length === 0) return [element("bdi", id)];
  return entries.map(([lang, name]) => element("bdi", name, { lang, dir: "auto" }));
}

function offerItems({ offers }) {
  if (offers.length === 0) return [element("li", "No offer, so nobody may watch it.")];
  return offers.map((offer) => element("li", offerInWords(offer)));
}

// The rights panel: shows a title's document in the origin service, and changes it as a CMS does.
import { ask } from "./server.js";
import { $, countryName, element } from "./words.js";

const POLL_MS = 3_000;
const SYNC_POLL_MS = 250;
const SYNC_PATIENCE_MS = 30_000;

export class Rights {
  #id = null;
  #country = "";
  #reply = null;
  /** The state before the edit: revision and text. */
  #base = null;
  #savedAt = null;
  #updated;

  /** @param {{updated: (document: object) => void}} options `updated` is called with each new state of the document. */
  constructor({ updated }) {
    this.#updated = updated;
    $("document").addEventListener("input", () => this.#showButtons());
    $("save").addEventListener("click", () => this.#save());
    $("revert").addEventListener("click", () => this.#revert());
    $("toggle-country").addEventListener("click", () => this.#toggleCountry());
    setInterval(() => this.#id && !document.hidden && this.#refresh(), POLL_MS);
  }

  /** Shows a title, for a viewer in a country. */
  async show(id, country) {
    this.#country = country;
    if (this.#id !== id) {
      this.#id = id;
      this.#reply = null;
      this.#base = null;
      this.#savedAt = null;
      // The document of another title is not to be edited under this one's id.
      $("document").value = "";
      $("document").disabled = true;
      this.#errors([]);
      this.#message("");
      await this.#refresh();
    }
    this.#showButtons();
  }

  get #dirty() {
    return this.#base !== null && $("document").value !== this.#base.text;
  }

  async #refresh() {
    const id = this.#id;
    const { ok, body } = await ask(`/titles/${id}`);
    if (id !== this.#id) return;
    if (ok) this.#take(body);
    else this.#message(body.detail);
  }

  /** Shows a reply of the origin service. An edit in progress stays. */
  #take(reply) {
    const changed = this.#reply?.revision !== reply.revision;
    this.#reply = reply;
    if (changed && !this.#dirty) this.#edit();
    if (changed) this.#updated(reply.document);
    this.#showSync();
    this.#showButtons();
  }

  #edit() {
    const { revision, document } = this.#reply;
    this.#base = { revision, text: format(document) };
    $("document").value = this.#base.text;
    $("document").disabled = false;
  }

  #showSync() {
    const { revision, sync } = this.#reply;
    $("rights-title").textContent = this.#id;
    $("revision").textContent = revision;
    $("sync-state").textContent = sync.state;
    $("sync-state").dataset.state = sync.state;
    $("lag").textContent = sync.lag_s === null ? "none" : `${sync.lag_s} s`;
    if (sync.state === "synced" && this.#savedAt !== null) {
      const seconds = ((performance.now() - this.#savedAt) / 1000).toFixed(1);
      this.#savedAt = null;
      this.#message(
        `Saved, and at the edge after ${seconds} s. Every edge location follows within ${sync.visible_within_s} s, ` +
          "and a running session with its next request.",
      );
    } else if (sync.last_error) {
      this.#message(`Not at the edge yet: ${sync.last_error}`);
    }
  }

  #showButtons() {
    const document = parse($("document").value);
    $("save").disabled = !this.#dirty;
    $("revert").disabled = !this.#dirty;
    $("toggle-country").disabled = !this.#country || !document?.offers.length;
    const verb = document && blocks(document, this.#country) ? "Unblock" : "Block";
    $("toggle-country").textContent = `${verb} ${countryName(this.#country)} and save`;
  }

  #toggleCountry() {
    const document = parse($("document").value);
    const block = !blocks(document, this.#country);
    for (const { territories } of document.offers) {
      const others = (territories.deny ?? []).filter((code) => code !== this.#country);
      territories.deny = block ? [...others, this.#country] : others;
    }
    $("document").value = format(document);
    return this.#save();
  }

  #revert() {
    this.#edit();
    this.#errors([]);
    this.#message("");
    this.#showButtons();
  }

  async #save() {
    this.#message("Saving …");
    this.#savedAt = performance.now();
    const { ok, body } = await ask(`/titles/${this.#id}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json", "If-Match": `"${this.#base.revision}"` },
      body: $("document").value,
    });
    if (!ok) return this.#refused(body);
    this.#errors([]);
    this.#message("Saved. Sending it to the edge …");
    this.#base.text = $("document").value;
    this.#reply = null;
    this.#take(body);
    await this.#untilSynced();
  }

  async #untilSynced() {
    const end = Date.now() + SYNC_PATIENCE_MS;
    while (this.#savedAt !== null && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, SYNC_POLL_MS));
      await this.#refresh();
    }
  }

  #refused({ title, detail, errors }) {
    this.#savedAt = null;
    this.#message("Nothing was saved.");
    this.#errors(errors ?? [{ field: title, detail }]);
    this.#showButtons();
  }

  #errors(errors) {
    const list = element("ul");
    for (const { field, detail } of errors) {
      const item = element("li");
      item.append(element("code", field), ` ${detail}`);
      list.append(item);
    }
    $("rights-errors").replaceChildren(list);
    $("rights-errors").hidden = errors.length === 0;
    $("document").setAttribute("aria-invalid", String(errors.length > 0));
  }

  #message(message) {
    if ($("rights-message").textContent !== message) $("rights-message").textContent = message;
  }
}

/** JSON with lists of plain values on one line. */
function format(document) {
  return JSON.stringify(document, null, 2).replace(/\[\n\s+([^[\]{}]*?)\n\s*\]/g, (_, list) => `[${list.replace(/\n\s*/g, " ")}]`);
}

/** The document, if the button can change its offers. */
function parse(text) {
  try {
    const document = JSON.parse(text);
    return document.offers.every((offer) => offer.territories.allow) ? document : null;
  } catch {
    return null;
  }
}

const blocks = ({ offers }, country) => offers.every(({ territories }) => territories.deny?.includes(country));

// The revoke button: revokes the viewer who watches, and measures the time until the edge refuses.
import { REFUSED } from "./requests.js";
import { post } from "./server.js";
import { $ } from "./words.js";

/** The pause between two questions whether the edge still serves the viewer. */
const ASK_EACH_MS = 200;

export class Revocation {
  /** The viewer who watches: the subject of the token, and the country. */
  #viewer = null;
  /** The viewer's smallest file so far, for asking again. */
  #probe = null;
  #clickedAt = null;

  constructor() {
    $("revoke").addEventListener("click", () => this.#revoke());
  }

  /** Another viewer watches, or nobody: `null`. */
  turnTo(viewer) {
    this.#viewer = viewer;
    this.#probe = null;
    this.#clickedAt = null;
    $("revoke").disabled = true;
    $("revoke-message").textContent = "";
  }

  /** The playback has ended. A revocation under way is still measured. */
  end() {
    $("revoke").disabled = true;
  }

  /** Hears of each finished request of the viewer. */
  heard({ url, kind, status, bytes }) {
    if (this.#viewer === null) return;
    if (REFUSED.includes(status)) return this.#refused("the player’s next request");
    if (status !== 200 || kind === "entry" || new URL(url).search) return;
    if (this.#probe === null) $("revoke").disabled = false;
    if (this.#probe === null || bytes < this.#probe.bytes) this.#probe = { url, bytes };
  }

  async #revoke() {
    const viewer = this.#viewer;
    $("revoke").disabled = true;
    this.#clickedAt = performance.now();
    $("revoke-message").textContent = "Revoking …";
    const { ok, body } = await post("/revocations", { subject: viewer.subject });
    if (viewer !== this.#viewer) return;
    if (!ok) {
      $("revoke-message").textContent = `Not revoked: ${body.detail}`;
      $("revoke").disabled = false;
      return;
    }
    viewer.stored = `The origin service had stored it after ${this.#since()}. This edge is one process, which refuses as soon as it is told; Cloudflare’s other locations follow within ${body.sync.visible_within_s} s.`;
    $("revoke-message").textContent = `Revoked. ${viewer.stored} Asking the edge until it refuses …`;
    await this.#askUntilRefused(viewer);
  }

  async #askUntilRefused(viewer) {
    const { url } = this.#probe;
    for (let count = 1; viewer === this.#viewer && this.#clickedAt !== null; count++) {
      // Bypasses the browser's own copy.
      const reply = await fetch(url, { cache: "no-store", headers: { "Stagedoor-Geography": viewer.country } }).catch(() => null);
      if (viewer !== this.#viewer) return;
      if (REFUSED.includes(reply?.status)) return this.#refused(`the page’s ${ordinal(count)} request since`);
      await new Promise((resolve) => setTimeout(resolve, ASK_EACH_MS));
    }
  }

  #refused(what) {
    if (this.#clickedAt === null) return;
    $("revoke-message").textContent = `Refused ${this.#since()} after the click: ${what}. ${this.#viewer.stored ?? ""}`;
    $("revoke-message").dataset.ms = Math.round(performance.now() - this.#clickedAt);
    this.#clickedAt = null;
  }

  #since() {
    const ms = performance.now() - this.#clickedAt;
    return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
  }
}

function ordinal(count) {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" }[new Intl.PluralRules("en", { type: "ordinal" }).select(count)];
  return `${count}${ending}`;
}

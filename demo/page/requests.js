// The table of the player's requests.
import { sessionOf } from "./tokens.js";
import { $, element, size } from "./words.js";

const MOST_ROWS = 400;

export class Requests {
  #count = 0;
  #bytes = 0;

  clear() {
    this.#count = 0;
    this.#bytes = 0;
    $("request-rows").replaceChildren();
    $("requests-summary").textContent = "";
  }

  /** Adds a finished request. */
  add({ url, kind, status, bytes, ms }) {
    this.#count += 1;
    this.#bytes += bytes;
    const asked = new URL(url);
    const { origin, pathname, search } = asked;
    const row = element("tr", "", { "data-kind": kind, "data-status": status, "data-url": origin + pathname });
    row.dataset.session = sessionOf(asked) ?? "";
    if (status >= 400) row.className = "refused";
    const path = element("td", "", { title: pathname });
    path.append(element("code", shorten(pathname) + shortenQuery(search)));
    row.append(
      element("td", kind),
      element("td", "GET"),
      path,
      element("td", status || "stopped", { class: "number" }),
      element("td", bytes.toLocaleString("en"), { class: "number" }),
      element("td", ms.toFixed(0), { class: "number" }),
    );
    const rows = $("request-rows");
    rows.prepend(row);
    if (rows.childElementCount > MOST_ROWS) rows.lastElementChild.remove();
    $("requests-summary").textContent = `${this.#count === 1 ? "one" : this.#count}, ${size(this.#bytes)}, newest first`;
  }
}

/** The problem document of a refusal. */
export function problemOf(status, body) {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body ?? undefined);
  try {
    return { status, ...JSON.parse(text) };
  } catch {
    return { status, reason: "unexpected_reply", title: "The reply is not a problem document.", detail: text.slice(0, 200) };
  }
}

const shorten = (path) => path.replace(/^(\/(?:~|%7E).{4})[^/]*(.{4}\/)/i, "$1…$2");

const shortenQuery = (search) => search.replace(/(token|sd_session)=(.{8})[^&]*/g, "$1=$2…");

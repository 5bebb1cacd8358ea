// Describes documents in words.

const regions = new Intl.DisplayNames(["en"], { type: "region" });

export const COUNTRIES = ["AE", "SA", "QA", "EG", "DE", "FR", "GB", "IN", "JP", "BR", "US", "CA"];

export function countryName(code) {
  if (code === "") return "an unknown country";
  return code === "*" ? "worldwide" : regions.of(code);
}

const list = (codes) => codes.map(countryName).join(", ");

/** One offer as a sentence. */
export function offerInWords({ plans = [], territories, caps = {}, window = {}, ads = "none" }) {
  const parts = [
    plans.length ? `plan ${plans.join(" or ")}` : "any plan",
    territories.allow.length ? list(territories.allow) : "nowhere",
    territories.deny?.length ? `not in ${list(territories.deny)}` : "",
    caps.max_height ? `up to ${caps.max_height}p` : "every quality",
    ads === "none" ? "" : "with ads",
    window.from ? `from ${day(window.from)}` : "",
    window.until ? `until ${day(window.until)}` : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

const day = (text) => new Date(text).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

/** Formats 75 as 1:15. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A text whose `words in backticks` are code, as nodes. */
export function marked(text) {
  return text.split("`").map((part, index) => (index % 2 ? element("code", part) : document.createTextNode(part)));
}

/** The layout of an item beside the content, as a person says it: `LOWER-THIRD-OVERLAY` is a lower third overlay. */
export const layoutName = (layout) => layout.toLowerCase().replaceAll("-", " ");

/** A text as a sentence. */
export function sentence(text) {
  return text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** The element with an id. */
export const $ = (id) => document.getElementById(id);

/** An element with a text and attributes. */
export function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Compares how mpd-parser and cml-xml read MPDs of other projects, before and after the command rewrote them.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseXml } from "@svta/cml-xml";
import { inheritAttributes, parse, parseUTCTiming, stringToMpdXml, toPlaylists } from "mpd-parser";
import { HOST, TOKEN, isLowEnough, manifests, rewritten, same, unsigned } from "./rewritten.mjs";

const AT_ENTRY = `${HOST}/dash/index.mpd`;
const BELOW = `${HOST}/~${TOKEN}/dash/index.mpd`;

const MAX_HEIGHT = 360;

/** The time at which an MPD with a start time is read. */
const NOW = Date.UTC(2026, 0, 1);

/** The options of each way of signing, and the MPD's URL for a player. */
const SIGNINGS = {
  "in the path, at the entry": { words: ["--signing", "path", "--session", TOKEN, "--url", AT_ENTRY], url: AT_ENTRY },
  "in the path, below it": { words: ["--session", TOKEN, "--url", BELOW], url: BELOW },
  "in the query": { words: ["--signing", "query", "--session", TOKEN, "--url", AT_ENTRY], url: AT_ENTRY },
};

/** MPDs that the command refuses because they are cut off. Two projects have the same. */
const REFUSED = new Set(["dash-mpd-rs/incomplete.mpd"]);

/** MPDs that mpd-parser cannot read even unchanged, and its errors: no period, and no end. */
const UNREAD = new Set([
  "zencoder-go-dash/mpd/fixtures/live_profile_dynamic.mpd: Invalid array length",
  "zencoder-go-dash/mpd/fixtures/location.mpd: INVALID_NUMBER_OF_PERIOD",
]);

let mpds;
let scratch;

before(async () => {
  mpds = await manifests("dash", [".mpd", ".xml"]);
  scratch = await mkdtemp(join(tmpdir(), "stagedoor-mpds-"));
  await writeFile(join(scratch, "permit.json"), JSON.stringify({ caps: { max_height: MAX_HEIGHT } }));
});
after(() => rm(scratch, { recursive: true }));

/** The MPDs, rewritten by the command. */
function written(words) {
  const names = [...mpds.keys()].filter((name) => !REFUSED.has(name));
  return rewritten("dash", names, ["--foreign", "sign", ...words]);
}

/** mpd-parser's result: its playlists, and before that each Representation with each of its base URLs. */
function read(text, manifestUri) {
  const options = { manifestUri, NOW };
  const clock = attempt(() => parseUTCTiming(text));
  return attempt(() => {
    const { representationInfo } = inheritAttributes(stringToMpdXml(text), options);
    // Each has the MPD's locations in its attributes.
    const representations = toPlaylists(representationInfo).map(({ attributes: { locations: _, ...attributes }, ...rest }) => {
      return { ...rest, attributes, resolvedUri: attributes.baseUrl };
    });
    return { manifest: parse(text, options), representations, clock };
  });
}

function attempt(call) {
  try {
    return { parsed: call() };
  } catch (error) {
    return { failed: error.message };
  }
}

/** The members next to a resolved URL: `resolvedUri`, or that of each segment. */
const RELATIVE = new Set(["uri", "baseUrl", "media", "initialization", "segmentUrls"]);

/** Compares two results: equal, except for URLs with the session. Returns the number of such URLs. */
function compare(before, after, at, url) {
  if (typeof before !== "object" || before === null || ArrayBuffer.isView(before)) {
    if (typeof before === "string" && typeof after === "string" && before !== after) {
      assert.ok(same(before, after, url), `${at}: ${before} became ${after}`);
      return 1;
    }
    assert.deepEqual(after, before, at);
    return 0;
  }
  assert.equal(typeof after, "object", at);
  const keys = (of) => Object.keys(of).filter((key) => !RELATIVE.has(key)).sort();
  assert.deepEqual(keys(after), keys(before), at);
  return keys(before).reduce((signed, key) => {
    const found = [before[key], after[key], `${at}.${key}`];
    if (key !== "resolvedUri") return signed + compare(...found, url);
    // With segments, or an index of them, no player fetches the base itself, so a folder equals a file in it. Nor does any
    // player fetch the MPD as media.
    const isBase = before.segments?.length > 0 || before.sidx || before.resolvedUri === url;
    return signed + (isBase ? based : fetched)(...found);
  }, 0);
}

/** A URL that players fetch. */
function fetched(before, after, at) {
  assert.ok(same(before, after), `${at}: ${before} became ${after}`);
  return 1;
}

function based(before, after, at) {
  const folder = (url) => new URL(".", url).href;
  assert.equal(folder(unsigned(after)), folder(unsigned(before)), at);
  return 0;
}

/** At the entry, a live MPD names the URL of the next one. */
function located({ manifest, representations }, url) {
  const isLive = representations.some(({ attributes }) => attributes.type === "dynamic");
  if (!isLive || url === BELOW || "locations" in manifest || Object.keys(manifest).length === 0) return manifest;
  return { ...manifest, locations: [url] };
}

for (const [where, { words, url }] of Object.entries(SIGNINGS)) {
  test(`a session ${where} changes only URLs for mpd-parser`, async () => {
    const unread = new Set();
    let signed = 0;
    for (const [name, { text, failed }] of await written(words)) {
      assert.equal(failed, undefined, name);
      const [before, after] = [read(mpds.get(name), AT_ENTRY), read(text, url)];
      assert.equal(after.failed, before.failed, name);
      if (before.failed) {
        unread.add(`${name}: ${before.failed}`);
        continue;
      }
      const expected = { ...before.parsed, manifest: located(before.parsed, url) };
      signed += compare(expected, after.parsed, name, AT_ENTRY);
    }
    assert.deepEqual(unread, UNREAD);
    assert.ok(signed > 30_000, `${signed} URLs`);
  });
}

/** Where an element's text or attribute is a URL. */
const TEXTS = new Set(["BaseURL", "Location", "PatchLocation", "ContentSteering"]);
const ATTRIBUTES = {
  SegmentTemplate: ["media", "initialization", "index", "bitstreamSwitching"],
  SegmentURL: ["media", "index"],
  Initialization: ["sourceURL"],
  RepresentationIndex: ["sourceURL"],
  UTCTiming: ["value"],
};

/** Compares elements: equal, except for URLs. */
function compareElements(before, after, at) {
  assert.equal(after.nodeName, before.nodeName, at);
  assert.deepEqual(Object.keys(after.attributes), Object.keys(before.attributes), at);
  for (const [name, value] of Object.entries(before.attributes)) {
    if (!ATTRIBUTES[before.localName]?.includes(name)) assert.equal(after.attributes[name], value, `${at}@${name}`);
  }
  assert.equal(after.nodeValue, before.nodeValue, at);
  if (TEXTS.has(before.localName)) return;
  const added = (node) => before.localName === "MPD" && TEXTS.has(node.localName) && !before.childNodes.some((of) => of.localName === node.localName);
  const children = after.childNodes.filter((node) => !added(node));
  assert.equal(children.length, before.childNodes.length, at);
  before.childNodes.forEach((child, index) => compareElements(child, children[index], `${at}/${child.nodeName}`));
}

test("a session changes no element, attribute or text except URLs", async () => {
  for (const { words } of Object.values(SIGNINGS)) {
    for (const [name, { text, failed }] of await written(words)) {
      assert.equal(failed, undefined, name);
      const read = (text) => parseXml(text.replace(/^\uFEFF/, ""), { keepComments: true });
      const [before, after] = [read(mpds.get(name)), read(text)];
      const root = (document) => document.childNodes.find(({ localName }) => localName === "MPD");
      compareElements(root(before), root(after), name);
    }
  }
});

/** Whether a picture is within the height. A single side counts as the height. */
function isLow({ width, height }) {
  const sides = [width, height].filter((side) => side !== undefined).map(Number);
  if (sides.length < 2) return (sides[0] ?? 0) <= MAX_HEIGHT;
  return isLowEnough({ width: sides[0], height: sides[1] }, MAX_HEIGHT);
}

/** Whether a Period with video would have none within the height. */
function isDark(text) {
  const named = (element, name) => element.childNodes.filter(({ localName }) => localName === name);
  const [mpd] = parseXml(text.replace(/^\uFEFF/, "")).childNodes.filter(({ localName }) => localName === "MPD");
  return named(mpd, "Period").some((period) => {
    const all = named(period, "AdaptationSet").flatMap((set) =>
      named(set, "Representation").map(({ attributes }) => ({ ...set.attributes, ...attributes })),
    );
    const pictures = all.filter(({ contentType, mimeType, codecs }) =>
      /^video/.test(contentType ?? mimeType ?? "") || (!contentType && /^(avc|hvc|hev|vp\d|av01)/.test(codecs ?? "")),
    );
    return pictures.length > 0 && !pictures.some(isLow);
  });
}

test("Representations within the height remain unchanged", async () => {
  const { words, url } = SIGNINGS["in the path, at the entry"];
  const permit = ["--permit", join(scratch, "permit.json")];
  // The size of one thumbnail counts. A set has the greatest size of its remaining Representations.
  const compared = ({ parsed }) => parsed.representations.filter(({ attributes }) => !/^image/.test(attributes.mimeType ?? ""));
  const told = ({ attributes, ...rest }) => {
    const extremes = ([name]) => !/^(max|min)(Width|Height|Bandwidth|FrameRate)$/.test(name);
    return { ...rest, attributes: Object.fromEntries(Object.entries(attributes).filter(extremes)) };
  };
  let [kept, left_out, none] = [0, 0, 0];
  for (const [name, { text, failed }] of await written([...words, ...permit])) {
    if (isDark(mpds.get(name))) {
      assert.equal(JSON.parse(failed).reason, "no_variant", name);
      none += 1;
      continue;
    }
    assert.equal(failed, undefined, name);
    const before = read(mpds.get(name), AT_ENTRY);
    if (before.failed) continue;
    const [all, found] = [compared(before), compared(read(text, url))];
    const expected = all.filter(({ attributes }) => isLow(attributes));
    compare(expected.map(told), found.map(told), name, AT_ENTRY);
    kept += found.length;
    left_out += all.length - found.length;
  }
  assert.ok(kept > 100 && left_out > 40 && none > 10, `${kept} kept, ${left_out} left out, ${none} without any`);
});

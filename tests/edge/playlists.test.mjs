// Compares how hls-parser and m3u8-parser read playlists of other projects, before and after the command rewrote them.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import HLS from "hls-parser";
import { Parser } from "m3u8-parser";
import { HOST, TOKEN, isLowEnough, manifests, rewritten, same, unsigned } from "./rewritten.mjs";

const URL_AT_EDGE = `${HOST}/hls/index.m3u8`;
const OPTIONS = ["--url", URL_AT_EDGE, "--session", TOKEN, "--foreign", "sign"];
const MAX_HEIGHT = 360;

HLS.setOptions({ silent: true });
const parsers = {
  "hls-parser": (text) => HLS.parse(text),
  "m3u8-parser": (text) => {
    const parser = new Parser();
    parser.push(text);
    parser.end();
    return parser.manifest;
  },
};

/** Playlists that a parser cannot read even unchanged, and its errors: lines that are not an expected tag. */
const NO_TAG = "Cannot destructure property 'name' of 'mapTo(...)' as it is undefined.";
const UNREAD = new Set([
  `hls-parser, globocom-m3u8/simple_playlist_messy.m3u8: ${NO_TAG}`,
  `hls-parser, videojs-m3u8-parser/emptyTargetDuration.m3u8: ${NO_TAG}`,
  `hls-parser, videojs-m3u8-parser/liveMissingSegmentDuration.m3u8: ${NO_TAG}`,
  `hls-parser, videojs-m3u8-parser/missingExtinf.m3u8: ${NO_TAG}`,
  `hls-parser, videojs-m3u8-parser/missingSegmentDuration.m3u8: ${NO_TAG}`,
  `hls-parser, videojs-m3u8-parser/multipleTargetDurations.m3u8: ${NO_TAG}`,
  "m3u8-parser, globocom-m3u8/playlist_with_tag_media_ready.m3u8: Cannot read properties of null (reading '0')",
  "m3u8-parser, rutgersc-m3u8-rs/master.m3u8: Cannot read properties of null (reading 'slice')",
]);

/** Files that the command refuses because they are not playlists. */
const REFUSED = new Set(["globocom-m3u8/test_host.m3u8", "globocom-m3u8/windows_playlist.m3u8", "videojs-m3u8-parser/empty.m3u8", "videojs-m3u8-parser/extinf.m3u8"]);

let playlists;
let scratch;

before(async () => {
  playlists = await manifests("hls", [".m3u8"]);
  scratch = await mkdtemp(join(tmpdir(), "stagedoor-playlists-"));
  await writeFile(join(scratch, "permit.json"), JSON.stringify({ caps: { max_height: MAX_HEIGHT } }));
});
after(() => rm(scratch, { recursive: true }));

/** The playlists, rewritten by the command. */
function written(options, wanted = () => true) {
  const names = [...playlists].filter(([name, text]) => !REFUSED.has(name) && wanted(text)).map(([name]) => name);
  return rewritten("hls", names, [...OPTIONS, ...options]);
}

function parse(parser, text) {
  try {
    return { parsed: parsers[parser](text) };
  } catch (error) {
    return { failed: error.message };
  }
}

/** Compares two results: equal, except for URIs with the session. Returns the number of such URIs. */
function compare(before, after, at, seen = new Set()) {
  if (typeof before === "string" && typeof after === "string" && before !== after) {
    assert.ok(same(before, after, URL_AT_EDGE), `${at}: ${before} became ${after}`);
    return 1;
  }
  if (typeof before !== "object" || before === null || ArrayBuffer.isView(before) || before instanceof Date) {
    assert.deepEqual(after, before, at);
    return 0;
  }
  if (seen.has(before)) return 0;
  seen.add(before);
  // The source text may differ.
  const keys = (of) => Object.keys(of).filter((key) => key !== "source");
  assert.equal(typeof after, "object", at);
  // m3u8-parser indexes renditions and pathways by name, so no key is a URI.
  assert.deepEqual(keys(after), keys(before), at);
  return keys(before).reduce((signed, key) => signed + compare(before[key], after[key], `${at}.${key}`, seen), 0);
}

for (const signing of ["path", "query"]) {
  test(`a session in the ${signing} changes only URIs for a parser`, async () => {
    const unread = new Set();
    let signed = 0;
    for (const [name, { text, failed }] of await written(["--signing", signing])) {
      assert.equal(failed, undefined, name);
      for (const parser of Object.keys(parsers)) {
        const [before, after] = [parse(parser, playlists.get(name)), parse(parser, text)];
        assert.equal(after.failed, before.failed, `${parser}, ${name}`);
        if (before.failed) unread.add(`${parser}, ${name}: ${before.failed}`);
        else signed += compare(before.parsed, after.parsed, `${parser}, ${name}`);
      }
    }
    assert.ok(signed > 20_000, `${signed} URIs`);
    assert.deepEqual(unread, UNREAD);
  });
}

test("variants within the height remain", async () => {
  const permit = ["--permit", join(scratch, "permit.json")];
  let [kept, left_out, none] = [0, 0, 0];
  for (const [name, { text, failed }] of await written(permit, (text) => text.includes("-STREAM-INF:"))) {
    const before = parse("hls-parser", playlists.get(name)).parsed;
    if (!before?.isMasterPlaylist) continue;
    const expected = before.variants.filter(({ resolution }) => !resolution || isLowEnough(resolution, MAX_HEIGHT));
    if (!expected.some(({ isIFrameOnly }) => !isIFrameOnly) && before.variants.some(({ isIFrameOnly }) => !isIFrameOnly)) {
      assert.equal(JSON.parse(failed).reason, "no_variant", name);
      none += 1;
      continue;
    }
    assert.equal(failed, undefined, name);
    const found = parse("hls-parser", text).parsed.variants;
    const told = (variants, uri) => variants.map((variant) => `${variant.bandwidth} ${variant.isIFrameOnly} ${uri(variant.uri)}`).sort();
    assert.deepEqual(told(found, (uri) => unsigned(uri, URL_AT_EDGE)), told(expected, (uri) => new URL(uri, URL_AT_EDGE).href), name);
    kept += found.length;
    left_out += before.variants.length - found.length;
  }
  assert.ok(kept > 40 && left_out > 40 && none > 10, `${kept} kept, ${left_out} left out, ${none} without any`);
});

// `stagedoor vast resolve` beside npm's vast-client and vmap: over the documents of other projects, both find the same ads, media and URLs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { VASTClient } from "@dailymotion/vast-client";
import VMAP from "@dailymotion/vmap";
import { DOMParser } from "@xmldom/xmldom";
import { command } from "./harness.mjs";

const fixtures = fileURLToPath(new URL("../fixtures/vast/", import.meta.url));
let server;
let base;

before(async () => {
  server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = await readFile(fixtures + pathname.slice(1)).catch(() => null);
    response.writeHead(file ? 200 : 404).end(file);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

/** Runs the command. @returns {Promise<{code: number, json: object}>} */
function resolve(...args) {
  return new Promise((done) => {
    execFile(command, ["vast", "resolve", "--json", ...args], (error, stdout) => {
      done({ code: error?.code ?? 0, json: JSON.parse(stdout) });
    });
  });
}

/** The events that have another name since VAST 4. */
const TODAY = { close: "closeLinear", fullscreen: "playerExpand", exitFullscreen: "playerCollapse" };

/** A time as both tell it: whole milliseconds. */
const millis = (seconds) => Math.round(seconds * 1000);

/** The media types of files that are no programs. */
const isFilm = ({ apiFramework, mimeType }) => !apiFramework && /^video\//.test(mimeType) && mimeType !== "video/x-flv";

/** An ad of vast-client, if a player without VPAID can show it. */
function theirs(ad) {
  const linear = ad.creatives.find(({ type, mediaFiles }) => type === "linear" && mediaFiles.some(isFilm));
  if (!linear) return [];
  const events = Object.entries(linear.trackingEvents).flatMap(([name, urls]) => {
    const [, offset] = /^progress-(.*)$/.exec(name) ?? [];
    if (offset === undefined) return urls.map((url) => [TODAY[name] ?? name, url]);
    const at = offset.endsWith("%") ? (linear.duration * Number.parseFloat(offset)) / 100 : Number(offset);
    return urls.map((url) => [`progress ${Math.floor(at * 1000)}`, url]);
  });
  const clicks = linear.videoClickTrackingURLTemplates.map(({ url }) => ["clickTracking", url]);
  const impressions = ad.impressionURLTemplates.map(({ url }) => ["impression", url]).filter(([, url]) => url !== "about:blank");
  const errors = ad.errorURLTemplates.map((url) => ["error", url]);
  return [
    {
      id: ad.id,
      system: ad.system?.value ?? null,
      title: ad.title,
      duration: millis(linear.duration),
      // Without the attribute, it is null or -1, as the parser of XML tells it.
      skip: (linear.skipDelay ?? -1) < 0 ? null : millis(linear.skipDelay),
      click: linear.videoClickThroughURLTemplate?.url ?? null,
      creative: linear.id,
      identifiers: linear.universalAdIds.map(({ idRegistry, value }) => [idRegistry, value]),
      files: linear.mediaFiles.filter(isFilm).map(({ fileURL }) => fileURL),
      verifications: ad.adVerifications.map(({ vendor, resource, parameters }) => [vendor, resource, parameters ?? null]),
      urls: [...impressions, ...errors, ...events, ...clicks].map(String).toSorted(),
    },
  ];
}

/** A slot of the command, in the same form. Of the files it has the best. */
function ours({ ad, duration_ms, media }, files) {
  const url = media.direct.url;
  assert.ok(files.includes(url), `${url} is none of ${files}`);
  const name = ({ event, offset_ms }) => (event === "progress" ? `progress ${offset_ms}` : event);
  return {
    id: ad.id,
    system: ad.system ?? null,
    title: ad.title,
    duration: duration_ms,
    skip: ad.skip_offset_ms ?? null,
    click: ad.click_through ?? null,
    creative: ad.creative_id,
    identifiers: (ad.identifiers ?? []).map(({ scheme, value }) => [scheme, value]),
    files,
    verifications: (ad.verifications ?? []).map(({ vendor, resource, parameters }) => [vendor, resource, parameters ?? null]),
    urls: (ad.tracking ?? []).map((tracking) => String([name(tracking), tracking.url])).toSorted(),
  };
}

/** Documents that vast-client refuses. */
const REFUSED = ["invalid-xmlfile.xml", "outdated-vast.xml"];

test("both find the same ads, wrappers included", async (t) => {
  const names = (await readdir(`${fixtures}vast-client`)).filter((name) => name.endsWith(".xml"));
  assert.equal(names.length, 16);
  for (const name of [...names.map((name) => `vast-client/${name}`), "test-adserver/test_vast.xml"]) {
    await t.test(name, async () => {
      const url = `${base}/${name}`;
      const { code, json } = await resolve(url);
      const found = await new VASTClient().get(url, { resolveAll: true }).then(
        ({ ads }) => ads.flatMap(theirs),
        () => "refused",
      );
      assert.equal(found === "refused", REFUSED.some((refused) => name.endsWith(refused)), "vast-client refuses it");
      if (found === "refused") return assert.deepEqual([code, json.pod.slots], [1, []]);
      const slots = [...json.pod.slots, ...json.spares];
      assert.equal(code, json.pod.slots.length > 0 ? 0 : 1);
      // Some ads have no id of their own, so they are compared in an order of their films.
      const sorted = (ads) => ads.toSorted((a, b) => `${a.id}${a.urls}`.localeCompare(`${b.id}${b.urls}`));
      const files = (slot) => found.find(({ files }) => files.includes(slot.media.direct.url))?.files ?? [];
      assert.deepEqual(sorted(slots.map((slot) => ours(slot, files(slot)))), sorted(found));
    });
  }
});

test("both find the same breaks", async (t) => {
  for (const name of ["correct-vmap.xml", "correct-vmap-with-extension.xml"]) {
    await t.test(name, async () => {
      const text = await readFile(`${fixtures}vmap/${name}`, "utf8");
      const { adBreaks } = new VMAP(new DOMParser().parseFromString(text, "text/xml"));
      const { json } = await resolve("--total-ms", "500", `${fixtures}vmap/${name}`);
      const breaks = [json].flat().map(({ break: told }) => told.split(", "));
      const place = { start: "start", end: "end", "00:10:23.125": "at 623.125 s" };
      assert.deepEqual(breaks, adBreaks.map(({ breakId, timeOffset }) => [breakId, place[timeOffset]]));
    });
  }
});

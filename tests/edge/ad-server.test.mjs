// Ad servers that are silent, slow, empty, malformed, huge or hostile cost the viewer nothing: the content plays on, and one line of the log
// says why. No request goes where it may not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { mint, readFlows, startEdge, until } from "./harness.mjs";

const SITE = "watch.example.com";
const MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360\n360/main.m3u8\n";
const MEDIA = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-PROGRAM-DATE-TIME:2026-11-22T18:00:00Z\n#EXTINF:10,\n1.m4s\n#EXTINF:10,\n2.m4s\n#EXT-X-ENDLIST\n";

const vast = (ads) => `<VAST version="4.2">${ads}</VAST>`;
const inline = (id) =>
  `<Ad id="${id}"><InLine><AdSystem>s</AdSystem><AdTitle>${id}</AdTitle><Error>https://track.example.net/error?${id}-[ERRORCODE]</Error>` +
  `<Impression>https://track.example.net/seen?${id}</Impression><Creatives><Creative><Linear><Duration>00:00:10</Duration><MediaFiles>` +
  `<MediaFile type="video/mp4">https://files.example.net/${id}.mp4</MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad>`;
const wrapper = (uri) =>
  vast(`<Ad id="w"><Wrapper><AdSystem>w</AdSystem><Error>https://track.example.net/error?w-[ERRORCODE]</Error><VASTAdTagURI><![CDATA[${uri}]]></VASTAdTagURI></Wrapper></Ad>`);
const redirect = (location) => new Response(null, { status: 302, headers: { location } });
const bomb = `<!DOCTYPE VAST [<!ENTITY a "aaaaaaaaaa">${[..."bcdefghij"].map((name, at) => `<!ENTITY ${name} "${`&${"abcdefghi"[at]};`.repeat(10)}">`).join("")}]><VAST>&j;</VAST>`;

/** Ends what is silent or endless, after the tests. */
const over = new AbortController();

/** A body that comes in pieces, and has no end. */
const endless = (piece, pause_ms) =>
  new Response(
    new ReadableStream({
      start(controller) {
        over.signal.addEventListener("abort", () => controller.error(over.signal.reason));
      },
      async pull(controller) {
        await sleep(pause_ms);
        if (!over.signal.aborted) controller.enqueue(new TextEncoder().encode(piece));
      },
    }),
  );

/** No answer at all. */
const silence = () =>
  new Promise((done) => over.signal.addEventListener("abort", () => done(new Response(null, { status: 504 }))));

/** What each ad server answers, by the first part of its host, and the event that the log has. */
const SERVERS = {
  silent: [silence, "ERROR_ADS_TIMEOUT"],
  slow: [() => endless(" ", 50), "ERROR_ADS_TIMEOUT"],
  empty: [() => new Response(null, { status: 204 }), "EMPTY_VAST_RESPONSE"],
  blank: [() => new Response(""), "EMPTY_VAST_RESPONSE"],
  "no-ad": [() => new Response(vast("")), "EMPTY_VAST_RESPONSE"],
  malformed: [() => new Response("{ vast: null }"), "ERROR_ADS_RESPONSE_PARSE"],
  "cut-off": [() => new Response('<VAST version="4.2"><Ad>'), "ERROR_ADS_RESPONSE_PARSE"],
  page: [() => new Response("<html/>"), "ERROR_ADS_RESPONSE_UNKNOWN_ROOT_ELEMENT"],
  utf16: [() => new Response(new Uint8Array([0xff, 0xfe, 0x3c, 0])), "ERROR_ADS_RESPONSE_PARSE"],
  bomb: [() => new Response(bomb), "ERROR_ADS_RESPONSE_PARSE"],
  deep: [() => new Response("<a>".repeat(100_000)), "ERROR_ADS_RESPONSE_PARSE"],
  wide: [() => new Response(vast("<Ad/>".repeat(90_000))), "ERROR_ADS_RESPONSE_PARSE"],
  huge: [() => new Response(" ".repeat(2_000_000)), "ERROR_ADS_RESPONSE_TOO_LARGE"],
  "without-end": [() => endless(" ".repeat(100_000), 0), "ERROR_ADS_RESPONSE_TOO_LARGE"],
  broken: [() => new Response("", { status: 500 }), "ERROR_ADS_INVALID_RESPONSE"],
  wrappers: [({ url }) => new Response(wrapper(`${new URL(url).origin}/${Number(new URL(url).pathname.slice(1)) + 1}`)), "ERROR_VAST_REDIRECT_LIMIT"],
  circle: [({ url }) => new Response(wrapper(`${new URL(url).origin}/1?[CACHEBUSTING]`)), "ERROR_VAST_REDIRECT_LIMIT"],
  redirects: [({ url }) => redirect(`${url}1`), "ERROR_ADS_TOO_MANY_REDIRECTS"],
  private: [() => redirect("http://169.254.169.254/latest/meta-data/"), "ERROR_DISALLOWED_HOST"],
  loopback: [() => redirect("http://2130706433:8788/"), "ERROR_DISALLOWED_HOST"],
  own: [() => redirect(`https://${SITE}/own/master.m3u8`), "ERROR_DISALLOWED_HOST"],
  other: [() => redirect("https://other.example.com/a/master.m3u8"), "ERROR_DISALLOWED_HOST"],
  "wrapped-private": [() => new Response(wrapper("http://[::ffff:10.0.0.1]/")), "ERROR_DISALLOWED_HOST"],
  "wrapped-own": [() => new Response(wrapper(`https://${SITE}/own/master.m3u8`)), "ERROR_DISALLOWED_HOST"],
  vpaid: [() => new Response(vast(inline("v").replace('type="video/mp4"', 'type="application/javascript" apiFramework="VPAID"'))), "WARNING_VPAID_AD_DROPPED"],
  unknown: [() => new Response(vast(inline("unknown"))), "WARNING_CREATIVE_NOT_CONDITIONED"],
};

let base;
let edge;
/** Every URL that the Worker fetched, with its headers. */
const asked = [];

before(async () => {
  base = await readFlows("base.json");
  const server = { url: "https://good.ads.example.net/vast", request_ms: 700, total_ms: 1_500 };
  const site = (host, more) => ({ ...base.documents[`v1/site/${SITE}`], revision: 1, host, ads: { server: { ...server, ...more } } });
  const offers = [{ id: "free", territories: { allow: ["*"] }, ads: "guided" }];
  const title = (id, url) => ({ revision: 1, id, sites: [SITE], offers, ads: { pre_roll: { longest_s: 60 }, vast: url } });
  const titles = [...Object.keys(SERVERS), "good", "flaky"].map((name) => [`v1/title/${name}`, title(name, `https://${name}.ads.example.net/1`)]);
  const documents = {
    ...base.documents,
    [`v1/site/${SITE}`]: site(SITE),
    "v1/site/other.example.com": site("other.example.com"),
    ...Object.fromEntries(titles),
  };
  const upstream = async (request) => {
    const { hostname, pathname } = new URL(request.url);
    asked.push({ url: request.url, headers: Object.fromEntries(request.headers) });
    if (hostname === "media.example.com") {
      if (pathname.endsWith("master.m3u8")) return new Response(MASTER);
      return pathname.endsWith(".m3u8") ? new Response(MEDIA) : new Response("media");
    }
    const [name] = hostname.split(".");
    if (name === "good") return new Response(vast(inline("good")));
    if (name === "flaky") return new Response("", { status: 503 });
    return hostname.endsWith(".ads.example.net") ? SERVERS[name][0](request) : new Response(null, { status: 204 });
  };
  edge = await startEdge({ documents, upstream });
});
after(async () => {
  over.abort();
  await edge.stop();
});

/** Opens a title, and asks for the list of its break before the content. */
async function list(title) {
  const token = await mint(base, { key: "h1", claims: { sub: `viewer-${Math.random()}` } });
  const headers = { "user-agent": "TV/1.0", "cf-connecting-ip": "198.51.100.7" };
  const master = await edge.fetch(`https://${SITE}/${title}/master.m3u8?token=${token}`, { headers, country: "AE" });
  const text = await master.text();
  assert.equal(master.status, 200, text);
  const [, session] = /\/~([^/]+)\//.exec(text) ?? [];
  assert.ok(session, text);
  const folder = `https://${SITE}/~${session}/${title}/`;
  const media = await (await edge.fetch(`${folder}360/main.m3u8`, { headers, country: "AE" })).text();
  const [, uri] = /X-ASSET-LIST="([^"]+)"/.exec(media) ?? [];
  assert.ok(uri, media);
  const from = edge.logs.length;
  const reply = await edge.fetch(new URL(uri, `${folder}360/main.m3u8`).href, { headers, country: "AE" });
  const body = await reply.text();
  await until("the line of the decision", () => edge.lines(from).some(({ kind, break: id }) => kind === "ads" && id));
  const { events } = edge.lines(from).find(({ kind, break: id }) => kind === "ads" && id);
  return { status: reply.status, body, events: events.map(({ event }) => event), folder, headers };
}

for (const [name, [, event]] of Object.entries(SERVERS)) {
  test(`an ad server that is ${name} costs the viewer nothing`, async () => {
    const { status, body, events, folder, headers } = await list(name);
    assert.ok(events.includes(event), `${events}`);
    // An empty list, or none: players go on with the content.
    if (status === 200) assert.deepEqual(JSON.parse(body).ASSETS, []);
    else assert.equal(status, 404, body);
    const segment = await edge.fetch(`${folder}360/1.m4s`, { headers, country: "AE" });
    assert.deepEqual([segment.status, await segment.text()], [200, "media"]);
  });
}

test("no request went where it may not", () => {
  const hosts = asked.map(({ url }) => new URL(url).hostname);
  const isAllowed = (host) => host === "media.example.com" || host === "track.example.net" || host.endsWith(".ads.example.net");
  assert.deepEqual(hosts.filter((host) => !isAllowed(host)), []);
  const count = (name) => asked.filter(({ url }) => new URL(url).hostname === `${name}.ads.example.net`).length;
  assert.equal(count("wrappers"), 6);
  assert.equal(count("redirects"), 4);
  assert.ok(count("circle") <= 2);
});

test("ad servers are told of errors, with the right code", async () => {
  const told = () => asked.map(({ url }) => url).filter((url) => url.startsWith("https://track.example.net/error?"));
  for (const url of ["unknown-407", "v-901", "w-302", "w-300"]) {
    await until(url, () => told().includes(`https://track.example.net/error?${url}`));
  }
});

test("an ad server learns of the device from headers", async () => {
  await list("good");
  const { headers } = asked.findLast(({ url }) => url.startsWith("https://good.ads.example.net/"));
  assert.equal(headers["x-device-user-agent"], "TV/1.0");
  assert.equal(headers["x-device-ip"], headers["x-forwarded-for"]);
  assert.match(headers["user-agent"], /^Stagedoor\//);
});

test("an ad server that fails repeatedly is left alone", async () => {
  const count = () => asked.filter(({ url }) => new URL(url).hostname === "flaky.ads.example.net").length;
  const outcomes = [];
  for (let number = 0; number < 7; number += 1) outcomes.push((await list("flaky")).events);
  assert.equal(count(), 5);
  assert.ok(outcomes.at(-1).includes("ERROR_ADS_CIRCUIT_OPEN"), `${outcomes.at(-1)}`);
});

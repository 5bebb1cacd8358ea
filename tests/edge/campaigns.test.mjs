// Campaigns of the site's own: what viewers have seen, caps for all viewers together, and stores that do not answer.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Response } from "miniflare";
import { mint, readFlows, startEdge } from "./harness.mjs";

const host = "watch.example.com";
const MEDIA = "#EXTM3U\n#EXT-X-TARGETDURATION:60\n#EXT-X-VERSION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n";
const segments = Array.from({ length: 10 }, (_, number) => `#EXTINF:60,\n${number}.ts\n`).join("");
const upstream = (request) =>
  new URL(request.url).pathname.endsWith("master.m3u8")
    ? new Response("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000\nmedia.m3u8\n")
    : new Response(`${MEDIA}#EXT-X-PROGRAM-DATE-TIME:2026-11-22T18:00:00Z\n${segments}#EXT-X-ENDLIST\n`);

let base;
let edge;

before(async () => {
  base = await readFlows("base.json");
  edge = await startEdge({ documents: documents(), upstream });
});
after(() => edge.stop());

function documents(campaigns = CAMPAIGNS) {
  const site = base.documents[`v1/site/${host}`];
  const title = {
    revision: 1, id: "film", sites: [host],
    offers: [{ id: "world", territories: { allow: ["*"] }, model: "avod" }],
    ads: { mid_rolls: { at_s: [60, 180, 300], longest_s: 60 } },
  };
  const creative = (id, secs) => [
    `v1/creative/${id}`,
    { revision: 1, id, sites: [host], kind: { linear: { media: `ads/${id}/`, hls: "master.m3u8", duration_ms: secs * 1000 } } },
  ];
  return {
    ...base.documents,
    [`v1/site/${host}`]: { ...site, ads: {} },
    "v1/title/film": title,
    [`v1/campaigns/${host}`]: { revision: 1, host, campaigns },
    ...Object.fromEntries([creative("once", 30), creative("capped", 20), creative("left", 10), creative("right", 10)]),
  };
}

/** `once` is seen once a day; `capped` three times by all viewers together; the creatives of `turns` take turns. */
const CAMPAIGNS = [
  { id: "once", creatives: ["once"], priority: 9, frequency: { per_day: 1 } },
  { id: "capped", creatives: ["capped"], priority: 5, cap: 3 },
  { id: "turns", creatives: ["left", "right"], frequency: { per_day: 9 } },
];

let entered = 0;

/** The addresses of a viewer's breaks, below a new session. */
async function breaks(on, sub) {
  const token = await mint(base, { key: "h1", claims: sub ? { sub } : {} });
  const headers = { "CF-Connecting-IP": `10.1.${(entered += 1)}.1` };
  const entry = await on.fetch(`https://${host}/film/master.m3u8?token=${token}`, { country: "AE", headers });
  const master = await entry.text();
  assert.equal(entry.status, 200, master);
  const media = new URL(master.match(/^[^#].*$/m)[0], `https://${host}/film/master.m3u8`);
  const playlist = await (await on.fetch(media.href, { country: "AE", headers })).text();
  const lists = [...playlist.matchAll(/X-ASSET-LIST="([^"]+)"/g)].map(([, uri]) => new URL(uri, media).href);
  assert.equal(lists.length, 3, playlist);
  return lists.map((list) => async () => {
    const reply = await on.fetch(list, { country: "AE", headers });
    const { ASSETS: assets = [] } = await reply.json();
    return assets.map(({ URI: uri }) => uri.match(/_stagedoor\/ad\/[^/]+\/\d+\/([^/]+)\//)[1]).join(" ");
  });
}

test("a viewer sees a campaign as often as it says, in all sessions, and one break keeps its pod", async () => {
  const [first, second, third] = await breaks(edge, "viewer-1");
  assert.equal(await first(), "once capped left");
  assert.equal(await second(), "capped right");
  assert.equal(await first(), "once capped left");
  assert.equal(await third(), "capped left");
  // Another session of the same viewer. The cap of all viewers together has been reached.
  const [again] = await breaks(edge, "viewer-1");
  assert.equal(await again(), "right");
  const [other] = await breaks(edge, "viewer-2");
  assert.equal(await other(), "once left");
});

test("a store that is missing costs no ads", async () => {
  const lonely = await startEdge({ documents: documents(), upstream, bindings: { VIEWERS: null, CAPS: null } });
  try {
    const [first, second] = await breaks(lonely, "viewer-1");
    assert.equal(await first(), "once capped left");
    assert.equal(await second(), "once capped left");
    assert.ok(lonely.logs.some(({ message }) => message.includes("VIEWERS")), JSON.stringify(lonely.logs));
  } finally {
    await lonely.stop();
  }
});

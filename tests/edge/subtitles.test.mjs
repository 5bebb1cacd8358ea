// WebVTT through the edge, byte for byte: its X-TIMESTAMP-MAP ties it to the stream's own clock (RFC 8216 section 3.5).
import assert from "node:assert/strict";
import { test } from "node:test";
import { Response } from "miniflare";
import { mint, readFlows, startEdge } from "./harness.mjs";

const UPSTREAM = "https://media.example.com/vod/harbour/subs";
const SUBTITLES = {
  "map.vtt": "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:00.000 --> 00:04.000\nA harbour\n",
  // Forms that occur in practice: a byte order mark, CR LF, CR alone, reversed members of the map, and text that looks like URIs.
  "odd.vtt":
    "\u{feff}WEBVTT - made by x\r\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:8589934591\r\n\r\nNOTE URI=\"a.ts\"\r\r00:00.000 --> 00:04.000 line:80%\r\n#EXTM3U https://evil.example/a.ts {$n}\r\nl\u{2028}ast",
};

for (const signing of ["path", "query"]) {
  test(`subtitles below a session in the ${signing} are the media origin's bytes`, async () => {
    const base = await readFlows("base.json");
    const site = base.documents["v1/site/watch.example.com"];
    site.sessions.signing = signing;
    const names = Object.keys(SUBTITLES);
    const playlist = `#EXTM3U\n${names.map((name) => `#EXTINF:4,\n${name}\n`).join("")}#EXT-X-ENDLIST\n`;
    const edge = await startEdge({
      documents: base.documents,
      upstream: ({ url }) => {
        const name = url.slice(UPSTREAM.length + 1);
        if (name === "en.m3u8") return new Response(playlist);
        return new Response(SUBTITLES[name], { headers: { "Content-Type": "text/vtt" } });
      },
    });
    try {
      const entry = `https://watch.example.com/harbour/subs/en.m3u8?token=${await mint(base, { key: "h1" })}`;
      const entered = await (await edge.fetch(entry, { country: "AE" })).text();
      const uris = entered.split("\n").filter((line) => line && !line.startsWith("#"));
      assert.equal(uris.length, names.length, entered);
      for (const [index, uri] of uris.entries()) {
        // From the media origin, and then from the cache.
        for (const time of ["first", "second"]) {
          const reply = await edge.fetch(new URL(uri, entry).href, { country: "AE" });
          const name = `${names[index]}, the ${time} time`;
          assert.equal(reply.status, 200, name);
          assert.equal(reply.headers.get("Content-Type"), "text/vtt", name);
          assert.deepEqual(Buffer.from(await reply.arrayBuffer()), Buffer.from(SUBTITLES[names[index]]), name);
        }
      }
    } finally {
      await edge.stop();
    }
  });
}

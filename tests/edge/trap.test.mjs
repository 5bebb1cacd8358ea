// After a trap, the isolate starts a new instance of the WebAssembly module, and Durable Objects keep what they stored.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Response } from "miniflare";
import { mint, readFlows, startEdge } from "./harness.mjs";

let base;
let edge;

before(async () => {
  base = await readFlows("base.json");
  const site = base.documents["v1/site/watch.example.com"];
  edge = await startEdge({
    documents: { ...base.documents, "v1/site/watch.example.com": { ...site, tokens: { ...site.tokens, replay: { once: true } } } },
    upstream: () => new Response("#EXTM3U\n#EXTINF:4,\na.ts\n"),
    probe: true,
  });
});
after(() => edge.stop());

test("a new instance answers after a trap, and knows the tokens that were used before it", async () => {
  let networks = 0;
  const enter = async (token) => {
    const headers = { "CF-Connecting-IP": `10.0.${(networks += 1)}.1` };
    return (await edge.fetch(`https://watch.example.com/harbour/a.m3u8?token=${token}`, { country: "AE", headers })).status;
  };
  const [first, second] = await Promise.all(["first", "second"].map((jti) => mint(base, { key: "e1", claims: { jti } })));
  assert.equal(await enter(first), 200);

  const lost = await edge.trap();
  assert.equal(await enter(first), 401);
  assert.equal(await enter(second), 200);
  assert.ok((await edge.trap()) > lost);
});

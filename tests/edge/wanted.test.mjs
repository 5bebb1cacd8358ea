// Creatives that ad servers named and that nobody has conditioned: what the store keeps, and what the origin service is told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readFlows, sign, startEdge, SYNC_SECRET } from "./harness.mjs";

const PATH = "/_stagedoor/wanted";
let edge;

before(async () => {
  const { documents } = await readFlows("base.json");
  edge = await startEdge({ documents });
});
after(() => edge.stop());

const creative = (id) => ({
  id,
  universal_ad_ids: [{ registry: "ad-id.org", id: `${id}-uaid` }],
  file: { url: `https://ads.example/${id}.mp4`, media_type: "video/mp4", height: 720 },
  duration_ms: 20_000,
});

/** Tells a site's object that creatives were seen, as an isolate does. */
async function report(site, ids, times = 1) {
  const objects = await edge.miniflare.getDurableObjectNamespace("WANTED");
  const told = ids.map((id) => ({ creative: creative(id), times }));
  const answer = await objects.get(objects.idFromName(site)).fetch("https://object.invalid/", {
    method: "POST",
    body: JSON.stringify({ report: told }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

async function ask(sites, { secret = SYNC_SECRET, body = JSON.stringify({ sites }) } = {}) {
  const init = { method: "POST", body, headers: sign(secret, body) };
  const answer = await edge.fetch(`https://watch.example.com${PATH}`, init);
  return { status: answer.status, body: await answer.json() };
}

const since = (site, after = 0) => ({ site, after });

test("a creative is told with its count, and again only once it was seen again", async () => {
  await report("a.example", ["plum", "pear"]);
  await report("a.example", ["plum"], 5);
  const { status, body } = await ask([since("a.example"), since("b.example", 7)]);
  assert.equal(status, 200, JSON.stringify(body));
  const [own, other] = body.sites;
  assert.deepEqual(
    own.creatives.map(({ creative: { id }, times }) => [id, times]),
    [
      ["pear", 1],
      ["plum", 6],
    ],
  );
  assert.deepEqual(own.creatives[1].creative, creative("plum"));
  assert.ok(own.creatives[1].first <= own.creatives[1].last);
  assert.equal(own.more, false);
  assert.deepEqual(other, { site: "b.example", creatives: [], next: 7, more: false });
  const again = await ask([since("a.example", own.next)]);
  assert.deepEqual(again.body.sites[0], { site: "a.example", creatives: [], next: own.next, more: false });
  await report("a.example", ["pear"]);
  const [then] = (await ask([since("a.example", own.next)])).body.sites;
  assert.deepEqual(
    then.creatives.map(({ creative: { id }, times }) => [id, times]),
    [["pear", 2]],
  );
});

test("a site keeps a thousand, and many are told in parts", async () => {
  await report("many.example", ["often"], 9);
  for (let from = 0; from < 1_100; from += 100) {
    await report(
      "many.example",
      Array.from({ length: 100 }, (_, at) => `c${from + at}`),
    );
  }
  const found = [];
  let [after, more] = [0, true];
  while (more) {
    const [page] = (await ask([since("many.example", after)])).body.sites;
    assert.ok(page.creatives.length <= 50);
    found.push(...page.creatives.map(({ creative: { id } }) => id));
    [after, more] = [page.next, page.more];
  }
  assert.equal(found.length, 1_000);
  assert.equal(new Set(found).size, 1_000);
  assert.ok(found.includes("often"), "the one that was seen most often made room");
});

test("strangers and questions of another form are refused", async () => {
  assert.equal((await ask([], { secret: "another-secret-of-32-characters-or-more" })).status, 401);
  for (const body of ["", "{", "[]", '{"sites":[{"site":"a b"}]}', JSON.stringify({ sites: Array(21).fill(since("a.example")) })]) {
    assert.equal((await ask([], { body })).status, 400, body.slice(0, 40));
  }
  const plain = await edge.fetch(`https://watch.example.com${PATH}`);
  assert.equal(plain.status, 405);
});

// Checks the ad server of the demo and of the tests.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AdServer, TROUBLES } from "../../demo/stack/ad-server.mjs";

let ads;
before(async () => {
  ads = new AdServer({ media: () => "http://media.example/" });
  await ads.serve(0);
});
after(() => ads.stop());

const ask = async (path, init) => {
  const reply = await fetch(`${ads.url}${path}`, { signal: AbortSignal.timeout(500), ...init });
  return { status: reply.status, text: await reply.text() };
};
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);

test("a pod has its ads in order, and spares without a sequence", async () => {
  const { text } = await ask("/vast?pod=amber,%2Bteal,plum");
  assert.deepEqual(all(text, /<Ad id="(\w+" sequence="\d|\w+)"/g), ['amber" sequence="1', "teal", 'plum" sequence="2']);
  assert.ok(text.includes("<![CDATA[http://media.example/ads/plum/master.m3u8]]>"));
});

test("the place of a break chooses among pods", async () => {
  const at = async (position) => all((await ask(`/vast?position=${position}&pod=amber&pod.2=teal,plum`)).text, /<Ad id="(\w+)"/g);
  assert.deepEqual([await at(1), await at(2)], [["amber"], ["teal", "plum"]]);
});

test("wrappers lead to the pod one by one", async () => {
  let path = "/vast?pod=amber&wrap=2";
  for (const wrapper of ["wrapper-2", "wrapper-1"]) {
    const { text } = await ask(path);
    assert.deepEqual(all(text, /<Ad id="([\w-]+)"/g), [wrapper]);
    path = all(text, /<VASTAdTagURI><!\[CDATA\[[^/]*\/\/[^/]+(.+?)\]\]>/g)[0];
  }
  assert.deepEqual(all((await ask(path)).text, /<Ad id="(\w+)"/g), ["amber"]);
});

test("a VMAP document has a break for each place", async () => {
  const { text } = await ask("/vmap?pre=amber&mid=8:teal,20:plum&post=amber");
  assert.deepEqual(all(text, /timeOffset="([^"]+)"/g), ["start", "00:00:08.000", "00:00:20.000", "end"]);
});

test("each kind of trouble is another one", async () => {
  const found = {};
  for (const trouble of TROUBLES) found[trouble] = await ask(`/vast?pod=amber&trouble=${trouble}`).catch(() => "no reply");
  assert.deepEqual([found.slow, found.silent, found.refused.status], ["no reply", "no reply", 503]);
  assert.ok(!found.empty.text.includes("<Ad") && found.empty.text.includes("<VAST"));
  assert.ok(found.malformed.text.includes("<Ad") && !found.malformed.text.includes("</VAST>"));
});

test("requests, their devices and beacons are noted", async () => {
  await ask("/beacon/start?ad=note", { method: "POST", headers: { "X-Device-IP": "192.0.2.1" } });
  assert.deepEqual(ads.beacons("note"), ["start"]);
  const { count, requests } = JSON.parse((await ask("/log")).text);
  assert.equal(requests.at(-1).device["x-device-ip"], "192.0.2.1");
  assert.equal(ads.requestsAfter(count - 1).requests.length, 1);
});

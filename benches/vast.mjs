// `make bench`, ad servers: the time to resolve a VAST document, compared with @dailymotion/vast-client. See README.md.
//
//   node benches/vast.mjs [--rounds N] [--quick]
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { HOST, catalog } from "./fixture.mjs";
import { figure, median } from "./report.mjs";
import { modules, startSides } from "./sides.mjs";
import { version } from "./workerd.mjs";

const { values: asked } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    // For the others, which scripts/bench gives the same options.
    only: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string" },
  },
});
const rounds = asked.quick ? 1 : Number(asked.rounds);

const EVENTS = ["start", "firstQuartile", "midpoint", "thirdQuartile", "complete", "mute", "unmute", "pause", "resume"];
const FIRST = "https://ads.example.com/vast";

const urls = (host, of) => EVENTS.map((event) => `<Tracking event="${event}"><![CDATA[https://${host}.example.com/${event}?id=${of}&cb=[CACHEBUSTING]]]></Tracking>`).join("\n");

const inline = (id, sequence) => `<Ad id="${id}"${sequence ? ` sequence="${sequence}"` : ""}><InLine><AdSystem>bench</AdSystem><AdTitle>${id}</AdTitle>
<Error><![CDATA[https://ads.example.com/error?code=[ERRORCODE]]]></Error><Impression><![CDATA[https://ads.example.com/seen?id=${id}]]></Impression>
<Creatives><Creative id="c-${id}"><UniversalAdId idRegistry="ad-id.org">${id}</UniversalAdId><Linear><Duration>00:00:15</Duration>
<TrackingEvents>${urls("track", id)}</TrackingEvents><VideoClicks><ClickThrough><![CDATA[https://shop.example.com/]]></ClickThrough></VideoClicks><MediaFiles>
${[360, 720, 1080].map((height) => `<MediaFile delivery="progressive" type="video/mp4" width="${(height * 16) / 9}" height="${height}" bitrate="${height * 4}"><![CDATA[https://files.example.com/${id}-${height}.mp4]]></MediaFile>`).join("\n")}
</MediaFiles></Linear></Creative></Creatives></InLine></Ad>`;

const wrapper = (to) => `<Ad id="w"><Wrapper allowMultipleAds="true"><AdSystem>bench</AdSystem><VASTAdTagURI><![CDATA[${to}]]></VASTAdTagURI>
<Error><![CDATA[https://w.example.com/error?code=[ERRORCODE]]]></Error><Impression><![CDATA[https://w.example.com/seen]]></Impression>
<Creatives><Creative><Linear><TrackingEvents>${urls("w", "w")}</TrackingEvents></Linear></Creative></Creatives></Wrapper></Ad>`;

const vast = (ads) => `<?xml version="1.0" encoding="UTF-8"?>\n<VAST version="4.2">${ads}</VAST>`;
const pod = (length) => Array.from({ length }, (_, at) => inline(`ad-${at + 1}`, at + 1)).join("\n");
const chain = (length, last) =>
  Object.fromEntries([...Array.from({ length }, (_, at) => [at ? `${FIRST}/${at}` : FIRST, vast(wrapper(`${FIRST}/${at + 1}`))]), [`${FIRST}/${length}`, last]]);

const CASES = {
  "one ad": { documents: { [FIRST]: vast(inline("ad-1")) }, times: 200 },
  "a pod of 8": { documents: { [FIRST]: vast(pod(8)) }, times: 50 },
  "a pod of 8 behind 3 wrappers": { documents: chain(3, vast(pod(8))), times: 50 },
};

const { documents } = await catalog();
const folder = fileURLToPath(new URL("../target/worker-bench/", import.meta.url));
const sides = await startSides(await modules({ entry: "peer/vast.mjs", folder }), documents, ["stagedoor", "peer"]);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => sides.stop().then(() => process.exit(1)));
try {
  await bench();
} catch (error) {
  console.error(`stagedoor: ${error.message}`);
  process.exitCode = 1;
} finally {
  await sides.stop();
}

/** Has a side resolve: what it found, and the milliseconds that it took. */
function resolve(side, task) {
  const headers = { Host: HOST, "CF-Blob": '{"country":"AE"}', "Content-Type": "application/json" };
  return new Promise((done, reject) => {
    const begun = performance.now();
    const sent = request({ port: side.port, host: "127.0.0.1", path: "/_bench/vast", method: "POST", headers }, async (response) => {
      const body = Buffer.concat(await response.toArray()).toString();
      if (response.statusCode !== 200) return reject(new Error(`${side.name}: ${body}\n${side.errors()}`));
      done({ found: body, ms: performance.now() - begun });
    });
    sent.once("error", reject).end(JSON.stringify({ first: FIRST, ...task }));
  });
}

async function bench() {
  const machine = { cores: availableParallelism(), workerd: version, node: process.version };
  console.log(`${machine.cores} cores, workerd ${version}, ${rounds} rounds\n`);
  console.log("| document | stagedoor / vast-client | spread | µs, stagedoor | µs, vast-client |\n|---|--:|--:|--:|--:|");
  const results = [];
  for (const [name, task] of Object.entries(CASES)) {
    const measured = [];
    // The first round warms the code up and does not count. Both sides have to find the same ads and URLs.
    for (let round = 0; round <= rounds; round++) {
      const order = round % 2 ? [sides.peer, sides.stagedoor] : [sides.stagedoor, sides.peer];
      const of = {};
      for (const side of order) of[side.name] = await resolve(side, task);
      assert.equal(of.stagedoor.found, of.peer.found, `${name}: the sides differ`);
      if (round > 0) measured.push({ stagedoor: of.stagedoor.ms, peer: of.peer.ms });
    }
    const ratios = measured.map(({ stagedoor, peer }) => peer / stagedoor);
    const each = (side) => figure((median(measured.map((of) => of[side])) * 1000) / task.times);
    console.log(`| ${[name, figure(median(ratios)), `${figure(Math.min(...ratios))} – ${figure(Math.max(...ratios))}`, each("stagedoor"), each("peer")].join(" | ")} |`);
    results.push({ name, measured });
  }
  const to = new URL("results/", import.meta.url);
  await mkdir(to, { recursive: true });
  await writeFile(new URL("vast.json", to), `${JSON.stringify({ machine, rounds, results }, null, 2)}\n`);
}

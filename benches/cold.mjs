// `make bench`, a cold start: from the start of workerd's process to the Worker's first reply, beside a Worker that does
// nothing. See README.md.
//
//   node benches/cold.mjs [--rounds N] [--quick]
import assert from "node:assert/strict";
import { request } from "node:http";
import { parseArgs } from "node:util";
import { HOST, catalog } from "./fixture.mjs";
import { figure, median } from "./report.mjs";
import { modules, sizes, startSides } from "./sides.mjs";

const { values: asked } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    quick: { type: "boolean", default: false },
    // For edge.mjs, which scripts/bench gives the same options.
    seconds: { type: "string" },
    connections: { type: "string" },
    only: { type: "string" },
  },
});
const rounds = asked.quick ? 3 : Number(asked.rounds);

const built = await modules();
const { documents } = await catalog();
const added = { elapsed: [], processor: [] };
for (let round = 0; round < rounds; round++) {
  // One after the other, each in a process of its own; which one is first takes turns.
  const order = round % 2 ? ["stagedoor", "hello"] : ["hello", "stagedoor"];
  const took = {};
  for (const name of order) {
    const sides = await startSides(built, documents, [name]);
    try {
      await reply(sides[name].port, name === "hello" ? "/" : "/healthz");
      took[name] = { elapsed: performance.now() - sides[name].begun, processor: sides[name].processorMs() };
    } finally {
      await sides.stop();
    }
  }
  for (const [kind, list] of Object.entries(added)) list.push(took.stagedoor[kind] - took.hello[kind]);
}

console.log("| what the Worker adds to a hello-world's cold start, ms | median | spread |\n|---|--:|--:|");
for (const [kind, list] of Object.entries(added)) {
  console.log(`| ${kind} | ${figure(median(list))} | ${figure(Math.min(...list))} – ${figure(Math.max(...list))} |`);
}
console.log(`\nwasm: ${sizes(built).wasm.gzipped.toLocaleString("en")} bytes gzipped`);

/** Asks for a path, and waits for the whole reply. */
function reply(port, path) {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, headers: { Host: HOST } }, async (response) => {
      await response.toArray();
      assert.equal(response.statusCode, 200);
      resolve();
    });
    sent.once("error", reject);
    sent.end();
  });
}

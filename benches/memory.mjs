// `make bench`, memory: the bytes that an isolate remembers for each session and each title. See README.md.
//
//   node benches/memory.mjs [--count N] [--quick]
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { ask, session } from "./equal.mjs";
import { catalog } from "./fixture.mjs";
import { table } from "./report.mjs";
import { modules, startSides } from "./sides.mjs";

const { values: asked } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    quick: { type: "boolean", default: false },
    // For edge.mjs, which scripts/bench gives the same options.
    rounds: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string" },
    only: { type: "string" },
  },
});
const count = asked.quick ? 100 : Number(asked.count);

/** An entry point in front of the Worker's own, with a path for figures that no URL of the Worker gives. */
const PROBE = `
import entry from "./index.js";
import Edge from "./worker.js";
export * from "./worker.js";
const { remembered } = Edge.prototype;
export default {
  fetch: (request, ...rest) =>
    new URL(request.url).pathname === "/remembered" ? new Response(remembered()) : entry.fetch(request, ...rest),
};
`;

const { stagedoor } = await modules();
const { documents, mint } = await catalog();
const titles = Array.from({ length: count }, (_, at) => `title-${at}`);
for (const id of titles) documents[`v1/title/${id}`] = { ...documents["v1/title/harbour"], id, media: "harbour/" };
const probe = { name: "probe.js", kind: "esModule", body: PROBE };
const sides = await startSides({ stagedoor: [probe, ...stagedoor] }, documents, ["stagedoor"]);
try {
  await measure(sides.stagedoor);
} finally {
  await sides.stop();
}

async function measure(side) {
  const get = async (path) => {
    const reply = await ask(side, path);
    assert.equal(reply.status, 200, `${path.replace(/token=.*/, "token=…")}: ${reply.body}`);
    return reply;
  };
  const remembered = async () => JSON.parse((await get("/remembered")).body);
  const viewers = await Promise.all(titles.map((_, at) => mint("HS256", { sub: `viewer-${at}` })));
  // Everything that is there once, whoever asks.
  const first = await mint("HS256");
  await get(`/~${await session(side, first)}/harbour/video/4k.m4s`);
  const start = await remembered();
  for (const viewer of viewers) await get(`/~${await session(side, viewer)}/harbour/video/4k.m4s`);
  const sessions = await remembered();
  for (const id of titles) await get(`/${id}/master.m3u8?token=${first}`);
  const all = await remembered();
  const row = (name, memory, before, after) => [
    name,
    Math.round(((after.budget.memories[memory] ?? 0) - (before.budget.memories[memory] ?? 0)) / count),
    Math.round((after.allocated - before.allocated) / count),
  ];
  console.log(
    table(
      ["memory, in bytes", "counted by its own memory", "allocated in all"],
      [row("a session", "sessions", start, sessions), row("a title of three offers, with its entry", "titles", sessions, all)],
    ),
  );
}

// `make bench`, the Worker: Stagedoor beside a plain JavaScript Worker that does the same job (peer/), and beside a Worker that
// only sends the same replies (twin/). See README.md.
//
//   node benches/edge.mjs [--seconds N] [--rounds N] [--connections N] [--only TEXT] [--quick]
//   node benches/edge.mjs --against FOLDER …     compares build/ with another build of Stagedoor: index.js, worker.js
//                                                and index_bg.wasm in FOLDER. The peer is left out.
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { assertEquivalent, session } from "./equal.mjs";
import { catalog } from "./fixture.mjs";
import { loader } from "./load.mjs";
import { AGAINST, PEERS, moreTable, sizeTable } from "./report.mjs";
import { scenarios } from "./scenarios.mjs";
import { modules, sizes, startSides } from "./sides.mjs";
import { teach } from "./twin/teach.mjs";
import { version } from "./workerd.mjs";

const { values: asked } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "16" },
    only: { type: "string", default: "" },
    against: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const settings = {
  seconds: asked.quick ? 1 : whole("seconds"),
  rounds: asked.quick ? 1 : whole("rounds"),
  connections: whole("connections"),
  warm: asked.quick ? 0 : 5,
};

function whole(name) {
  const number = Number(asked[name]);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name}: expected a whole number from 1`);
  return number;
}

const table = asked.against ? AGAINST : PEERS;
const built = await modules({ against: asked.against });
const { documents, mint } = await catalog();
const names = asked.against ? ["stagedoor", "other", "twin"] : ["stagedoor", "peer", "lenient", "twin", "hello"];
const sides = await startSides(built, documents, names);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => sides.stop().then(() => process.exit(1)));
try {
  await bench(await loader(settings.connections, sides.folder));
} catch (error) {
  console.error(`stagedoor: ${error.message}`);
  process.exitCode = 1;
} finally {
  await sides.stop();
}

async function bench(load) {
  for (const peer of [sides.peer, sides.lenient].filter(Boolean)) {
    const count = await assertEquivalent(sides.stagedoor, peer, mint);
    console.error(`${count} requests: ${sides.stagedoor.name} and ${peer.name} give equivalent answers`);
  }
  const machine = { cores: availableParallelism(), workerd: version, node: process.version };
  const { seconds, rounds, connections } = settings;
  console.log(`${machine.cores} cores, workerd ${machine.workerd}, ${connections} connections, ${rounds} × ${seconds} s\n`);
  console.log(table.head);
  const viewer = await mint("ES256");
  const list = await scenarios({ session: await session(sides.stagedoor, viewer), mint });
  const results = [];
  for (const scenario of list.filter(({ name, peer }) => name.includes(asked.only) && !(peer && asked.against))) {
    const measured = await measure(load, scenario);
    const result = table.ratios(measured);
    console.log(table.row(scenario.name, result));
    results.push({ name: scenario.name, to: scenario.to, ...result, measured });
  }
  const more = moreTable(results);
  if (more) console.log(`\n${more}`);
  const bytes = sizes(built);
  console.log(`\n${sizeTable(bytes)}`);
  if (asked.only || asked.against) return;
  const folder = new URL("results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const record = { machine, settings, results, sizes: bytes };
  await writeFile(new URL("edge.json", folder), `${JSON.stringify(record, null, 2)}\n`);
}

/** What each side does in each round, one directly after the other; which one is first takes turns. */
async function measure(load, scenario) {
  const { twin, stagedoor, other, hello } = sides;
  const peer = other ?? sides[scenario.peer ?? "peer"];
  const [path] = await scenario.paths(0);
  await teach(twin, stagedoor, path, { country: scenario.country });
  const run = async (side, round, seconds) =>
    load.measure(side, side === hello ? { paths: ["/"] } : { ...scenario, paths: await scenario.paths(round) }, seconds);
  const order = Object.entries({ stagedoor, peer, twin, hello }).filter(([, side]) => side);
  const measured = Object.fromEntries(order.map(([name]) => [name, []]));
  if (settings.warm > 0) for (const [, side] of order) if (side !== hello) await run(side, 0, settings.warm);
  for (let round = 1; round <= settings.rounds; round++) {
    for (const [name, side] of order) measured[name].push(await run(side, round, side === hello ? 1 : settings.seconds));
    order.push(order.shift());
  }
  return measured;
}

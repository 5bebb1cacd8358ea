// `make bench`, the Worker: Stagedoor beside a plain JavaScript Worker that does the same job. See README.md.
//
//   node benches/edge.mjs [--seconds N] [--rounds N] [--connections N] [--only TEXT] [--quick]
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { assertEquivalent, session } from "./equal.mjs";
import { catalog } from "./fixture.mjs";
import { loader } from "./load.mjs";
import { TABLE_HEAD, ratios, sizeTable, tableRow } from "./report.mjs";
import { scenarios } from "./scenarios.mjs";
import { modules, sizes, startSides } from "./sides.mjs";
import { version } from "./workerd.mjs";

const { values: asked } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "16" },
    only: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
  },
});
const settings = {
  seconds: asked.quick ? 1 : whole("seconds"),
  rounds: asked.quick ? 1 : whole("rounds"),
  connections: whole("connections"),
  warm: asked.quick ? 0 : 1,
};

function whole(name) {
  const number = Number(asked[name]);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name}: expected a whole number from 1`);
  return number;
}

const built = await modules();
const { documents, mint } = await catalog();
const sides = await startSides(built, documents);
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
  for (const peer of [sides.peer, sides.lenient]) {
    const count = await assertEquivalent(sides.stagedoor, peer, mint);
    console.error(`${count} requests: ${sides.stagedoor.name} and ${peer.name} give equivalent answers`);
  }
  const machine = { cores: availableParallelism(), workerd: version, node: process.version };
  const { seconds, rounds, connections } = settings;
  console.log(`${machine.cores} cores, workerd ${machine.workerd}, ${connections} connections, ${rounds} × ${seconds} s\n`);
  console.log(TABLE_HEAD);
  const viewer = await mint("ES256");
  const list = await scenarios({ session: await session(sides.stagedoor, viewer), mint });
  const hello = () => load.measure(sides.hello, { paths: ["/"] }, 1);
  // In a quick run, one measurement of the yardstick has to do.
  const once = asked.quick ? await hello() : undefined;
  const yardstick = async () => once ?? (await hello());
  const results = [];
  for (const scenario of list.filter(({ name }) => name.includes(asked.only))) {
    const measured = await measure(load, scenario, yardstick);
    const result = ratios(measured);
    console.log(tableRow(scenario.name, result));
    results.push({ name: scenario.name, ...result, measured });
  }
  console.log(`\n${sizeTable(sizes(built))}`);
  if (asked.only) return;
  const folder = new URL("results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const record = { machine, settings, results, sizes: sizes(built) };
  await writeFile(new URL("edge.json", folder), `${JSON.stringify(record, null, 2)}\n`);
}

/** What each side does in each round, one directly after the other; which one is first takes turns. */
async function measure(load, scenario, yardstick) {
  const measured = { stagedoor: [], peer: [], hello: [] };
  const pair = { stagedoor: sides.stagedoor, peer: sides[scenario.peer ?? "peer"] };
  const run = async (side, round, seconds) =>
    load.measure(side, { ...scenario, paths: await scenario.paths(round) }, seconds);
  if (settings.warm > 0) for (const side of Object.values(pair)) await run(side, 0, settings.warm);
  for (let round = 1; round <= settings.rounds; round++) {
    const order = round % 2 ? ["stagedoor", "peer"] : ["peer", "stagedoor"];
    for (const name of order) measured[name].push(await run(pair[name], round, settings.seconds));
    measured.hello.push(await yardstick());
  }
  return measured;
}

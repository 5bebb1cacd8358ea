// `make bench`, viewer tokens: what verifying one costs, algorithm by algorithm, beside jose in a Worker of its own.
// See README.md.
//
//   node benches/tokens.mjs [--seconds N] [--rounds N] [--connections N] [--only TEXT] [--quick]
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { ask } from "./equal.mjs";
import { catalog } from "./fixture.mjs";
import { loader } from "./load.mjs";
import { median } from "./report.mjs";
import { modules, startSides } from "./sides.mjs";
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
const seconds = asked.quick ? 1 : Number(asked.seconds);
const rounds = asked.quick ? 1 : Number(asked.rounds);

const ISSUER = "https://id.example.com/";
const ALGORITHMS = ["HS256", "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"];

/**
 * Stagedoor remembers 4,000 verified signatures: of more than that in turn, it never meets one that it knows. Each round
 * has others, since a round begins with the first again.
 */
const COLD = 4_500;

const PATH = "/harbour/video/10.m3u8";

async function keyring() {
  const keys = [];
  const signers = {};
  for (const alg of ALGORITHMS) {
    const kid = `key-${alg}`;
    if (alg === "HS256") {
      signers[alg] = crypto.getRandomValues(new Uint8Array(32));
      keys.push({ kty: "oct", kid, alg, k: Buffer.from(signers[alg]).toString("base64url") });
    } else {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
      signers[alg] = privateKey;
      keys.push({ ...(await exportJWK(publicKey)), kid, alg });
    }
  }
  const now = Math.floor(Date.now() / 1000);
  const mint = (alg, claims = {}, kid = `key-${alg}`) =>
    new SignJWT({ iss: ISSUER, aud: "watch", sub: "viewer-1", iat: now, exp: now + 3600, ...claims })
      .setProtectedHeader({ alg, kid, typ: "JWT" })
      .sign(signers[alg]);
  return { keys, mint };
}

const { documents } = await catalog();
const { keys, mint } = await keyring();
documents[`v1/keys/${ISSUER}`] = { revision: 1, issuer: ISSUER, keys };
const sides = await startSides(await modules("peer/jose.mjs"), documents);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => sides.stop().then(() => process.exit(1)));
try {
  await bench(await loader(Number(asked.connections), sides.folder));
} catch (error) {
  console.error(`stagedoor: ${error.message}`);
  process.exitCode = 1;
} finally {
  await sides.stop();
}

/** Both sides take and refuse the same tokens, for the same reasons; or there is nothing to compare. */
async function assertEquivalent(alg) {
  const now = Math.floor(Date.now() / 1000);
  const good = await mint(alg);
  const at = good.lastIndexOf(".") + 1;
  const cases = [
    [good, 200],
    [await mint(alg, { exp: now - 60 }), 401],
    [await mint(alg, { aud: "radio" }), 401],
    [await mint(alg, {}, "another"), 401],
    [good.slice(0, at) + (good[at] === "A" ? "B" : "A") + good.slice(at + 1), 401],
    ["abc", 401],
  ];
  for (const [token, status] of cases) {
    // Twice: cold, and remembered.
    for (let turn = 0; turn < 2; turn++) {
      const [a, b] = await Promise.all([sides.stagedoor, sides.peer].map((side) => ask(side, `${PATH}?token=${token}`)));
      const reason = ({ body }) => /"reason":"(\w+)"/.exec(body)?.[1];
      assert.deepEqual([a.status, b.status], [status, status], `${alg}: ${a.body} ${b.body}`);
      assert.equal(reason(a), reason(b), alg);
    }
  }
  return cases.length;
}

async function bench(load) {
  let count = 0;
  const wanted = ALGORITHMS.filter((alg) => alg.includes(asked.only));
  for (const alg of wanted) count += await assertEquivalent(alg);
  console.error(`${count} tokens: Stagedoor and jose take and refuse the same`);
  const machine = { cores: availableParallelism(), workerd: version, node: process.version };
  console.log(`${machine.cores} cores, workerd ${version}, ${asked.connections} connections, ${rounds} × ${seconds} s\n`);
  const entry = await ask(sides.stagedoor, `${PATH}?token=${await mint("HS256")}`);
  const below = `${String(entry.body).match(/\/~[^/]+(?=\/)/)[0]}${PATH}`;
  console.log("| algorithm | whole entry, cold / jose | whole entry, warm / jose | verification, cold / jose, CPU | warm / jose, CPU |");
  console.log("|---|--:|--:|--:|--:|");
  const results = [];
  for (const alg of wanted) {
    const tokens = async (round) => {
      const list = Array.from({ length: COLD }, (_, at) => mint(alg, { sub: `viewer-${round}-${at}` }));
      return (await Promise.all(list)).map((token) => `${PATH}?token=${token}`);
    };
    const runs = (cold) => ({
      cold: () => load.measure(sides.stagedoor, { paths: cold }, seconds),
      warm: () => load.measure(sides.stagedoor, { paths: [cold[0]] }, seconds),
      // What a request costs without a viewer token: the same playlist below a session.
      below: () => load.measure(sides.stagedoor, { paths: [below] }, seconds),
      jose: () => load.measure(sides.peer, { paths: cold }, seconds),
      plain: () => load.measure(sides.peer, { paths: ["/plain"] }, seconds),
    });
    if (!asked.quick) {
      const { cold, jose } = runs(await tokens("warming"));
      await cold();
      await jose();
    }
    const measured = [];
    for (let round = 0; round < rounds; round++) {
      const entries = Object.entries(runs(await tokens(round)));
      const found = {};
      for (const [name, run] of round % 2 ? entries.reverse() : entries) found[name] = await run();
      measured.push(found);
    }
    const result = {
      coldRate: spread(measured, ({ cold, jose }) => cold.rate / jose.rate),
      warmRate: spread(measured, ({ warm, jose }) => warm.rate / jose.rate),
      coldCpu: spread(measured, (of) => verification(of) / (of.cold.ticks - of.below.ticks)),
      warmCpu: spread(measured, (of) => verification(of) / (of.warm.ticks - of.below.ticks)),
    };
    console.log(`| ${[alg, ...Object.values(result).map(figure)].join(" | ")} |`);
    results.push({ alg, ...result, measured });
  }
  if (asked.only) return;
  const folder = new URL("results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("tokens.json", folder), `${JSON.stringify({ machine, seconds, rounds, results }, null, 2)}\n`);
}

/** What jose's verification adds to its Worker's request. */
function verification({ jose, plain }) {
  return jose.ticks - plain.ticks;
}

function spread(measured, ratio) {
  const found = measured.map(ratio);
  return { median: median(found), least: Math.min(...found), most: Math.max(...found) };
}

/** A difference of two measurements that is not above zero says nothing. */
function figure({ median, least, most }) {
  const digits = (number) => (Number.isFinite(number) && number > 0 ? number.toPrecision(3) : "?");
  return `${digits(median)} (${digits(least)} – ${digits(most)})`;
}

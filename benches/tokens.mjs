// `make bench`, viewer tokens: the time to verify one, for each algorithm, compared with jose. See README.md.
//
//   node benches/tokens.mjs [--rounds N] [--only TEXT] [--quick]
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { HOST, catalog } from "./fixture.mjs";
import { figure, median } from "./report.mjs";
import { modules, startSides } from "./sides.mjs";
import { version } from "./workerd.mjs";

const { values: asked } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    // For edge.mjs, which scripts/bench gives the same options.
    seconds: { type: "string" },
    connections: { type: "string" },
  },
});
const rounds = asked.quick ? 1 : Number(asked.rounds);

const ISSUER = "https://id.example.com/";
const ALGORITHMS = ["HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"];

/** The tokens of one request: so many that the cost of the request itself is small beside theirs. */
const TOKENS = 500;

/** The requests of a round, each of which both sides are asked one after the other. */
const REQUESTS = 6;

async function keyring() {
  const keys = [];
  const signers = {};
  for (const alg of ALGORITHMS) {
    const kid = `key-${alg}`;
    if (alg.startsWith("HS")) {
      signers[alg] = crypto.getRandomValues(new Uint8Array(Number(alg.slice(2)) / 8));
      keys.push({ kty: "oct", kid, alg, k: Buffer.from(signers[alg]).toString("base64url") });
    } else {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
      signers[alg] = privateKey;
      keys.push({ ...(await exportJWK(publicKey)), kid, alg });
    }
  }
  const now = Math.floor(Date.now() / 1000);
  const mint = (alg, claims = {}) =>
    new SignJWT({ iss: ISSUER, aud: "watch", sub: "viewer-1", iat: now, exp: now + 3600, ...claims })
      .setProtectedHeader({ alg, kid: `key-${alg}`, typ: "JWT" })
      .sign(signers[alg]);
  return { keys, mint };
}

const { documents } = await catalog();
const { keys, mint } = await keyring();
documents[`v1/keys/${ISSUER}`] = { revision: 1, issuer: ISSUER, keys };
const folder = fileURLToPath(new URL("../target/worker-bench/", import.meta.url));
const sides = await startSides(await modules({ entry: "peer/jose.mjs", folder }), documents, ["stagedoor", "peer"]);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => sides.stop().then(() => process.exit(1)));
try {
  await bench();
} catch (error) {
  console.error(`stagedoor: ${error.message}`);
  process.exitCode = 1;
} finally {
  await sides.stop();
}

/** Has a side verify tokens: how many were good, and the milliseconds that it took. */
function verify(side, alg, tokens) {
  const headers = { Host: HOST, "CF-Blob": '{"country":"AE"}' };
  const options = { port: side.port, host: "127.0.0.1", path: `/_bench/tokens?alg=${alg}`, method: "POST", headers };
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const sent = request(options, async (response) => {
      const body = Buffer.concat(await response.toArray()).toString();
      if (response.statusCode !== 200) return reject(new Error(`${side.name}: ${body}\n${side.errors()}`));
      resolve({ good: Number(body), ms: performance.now() - begun });
    });
    sent.once("error", reject).end(tokens.join("\n"));
  });
}

/** Both sides take and refuse the same tokens, or there is nothing to compare. */
async function assertEquivalent(alg) {
  const now = Math.floor(Date.now() / 1000);
  const genuine = await mint(alg);
  const [header, payload, signature] = genuine.split(".");
  const flipped = (part, at) => {
    const bytes = Buffer.from(part, "base64url");
    bytes[at] ^= 1;
    return bytes.toString("base64url");
  };
  const cases = [
    [genuine, 1],
    [await mint(alg, { sub: "viewer-2", plan: ["gold", "sport"], aud: ["radio", "watch"] }), 1],
    [[header, payload, flipped(signature, 0)].join("."), 0],
    [[header, payload, flipped(signature, signature.length >> 1)].join("."), 0],
    [[header, flipped(payload, payload.length >> 1), signature].join("."), 0],
    [[header, Buffer.from(JSON.stringify({ iss: ISSUER, aud: "watch", exp: now + 7200 })).toString("base64url"), signature].join("."), 0],
    [await mint(alg, { exp: now - 60 }), 0],
    [await mint(alg, { nbf: now + 60 }), 0],
    [await mint(alg, { aud: "radio" }), 0],
    [await mint(alg, { iss: "https://another.example.com/" }), 0],
    [`${header}.${payload}.`, 0],
    ["abc", 0],
  ];
  for (const [token, expected] of cases) {
    // Twice: cold, and remembered.
    for (let turn = 0; turn < 2; turn++) {
      for (const side of [sides.stagedoor, sides.peer]) {
        assert.equal((await verify(side, alg, [token])).good, expected, `${side.name}, ${alg}: ${token}`);
      }
    }
  }
  return cases.length;
}

/** How many times as fast as jose: the median of the requests' ratios. */
async function measure(alg, requests) {
  const found = [];
  for (const [at, tokens] of requests.entries()) {
    const order = [sides.stagedoor, sides.peer];
    const ms = {};
    for (const side of at % 2 ? order.reverse() : order) {
      const answer = await verify(side, alg, tokens);
      assert.equal(answer.good, tokens.length, `${side.name}, ${alg}: not all tokens are good`);
      ms[side.name] = answer.ms;
    }
    found.push(ms);
  }
  return {
    ratio: median(found.map((ms) => ms.peer / ms.stagedoor)),
    stagedoor: (median(found.map((ms) => ms.stagedoor)) * 1000) / TOKENS,
    peer: (median(found.map((ms) => ms.peer)) * 1000) / TOKENS,
  };
}

async function bench() {
  const wanted = ALGORITHMS.filter((alg) => alg.includes(asked.only));
  let count = 0;
  for (const alg of wanted) count += await assertEquivalent(alg);
  console.error(`${count} tokens: Stagedoor and jose take and refuse the same`);
  const machine = { cores: availableParallelism(), workerd: version, node: process.version };
  console.log(`${machine.cores} cores, workerd ${version}, ${rounds} rounds of ${REQUESTS} × ${TOKENS} tokens\n`);
  console.log("| algorithm | stagedoor / jose, cold | spread | stagedoor / jose, warm | spread |\n|---|--:|--:|--:|--:|");
  let minted = 0;
  const fresh = (alg) =>
    Promise.all(Array.from({ length: TOKENS }, () => mint(alg, { sub: `viewer-${(minted += 1)}` })));
  const results = [];
  for (const alg of wanted) {
    const measured = [];
    // The first round warms the code up and does not count.
    for (let round = asked.quick ? 1 : 0; round <= rounds; round++) {
      const requests = [];
      while (requests.length < REQUESTS) requests.push(await fresh(alg));
      const cold = await measure(alg, requests);
      const warm = await measure(alg, requests.map(() => requests.at(-1)));
      if (round > 0) measured.push({ cold, warm });
    }
    const row = ["cold", "warm"].flatMap((name) => {
      const ratios = measured.map((of) => of[name].ratio);
      return [figure(median(ratios)), `${figure(Math.min(...ratios))} – ${figure(Math.max(...ratios))}`];
    });
    console.log(`| ${[alg, ...row].join(" | ")} |`);
    results.push({ alg, measured });
  }
  if (asked.only) return;
  const folder = new URL("results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("tokens.json", folder), `${JSON.stringify({ machine, rounds, results }, null, 2)}\n`);
}

// The scripted flows of tests/flows, against the built Worker in workerd. tests/flows.rs runs the same natively.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { flowFiles, mint, readFlows as read, startEdges, tamper } from "./harness.mjs";

const SESSION = /[A-Za-z0-9_-]{100}/;

/** An upstream that answers by URL. */
const answers = (upstream) => (request) => {
  const scripted = upstream[request.url];
  return scripted
    ? new Response(scripted.body, { status: scripted.status ?? 200, headers: scripted.headers })
    : new Response("", { status: 404 });
};

const base = await read("base.json");

for (const file of await flowFiles()) {
  const flows = (await read(file)).filter(({ native }) => !native);
  describe(file, () => {
    let started;
    before(async () => {
      started = await startEdges(flows.map(({ variables, upstream }) => ({ variables, upstream: answers({ ...base.upstream, ...upstream }) })));
    });
    after(() => started.stop());
    for (const [index, { name }] of flows.entries()) {
      // Read again, so that its times count from the start of this flow.
      test(name, async () => run(started.edges[index], await read("base.json"), (await read(file)).find((flow) => flow.name === name)));
    }
  });
}

async function run(edge, base, flow) {
  await edge.put({ ...base.documents, ...flow.documents });
  await edge.miniflare.purgeCache();
  let session;
  for (const [number, { request, reply, documents, wait_s: wait = 0 }] of flow.steps.entries()) {
    await sleep(wait * 1000);
    if (documents) await edge.change(documents);
    const token = request.token && (await mint(base, request.token));
    const fill = (text) =>
      text
        ?.replace("{{token}}", token)
        .replace("{{tampered}}", token && tamper(token))
        .replace("{{session}}", session);
    const headers = {
      Authorization: fill(request.authorization),
      Origin: request.origin,
      "Stagedoor-Geography": request.place,
      "CF-Connecting-IP": request.address,
    };
    for (const [name, value] of Object.entries(request.headers ?? {})) headers[name] = fill(value);
    for (const name of Object.keys(headers)) headers[name] ?? delete headers[name];
    const url = `https://${request.host ?? "watch.example.com"}${fill(request.path)}`;
    const found = await edge.fetch(url, {
      method: request.method,
      headers,
      country: request.country ?? flow.country,
      asn: request.asn,
    });
    const body = await found.text();
    const step = `step ${number + 1}, ${request.path}: ${body}`;
    assert.equal(found.status, reply.status, step);
    for (const [name, value] of Object.entries(reply.headers ?? {})) {
      assert.equal(found.headers.get(name), value, `${step}: ${name}`);
    }
    if (reply.reason) assert.equal(JSON.parse(body).reason, reply.reason, step);
    if (reply.capture || reply.body?.includes("{{session}}")) {
      session = `${found.headers.get("Location")}${body}`.match(SESSION)?.[0];
    }
    if (reply.body !== undefined) assert.equal(body, reply.body.replaceAll("{{session}}", session), step);
    for (const part of reply.contains ?? []) assert.ok(body.includes(part.replaceAll("{{session}}", session)), `${step}: expected ${part}`);
    for (const part of reply.lacks ?? []) assert.ok(!body.includes(part.replaceAll("{{session}}", session)), `${step}: found ${part}`);
  }
}

// Teaches the twin what Stagedoor answers.
import assert from "node:assert/strict";
import { ask } from "../equal.mjs";

/** Has Stagedoor answer a path, and teaches the twin that reply; throws unless the twin then sends the very same. */
export async function teach(twin, stagedoor, path, options) {
  // The first answer comes the long way, and may lack an `Age`.
  await ask(stagedoor, path, options);
  const reply = await ask(stagedoor, path, options);
  const head = JSON.stringify({ status: reply.status, headers: own(reply) });
  const taught = await ask(twin, path, { method: "PUT", headers: { "Reply-Head": head }, body: reply.body });
  assert.equal(taught.status, 200, `the twin was not taught ${path}: ${taught.body}`);
  const sent = await ask(twin, path, options);
  assert.equal(sent.status, reply.status, `the twin's status for ${path}`);
  assert.deepEqual(own(sent), own(reply), `the twin's headers for ${path}`);
  assert.ok(sent.body.equals(reply.body), `the twin's body for ${path}`);
}

/** The headers as pairs of name and value, in order. Headers of the connection are left out: workerd writes them. */
function own({ rawHeaders }) {
  const pairs = rawHeaders.flatMap((name, at) => (at % 2 ? [] : [[name, rawHeaders[at + 1]]]));
  return pairs.filter(([name]) => !/^(connection|keep-alive|transfer-encoding|date)$/i.test(name));
}

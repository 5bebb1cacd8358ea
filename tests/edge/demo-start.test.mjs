// What `make demo` leaves for others, and what it finds of others: profiles for the command, a demo that runs, and what a killed one left.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ANY_PORTS, startStack } from "../../demo/stack.mjs";
import { sign } from "./harness.mjs";

let folder;
let stack;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-start-"));
  stack = await startStack({ folder, ports: ANY_PORTS });
});

after(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The strings of a table of profiles.toml. */
const strings = (text) => Object.fromEntries([...text.matchAll(/^(\w+) = "(.*)"$/gm)].map(([, name, value]) => [name, value]));

test("the profile has the addresses, and names files with the secrets that open them", async () => {
  const { default: name, origin, edge, ...files } = strings(await readFile(stack.profilesFile, "utf8"));
  assert.deepEqual({ name, origin, edge }, { name: "demo", origin: stack.originUrl, edge: stack.edgeUrl });
  const secret = async (file) => {
    const path = join(folder, file);
    assert.equal((await stat(path)).mode & 0o077, 0, `others may read ${file}`);
    return (await readFile(path, "utf8")).trim();
  };
  assert.equal((await stat(stack.profilesFile)).mode & 0o077, 0);
  const listed = await fetch(`${origin}/api/v1/titles`, { headers: { Authorization: `Bearer ${await secret(files.api_key_file)}` } });
  assert.equal(listed.status, 200);

  const body = JSON.stringify({ url: `${edge}/harbour/master.m3u8` });
  const headers = sign(await secret(files.explain_secret_file), body);
  const explained = await fetch(`${edge}/_stagedoor/explain`, { method: "POST", headers, body });
  assert.equal(explained.status, 200);
  assert.equal((await explained.json()).reason, "token_missing");
});

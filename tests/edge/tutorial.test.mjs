// Runs the commands of docs/TUTORIAL.md, and compares their output with the page.
import assert from "node:assert/strict";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { ANY_PORTS, PORTS, startStack } from "../../demo/stack.mjs";
import { freePort } from "../../demo/stack/ports.mjs";
import { blocksOf, fits, runPage } from "../docs/page.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = new URL("../../docs/TUTORIAL.md", import.meta.url);

/** The media origin's port on the page. */
const MEDIA_PORT = "9000";

let folder;
let stack;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-tutorial-"));
  await symlink(process.env.CARGO_TARGET_DIR ?? join(root, "target"), join(folder, "target"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  stack = await startStack({ folder: join(folder, ".demo"), ports: ANY_PORTS });
});

after(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("each command of the tutorial does what the page says", { timeout: 120_000 }, async () => {
  const media = String(await freePort(0));
  const listens = async () => {
    for (let tries = 0; tries < 100; tries += 1) {
      if (await fetch(`http://127.0.0.1:${media}/`).catch(() => null)) return;
      await sleep(100);
    }
    throw new Error("the media origin does not answer");
  };
  const replace = { [PORTS.edge]: String(stack.ports.edge), [PORTS.origin]: String(stack.ports.origin), [MEDIA_PORT]: media };
  const runs = await runPage(page, { cwd: folder, replace, ready: listens });
  assert.ok(runs.filter(({ expected }) => expected).length >= 12, "the page shows too few outputs");
});

test("a page's output is compared as a whole", () => {
  for (const [expected, output, is] of [
    ["200", "200\n", true],
    ["200", "200 OK", false],
    ["200…", "200 OK", true],
    ["a\n…\nd", "a\nb\nc\nd", true],
    ["a\n…\nd", "a\nd and more", false],
    ["[1.5]", "[1.5]", true],
    ["[1.5]", "[1x5]", false],
  ]) {
    assert.equal(fits(expected, output), is, `${expected} and ${output}`);
  }
});

test("blocks have their language, mark and line", () => {
  const found = blocksOf("a\n```sh terminal\nb\nc\n```\n\n```text\nd\n```\n");
  assert.deepEqual(
    found.map(({ language, mark, text, line }) => ({ language, mark, text, line })),
    [
      { language: "sh", mark: "terminal", text: "b\nc", line: 3 },
      { language: "text", mark: "", text: "d", line: 8 },
    ],
  );
});

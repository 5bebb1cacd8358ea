// Runs the commands of four pages of docs/, compares their output with the pages, and tells how long each part took.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { ANY_PORTS, PORTS, startStack } from "../../demo/stack.mjs";
import { freePort } from "../../demo/stack/ports.mjs";
import { linkPrograms } from "../../demo/stack/programs.mjs";
import { blocksOf, fits, headingAbove, runPage } from "../docs/page.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The pages, and the fewest outputs that each shows. */
const PAGES = { TUTORIAL: 9, TASKS: 18, TROUBLESHOOTING: 2, ADS: 4 };

/** The media origin's port on the page. */
const MEDIA_PORT = "9000";

let folder;
let stack;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "stagedoor-tutorial-"));
  await symlink(process.env.CARGO_TARGET_DIR ?? join(root, "target"), join(folder, "target"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  stack = await startStack({ folder: join(folder, ".demo"), ports: ANY_PORTS });
  linkPrograms(join(folder, ".demo/bin"));
});

after(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

for (const [name, outputs] of Object.entries(PAGES)) {
  test(`each command of ${name} does what the page says`, { timeout: 180_000 }, async (t) => {
    const page = new URL(`../../docs/${name}.md`, import.meta.url);
    const media = String(await freePort(0));
    const listens = async () => {
      for (let tries = 0; tries < 100; tries += 1) {
        if (await fetch(`http://127.0.0.1:${media}/`).catch(() => null)) return;
        await sleep(100);
      }
      throw new Error("the media origin does not answer");
    };
    const ports = ["edge", "origin", "page"].map((part) => [PORTS[part], String(stack.ports[part])]);
    const replace = { ...Object.fromEntries(ports), [MEDIA_PORT]: media };
    const text = await readFile(page, "utf8");
    const seconds = {};
    const record = (block) => (seconds[headingAbove(text, block.line)] = (seconds[headingAbove(text, block.line)] ?? 0) + block.seconds);
    const runs = await runPage(page, { cwd: folder, replace, ready: listens, record });
    assert.ok(runs.filter(({ expected }) => expected).length >= outputs, "the page shows too few outputs");
    for (const [part, sum] of Object.entries(seconds)) t.diagnostic(`${part || name}: ${sum.toFixed(1)} s`);
  });
}

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

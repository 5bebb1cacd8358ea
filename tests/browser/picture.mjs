// Makes docs/demo.png: the demo page with two viewers, after each of them has watched for a moment.
import { fileURLToPath } from "node:url";
import { DemoPage, startDemo } from "./harness.mjs";

const path = process.argv[2] ?? fileURLToPath(new URL("../../docs/demo.png", import.meta.url));

const demo = await startDemo();
try {
  const context = await demo.browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
  const page = new DemoPage(await context.newPage());
  await page.tab.goto(demo.stack.pageUrl);
  await page.tab.locator("body[data-ready]").waitFor();
  await page.play();
  await page.tab.waitForFunction(() => document.querySelector("#video").currentTime > 9);
  await page.tab.locator("#second-viewer").click();
  await page.tab.waitForFunction(() => document.querySelector("#second-video").currentTime > 5);
  await page.tab.locator("#sharing", { hasText: "one copy" }).waitFor();
  // The controls of the video fade when the pointer is elsewhere.
  await page.tab.mouse.move(0, 0);
  await page.tab.screenshot({ path, fullPage: true, scale: "css" });
  console.log(path);
} finally {
  await demo.stop();
}

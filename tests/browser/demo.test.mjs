// The demo from end to end: origin service, edge in workerd, hls.js and dash.js in Chromium.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { createRequire } from "node:module";
import { after, before, test as nodeTest } from "node:test";
import { STEP_MS, onPage, startDemo } from "./harness.mjs";

/** @type {Awaited<ReturnType<typeof startDemo>>} */
let demo;
before(async () => (demo = await startDemo()), { timeout: 90_000 });
after(() => demo?.stop());

const test = (name, body, timeout = 40_000) => nodeTest(name, { timeout }, body);
const pageTest = (name, body, timeout) => test(name, () => onPage(demo, name, body), timeout);

/** The time limit for what plays ads in real time, on a loaded machine. */
const ADS_MS = 120_000;

/** Each format's entry, and its requests below the entry. */
const FORMATS = {
  hls: {
    entry: "master.m3u8",
    kinds: ["video playlist", "audio playlist", "video init", "video segment", "audio segment"],
    subtitles: "/text-ar/seg_",
  },
  dash: {
    entry: "manifest.mpd",
    kinds: ["video init", "audio init", "video segment", "audio segment"],
    subtitles: "/text-ar/all.vtt",
  },
};
const formatTest = (name, body) => Object.keys(FORMATS).forEach((format) => pageTest(`${format}: ${name}`, (page) => body(page, format, FORMATS[format])));

const sessionUrl = () => new RegExp(`^${demo.stack.edgeUrl}/~[A-Za-z0-9_-]{100}/`);

formatTest("plays through the edge, every URL below the entry under a session", async (page, format, { entry: manifest, kinds }) => {
  await page.play({ format });
  await page.playTo(2);
  const frames = await page.frames();
  await page.playTo(8);
  assert.ok((await page.frames()) > frames, "the pictures stand still");
  assert.equal(await page.denial(), null);

  const requests = await page.requests();
  assert.ok(requests.every(({ status }) => status === 200), JSON.stringify(requests));
  const [entry, ...below] = requests;
  assert.deepEqual([entry.kind, entry.url], ["entry", `${demo.stack.edgeUrl}/harbour/${manifest}`]);
  assert.ok(below.every(({ url }) => sessionUrl().test(url)), below.find(({ url }) => !sessionUrl().test(url))?.url);
  for (const kind of kinds) {
    assert.ok(below.some((request) => request.kind === kind), `no ${kind} was asked for`);
  }
  assert.match(await page.tab.locator("#session").innerText(), /^(1:00:00|59:\d\d)$/);
});

formatTest("nothing but the page and the edge is asked for anything", async (page, format) => {
  const hosts = new Set();
  page.tab.on("request", (request) => /^https?:/.test(request.url()) && hosts.add(new URL(request.url()).origin));
  await page.tab.reload();
  await page.tab.locator("body[data-ready]").waitFor();
  await page.play({ format });
  await page.playTo(2);
  assert.deepEqual([...hosts].sort(), [demo.stack.pageUrl, demo.stack.edgeUrl].sort());
});

formatTest("the plan decides the heights on offer", async (page, format) => {
  await page.play({ format, plan: "premium", algorithm: "ES256" });
  assert.deepEqual(await page.offered(), ["360p", "720p", "1080p"]);
  await page.play({ format, plan: "basic" });
  assert.deepEqual(await page.offered(), ["360p"]);
  await page.playTo(4);
  assert.equal(await page.tab.evaluate(() => document.querySelector("video").videoHeight), 360);
  assert.ok((await page.requests()).every(({ url }) => !/720p|1080p/.test(url)), "a height that is not offered was fetched");
});

const DENIALS = [
  ["a blocked country", { country: "US" }, "403 Forbidden", "territory"],
  ["an unknown country", { country: "" }, "403 Forbidden", "geography_unknown"],
  ["no plan", { plan: "" }, "403 Forbidden", "plan"],
  ["a plan that does not include the title", { title: "harbour-aes", plan: "basic" }, "403 Forbidden", "plan"],
  ["a window that opens later", { title: "harbour-premiere" }, "403 Forbidden", "window_not_open"],
  ["an expired token", { kind: "expired" }, "401 Unauthorized", "token_expired"],
  ["an HS256 token of a wrong key", { kind: "forged" }, "401 Unauthorized", "token_signature"],
  ["an ES256 token of a wrong key", { kind: "forged", algorithm: "ES256" }, "401 Unauthorized", "token_signature"],
  ["no token", { kind: "none" }, "401 Unauthorized", "token_missing"],
];

formatTest("a refusal shows its reason", async (page, format) => {
  for (const [name, viewer, status, reason] of DENIALS) {
    if (format === "dash" && viewer.title === "harbour-aes") continue;
    const denial = await page.playDenied({ format, ...viewer });
    assert.deepEqual([denial.status, denial.reason], [status, reason], name);
    assert.ok(denial.title && denial.detail, `${name}: no words`);
    const requests = await page.requests();
    assert.equal(requests.length, 1, `${name}: a refused player goes on asking`);
  }
  await page.play({ format });
  assert.equal(await page.denial(), null, "an old refusal stands over a picture");
});

pageTest("Play is in sight without scrolling, at a desk and on a phone", async ({ tab }) => {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    await tab.setViewportSize(viewport);
    await tab.evaluate(() => window.scrollTo(0, 0));
    const seen = await tab.locator("#play").evaluate((button) => {
      const { left, top, right, bottom } = button.getBoundingClientRect();
      const corners = [[left + 8, top + 4], [right - 8, bottom - 4]];
      return corners.every(([x, y]) => document.elementFromPoint(x, y) === button);
    });
    assert.ok(seen, `Play is out of sight at ${viewport.width} x ${viewport.height}`);
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} px wider than a screen of ${viewport.width} px`);
  }
});

pageTest("the picture comes into view on a phone", async (page) => {
  await page.tab.setViewportSize({ width: 390, height: 844 });
  await page.play();
  const { y, height } = await page.tab.locator("#screen").boundingBox();
  assert.ok(y >= 0 && y + height <= 844, `the picture is at ${y} px`);
});

pageTest("a changed choice says that it waits for Play, and takes effect with Play", async (page) => {
  const { tab } = page;
  const notice = () => tab.locator("#notice").innerText();
  const watching = () => tab.locator("#watching").innerText();
  await page.play();
  assert.match(await watching(), /^Harbour · HLS · United Arab Emirates · plan premium$/);
  const changes = [
    [{ country: "US" }, "country"],
    [{ plan: "basic" }, "plan"],
    [{ title: "harbour-aes" }, "title"],
    [{ format: "dash" }, "format"],
    [{ kind: "expired" }, "token"],
    [{ algorithm: "ES256" }, "algorithm"],
  ];
  for (const [change, name] of changes) {
    await page.choose(change);
    assert.match(await notice(), new RegExp(`^Changed: ${name}\\. It takes effect with Play`), name);
    assert.equal(await tab.locator("#stage").getAttribute("data-state"), "playing", `${name}: the film goes on`);
  }
  await page.choose({});
  assert.equal(await notice(), "", "the choice is again what plays");
  const denial = await page.playDenied({ country: "US" });
  assert.equal(denial.reason, "territory");
  assert.equal(await notice(), "");
  assert.match(await watching(), /United States/);
});

pageTest("no refusal stays beside a choice that it does not belong to", async (page) => {
  const { tab } = page;
  for (const change of [{ title: "harbour-aes" }, { country: "DE" }, { plan: "basic" }, { format: "dash" }, { kind: "fresh" }, { algorithm: "ES256" }]) {
    await page.playDenied({ kind: "expired" });
    await page.choose({ kind: "expired", ...change });
    const name = JSON.stringify(change);
    assert.equal(await page.denial(), null, name);
    assert.equal(await tab.locator("#hint").innerText(), "The choice has changed. Press Play.", name);
    assert.equal(await tab.locator("#watching").innerText(), "", name);
  }
});

pageTest("a film that is refused after the choice has changed is told in a sentence", async (page) => {
  const { tab } = page;
  // Beyond what the player has ahead at the start.
  await tab.route(/\/seg_0(0[89]|1\d)\.m4s/, (route) => route.continue({ url: forged(route.request().url()) }));
  await page.play({ format: "dash" });
  await page.choose({ title: "harbour-premiere", format: "dash" });
  await tab.evaluate(() => (document.querySelector("video").playbackRate = 4));
  await tab.locator("#stage[data-state=idle]").waitFor();
  assert.equal(await tab.locator("#hint").innerText(), "Harbour has ended (session_signature). Press Play for the new choice.");
  assert.equal(await page.denial(), null);
});

/** At its normal speed, as a person watches it. */
formatTest("a token that expires ends the film before its end: the edge refuses the next request", async (page, format) => {
  const { tab } = page;
  const started = Date.now();
  await page.play({ format, kind: "short" });
  await tab.locator("#session", { hasText: /^0:(1\d|20)$/ }).waitFor({ timeout: 5_000 });
  await tab.locator("#denial").waitFor({ timeout: 30_000 });
  const denial = await page.denial();
  assert.deepEqual([denial.status, denial.reason], ["401 Unauthorized", "session_expired"]);
  assert.ok(Date.now() - started > 19_000, "refused before the token has expired");
  const [, at, length] = /^The film stood at 0:(\d\d) of (\d:\d\d)\. The page stopped the player/.exec(await tab.locator("#denial-moment").innerText());
  assert.ok(Number(at) >= 10 && Number(at) < 40, `the film stood at ${at} s`);
  assert.equal(length, "1:00");
  const requests = await page.requests();
  assert.ok(requests.some(({ status }) => status === 401) && requests.filter(({ status }) => status === 200).length > 5, "the edge has refused nothing");
});

pageTest("dash: a refusal on the way shows its reason", async (page) => {
  // The second segment is requested under a forged session.
  await page.tab.route(/\/seg_002\.m4s/, (route) => route.continue({ url: forged(route.request().url()) }));
  const { status, reason } = await page.playDenied({ format: "dash" });
  assert.deepEqual([status, reason], ["401 Unauthorized", "session_signature"]);
});

pageTest("a title without an MPD says so, and plays as HLS", async (page) => {
  const { tab } = page;
  await page.choose({ format: "dash" });
  await tab.locator('input[name=title][value="harbour-aes"]').check();
  assert.ok((await tab.locator("#dash").isDisabled()) && (await tab.locator("#hls").isChecked()));
  assert.match(await tab.locator("#format-note").innerText(), /no MPD/);
  await tab.locator('input[name=title][value="harbour"]').check();
  await tab.locator("#dash").check();
  assert.equal(await tab.locator("#format-note").innerText(), "");
});

pageTest("a segment's URL without its session is refused", async (page) => {
  await page.play();
  await page.playTo(1);
  const segment = (await page.requests()).find(({ kind }) => kind === "video segment").url;
  const fetched = (url) =>
    page.tab.evaluate(async (url) => {
      const response = await fetch(url, { headers: { "Stagedoor-Geography": "AE" } });
      return { status: response.status, body: response.ok ? (await response.arrayBuffer()).byteLength : await response.json() };
    }, url);
  const whole = await fetched(segment);
  assert.ok(whole.status === 200 && whole.body > 1000, "with its session it is there");
  const without = await fetched(segment.replace(/\/~[^/]+/, ""));
  assert.deepEqual([without.status, without.body.reason], [401, "session_missing"]);
  const other = await fetched(forged(segment));
  assert.deepEqual([other.status, other.body.reason], [401, "session_signature"]);
});

formatTest("sound and subtitles change to Arabic", async (page, format, { subtitles }) => {
  const { tab } = page;
  await page.play({ format });
  const arabic = (name) => ({ label: `${name} (ar)` });
  await tab.locator("#audio").selectOption(arabic("العربية"));
  await tab.locator("#subtitles").selectOption(arabic("العربية"));
  await page.playTo((await tab.evaluate(() => document.querySelector("video").currentTime)) + 4);
  await tab.waitForFunction(() => {
    const shown = [...document.querySelector("video").textTracks].find((track) => track.mode === "showing");
    return shown?.language === "ar" && [...(shown.cues ?? [])].some((cue) => /\p{Script=Arabic}/u.test(cue.text));
  });
  const requests = await page.requests();
  for (const path of ["/audio-ar/seg_", subtitles]) {
    assert.ok(requests.some(({ url, status }) => status === 200 && url.includes(path) && sessionUrl().test(url)), `${path} was not fetched`);
  }
  assert.equal(await page.denial(), null);
});

pageTest("two viewers with two tokens share each file of the edge's cache", async (page) => {
  const { tab } = page;
  // Nobody has watched this copy of the film yet.
  const title = await demo.stack.api.get("titles", "harbour");
  const copy = { ...title.document, id: "harbour-shared", media: "harbour/", generation: 7 };
  await demo.stack.api.put("titles", copy.id, copy);
  await demo.stack.synced();
  await tab.reload();
  await tab.locator("body[data-ready]").waitFor();
  await page.play({ title: copy.id });
  await page.playTo(10);
  await tab.locator("#second-viewer").click();
  await tab.waitForFunction(() => document.querySelector("#second-video").currentTime > 4);
  await tab.locator("#sharing", { hasText: "Two viewers, two tokens, one copy" }).waitFor();
  await tab.waitForFunction(() => document.querySelectorAll('#request-rows tr[data-viewer="B"][data-source="hit"]').length >= 6);

  const requests = await page.requests();
  const media = (viewer) => requests.filter((request) => request.viewer === viewer && request.source !== null && /segment|init/.test(request.kind));
  const [first, second] = [media("A"), media("B")];
  const file = ({ url }) => new URL(url).pathname.replace(/^\/~[^/]+/, "");
  const common = second.filter((one) => first.some((other) => file(other) === file(one)));
  assert.ok(common.length >= 4, `${common.length} files in common`);
  const sessions = (all) => new Set(all.map(({ session }) => session));
  assert.equal(sessions(first).size + sessions(second).size, new Set([...sessions(first), ...sessions(second)]).size, "they share a session");
  assert.ok(first.some(({ source }) => source === "fetched"), "the edge had everything before");
  assert.ok(common.every(({ source }) => source === "hit"), JSON.stringify(common));
  // What was kept a moment ago has an age; the start of the film was fetched two seconds ago or more.
  assert.ok(common.some(({ age }) => age >= 2), JSON.stringify(common.map(({ age }) => age)));
  const [, files, same] = /(\d+) media files? received by both, (\d+) with the same SHA-256/.exec(await tab.locator("#sharing").innerText());
  assert.ok(Number(files) >= 4 && files === same, `${files} files, ${same} the same`);
  assert.match(await tab.locator("#sharing").innerText(), /more than once from the media origin: 0\./);
  const fetches = demo.stack.media.fetchesAfter(0).fetches.map(({ file }) => file);
  assert.ok(fetches.includes("/harbour/audio-en/seg_001.m4s"));

  await tab.locator("#second-viewer").click();
  assert.ok(await tab.locator("#second").isHidden());
  assert.equal(await page.denial(), null);
});

pageTest("the milliseconds are the browser's own", async (page) => {
  const { tab } = page;
  await page.play();
  await page.playTo(4);
  // The requests first: more of them end meanwhile.
  const requests = (await page.requests()).filter(({ ms }) => ms !== null);
  const measured = await tab.evaluate(() => performance.getEntriesByType("resource").map(({ name, duration }) => [name.replace(/\?.*/, ""), duration]));
  assert.ok(requests.length > 5);
  for (const { url, ms } of requests) {
    assert.ok(measured.some(([name, duration]) => name === url && duration === ms), `${url} took ${ms} ms by the page`);
  }
  assert.match(await tab.locator("#requests").innerText(), /share this machine/);
  assert.match(await tab.locator("#ms-fetched").innerText() + (await tab.locator("#ms-hit").innerText()), /\d ms/);
});

formatTest("a refusal is explained step by step, by the edge itself", async (page, format) => {
  const { tab } = page;
  const explained = async (viewer) => {
    await page.playDenied({ format, ...viewer });
    await tab.locator("#explanation").waitFor();
    const lines = await tab.locator("#steps li").evaluateAll((items) => items.map(({ className, textContent }) => `${className} ${textContent}`));
    return { lines, remedy: await tab.locator("#remedy").innerText(), trace: await tab.locator("#trace").textContent() };
  };
  const territory = await explained({ country: "US" });
  assert.ok(territory.lines.some((line) => /^missed .*Offer premium: does not fit/.test(line)), territory.lines.join("\n"));
  assert.ok(territory.lines.some((line) => /^missed .*territory: expected a viewer in \*, not US, CA, found US/.test(line)));
  assert.match(territory.lines.at(-1), /^missed .*Stopped at the step rights\. The title is not offered in the viewer's country\./);
  assert.match(territory.remedy, /It would pass with a viewer in \*, not US, CA\./);
  assert.equal(JSON.parse(territory.trace).reason, "territory");
  assert.doesNotMatch(territory.trace, /eyJ/, "the trace holds the token");

  const forgery = await explained({ kind: "forged" });
  assert.ok(!forgery.lines.some((line) => /Offer/.test(line)), "the rights were decided for a forged token");
  assert.match(forgery.lines.at(-1), /Stopped at the step token\. .*signature is wrong/);

  await page.choose({ format, kind: "fresh" });
  assert.ok(await tab.locator("#explanation").isHidden(), "an explanation stands beside another choice");
});

test("the page's server has nothing explained but requests of its edge", async () => {
  const { pageUrl, edgeUrl } = demo.stack;
  const ask = (url, headers = {}) => fetch(`${pageUrl}/explain`, { method: "POST", headers, body: JSON.stringify({ url, country: "AE" }) });
  assert.equal((await ask(`${edgeUrl}/harbour/master.m3u8`)).status, 200);
  for (const url of ["https://elsewhere.example/a/b.m3u8", "nonsense", undefined]) assert.equal((await ask(url)).status, 400, url);
  assert.equal((await ask(`${edgeUrl}/harbour/master.m3u8`, { Origin: "https://elsewhere.example" })).status, 403);
});

test("the media origin passes on files and ranges of the sample media, and nothing else of the origin service", async () => {
  const port = demo.stack.ports.media;
  const get = (path, headers = {}) =>
    new Promise((resolve, reject) => {
      // A path as it is: `fetch` would shorten it.
      request({ host: "127.0.0.1", port, path, headers }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk)).on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      })
        .on("error", reject)
        .end();
    });
  const whole = await get("/harbour/360p/seg_001.m4s");
  assert.deepEqual([whole.status, whole.headers["cache-control"]], [200, "max-age=3600"]);
  const range = await get("/harbour/360p/seg_001.m4s", { Range: "bytes=0-99" });
  assert.deepEqual([range.status, range.body], [206, whole.body.subarray(0, 100)]);
  assert.equal((await get("/harbour/360p/seg_001.m4s", { "If-None-Match": whole.headers.etag })).status, 304);
  for (const path of ["/../api/v1/titles", "/%2e%2e/healthz", "/harbour/..%2f..%2fhealthz", "/live/../../healthz"]) {
    assert.equal((await get(path)).status, 404, path);
  }
});

formatTest("a viewer is revoked, and the time until the first refusal is measured", async (page, format) => {
  const { tab } = page;
  assert.ok(await tab.locator("#revoke").isDisabled(), "nobody watches yet");
  await page.play({ format });
  await tab.locator("#second-viewer").click();
  await tab.waitForFunction(() => document.querySelector("#second-video").currentTime > 0);
  await tab.locator("#revoke").click();
  const message = tab.locator("#revoke-message", { hasText: "after the click" });
  await message.waitFor();
  assert.match(await message.innerText(), /^Refused [\d.]+ m?s after the click: (the page’s \d+(st|nd|rd|th) request since|the player’s next request)\./);
  assert.match(await message.innerText(), /within 120 s/);
  const ms = Number(await message.getAttribute("data-ms"));
  assert.ok(ms > 0 && ms < STEP_MS, `${ms} ms`);
  await tab.locator("#denial").waitFor();
  assert.equal((await page.denial()).reason, "revoked");
  await tab.locator("#steps .missed", { hasText: "the viewer was revoked" }).first().waitFor();
  const second = () => tab.evaluate(() => document.querySelector("#second-video").currentTime);
  const at = await second();
  await tab.waitForFunction((at) => document.querySelector("#second-video").currentTime > at + 1, at);
  assert.doesNotMatch(await tab.locator("#second-words").innerText(), /revoked/, "the second viewer was revoked too");

  await page.play({ format });
  await page.playTo(1);
  assert.equal(await message.count(), 0, "an old measurement stands beside another viewer");
});

pageTest("the live channel plays with low latency: parts, and requests that wait for them", async (page) => {
  const { tab } = page;
  await page.play({ title: "live" });
  await tab.waitForFunction(() => document.querySelector("#video").currentTime > 0 && /^\d+\.\d s$/.test(document.querySelector("#behind").innerText));
  const frames = await page.frames();
  await tab.waitForFunction((frames) => document.querySelector("#video").getVideoPlaybackQuality().totalVideoFrames > frames + 60, frames);
  const kinds = (await page.requests()).map(({ kind }) => kind);
  assert.ok(kinds.includes("video part") && kinds.includes("audio part"), kinds.join(", "));
  const paths = await tab.locator("#request-rows code").allInnerTexts();
  assert.ok(paths.some((path) => /_HLS_msn=\d+&_HLS_part=\d/.test(path)), "no request waits for a part");
  assert.ok((await page.requests()).every(({ status }) => status === 200 || status === 0));
  // Without parts, a player keeps three segments of 2 s away from the end of the stream. One that has fallen behind catches up.
  await tab.waitForFunction(() => parseFloat(document.querySelector("#behind").innerText) < 6);

  await page.play({ title: "live", plan: "basic" });
  assert.deepEqual(await page.offered(), ["180p"]);
  assert.equal((await page.playDenied({ title: "live", country: "CA" })).reason, "territory");
});

/** What axe-core finds wrong, in words. */
async function findings(tab) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await tab.evaluate(source);
  const { violations } = await tab.evaluate(() => window.axe.run());
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
}

/** Looks at a state of the page in both schemes, at a desk and on a phone. */
async function isAccessible(tab, state) {
  for (const colorScheme of ["light", "dark"]) {
    await tab.emulateMedia({ colorScheme });
    for (const [width, height] of [[1440, 900], [390, 844]]) {
      await tab.setViewportSize({ width, height });
      const where = `${state}, ${colorScheme}, ${width} x ${height}`;
      assert.deepEqual(await findings(tab), [], where);
      const beyond = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(beyond <= 0, `${where}: ${beyond} px wider than the screen`);
    }
  }
}

pageTest("axe-core finds nothing before a choice, nor at a refusal", async (page) => {
  const { tab } = page;
  await isAccessible(tab, "idle");
  await page.playDenied({ country: "US" });
  await tab.locator("#explanation").waitFor();
  for (const details of await tab.locator("summary:visible").all()) await details.click();
  await tab.locator("#document").fill("{}");
  await tab.locator("#save").click();
  await tab.locator("#rights-errors").waitFor();
  await isAccessible(tab, "refused");
});

pageTest("axe-core finds nothing while two viewers watch, and a choice waits", async (page) => {
  const { tab } = page;
  await page.play();
  await tab.locator("#second-viewer").click();
  await tab.locator("#sharing", { hasText: "one copy" }).waitFor();
  await page.choose({ country: "DE" });
  await isAccessible(tab, "playing");
});

pageTest("the page is used by keyboard alone, and the focus is seen", async (page) => {
  const { tab } = page;
  const stops = [];
  /** Presses Tab until an element has the focus. */
  const reach = async (id) => {
    for (let presses = 0; presses < 60; presses++) {
      await tab.keyboard.press("Tab");
      const stop = await tab.evaluate(() => {
        const { activeElement: at } = document;
        const outlined = (element) => element && getComputedStyle(element).outlineStyle !== "none";
        return { id: at.id || at.name, seen: outlined(at) || outlined(at.nextElementSibling), isMedia: at instanceof HTMLMediaElement };
      });
      stops.push(stop);
      if (stop.id === id) return;
    }
    assert.fail(`Tab does not reach ${id}: ${stops.map((stop) => stop.id).join(", ")}`);
  };
  await reach("title");
  await tab.keyboard.press("ArrowDown");
  await tab.keyboard.press("ArrowDown");
  await reach("country");
  await tab.keyboard.type("Germany");
  await reach("plan");
  await tab.keyboard.press("ArrowLeft");
  await reach("play");
  await tab.keyboard.press("Enter");
  await tab.locator("#denial").waitFor();
  assert.match(await tab.locator("#watching").innerText(), /^Harbour premiere · HLS · Germany · plan basic$/);
  assert.equal((await page.denial()).reason, "window_not_open");

  await tab.locator('input[name=title][value="harbour"]').focus();
  await tab.keyboard.press("Space");
  // A form's own key for its button.
  await tab.keyboard.press("Enter");
  await tab.locator("#second-viewer:not([disabled])").waitFor();
  await reach("second-viewer");
  await tab.keyboard.press("Enter");
  await tab.locator("#second").waitFor();
  await reach("revoke");
  await tab.keyboard.press("Enter");
  await tab.locator("#denial").waitFor();
  assert.deepEqual(stops.filter(({ seen, isMedia }) => !seen && !isMedia), [], "stops without a visible focus");
});

pageTest("a title with ads: the page shows the asset lists, the ads play, and the ad server hears of it", async (page) => {
  const { tab } = page;
  const { ads } = demo.stack;
  const from = ads.requests.length;
  await page.play({ title: "harbour-with-ads" });
  await page.sees("amber");
  assert.match(await tab.locator("#ad-playing").innerText(), /^Ad one, 1 of 1, \d s left$/);
  await tab.locator('#break-list [data-break="sd-pre"][data-state="played"]').waitFor();
  const heard = () => ads.requests.slice(from).flatMap(({ path, query }) => (path.startsWith("/beacon/") && query.ad === "amber" ? path.slice("/beacon/".length) : []));
  await eventually("the ad server hears of every event", async () => heard().includes("complete"));
  assert.deepEqual(heard(), ["impression", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete"]);

  // The break at 15 s has no films.
  await page.seek(14);
  await page.shows("lower-third-overlay");
  await page.seek(39);
  await page.sees("teal");
  assert.match(await tab.locator("#break-list").innerText(), /At 0:40\s+teal 8 s, plum 10 s/);
  await page.sees("plum");
  await tab.locator('#break-list [data-break="sd-mid-40000"][data-state="played"]').waitFor();
  assert.equal(await page.denial(), null);
}, ADS_MS);

pageTest("a break without films: items lie beside the film one after the other, and one whenever the viewer pauses", async (page) => {
  const { tab } = page;
  const { ads } = demo.stack;
  const from = ads.requests.length;
  await page.play({ title: "harbour-with-ads" });
  await tab.locator('#break-list [data-break="sd-pre"][data-state="played"]').waitFor();
  await page.seek(14);
  await page.seesPicture("overlay", { place: [0, 780 / 1080, 1, 240 / 1080] });
  assert.match(await tab.locator("#break-list").innerText(), /At 0:15\s+lower third overlay, pause, squeezeback l shape/);
  const bottom = [0, 0.75, 1, 0.25];
  await page.seesPicture("squeezeback", { part: bottom, place: bottom });
  await page.shows(null);
  await tab.evaluate(() => document.querySelector("#video").pause());
  await page.seesPicture("pause", { place: [0.25, 0.25, 0.5, 0.5] });
  await isAccessible(tab, "paused, with an ad");
  await tab.evaluate(() => document.querySelector("#video").play());
  await page.shows(null);
  const shown = () => ads.requests.slice(from).flatMap(({ path, query }) => (path === "/beacon/impression" && query.ad !== "amber" ? query.ad : []));
  await eventually("the ad server hears of the items", async () => shown().length === 3);
  assert.deepEqual(shown(), ["overlay", "squeezeback", "pause"]);
  assert.equal(await page.denial(), null);
}, ADS_MS);

pageTest("an operator opens a break of the live channel, and returns early", async (page) => {
  const { tab } = page;
  await page.play({ title: "live" });
  await tab.locator("#open-break").click();
  await tab.locator("#ads-message").filter({ hasText: /^A break of 16 s begins at the live edge in \d s\.$/ }).waitFor();
  await page.sees("teal");
  await tab.locator("#return-early").click();
  await page.sees("content");
  await tab.locator('#break-list [data-state="played"]').waitFor();
  assert.equal(await page.denial(), null);
}, ADS_MS);

pageTest("an ad server in trouble costs the viewer no film", async (page) => {
  const { tab } = page;
  await page.play({ title: "live" });
  await tab.locator("#trouble").selectOption("malformed");
  try {
    await eventually("the ad server is in trouble", async () => demo.stack.ads.trouble === "malformed");
    await page.play({ title: "harbour-with-ads" });
    // The site's own campaign needs no ad server.
    await page.sees("amber");
    await tab.locator('#break-list [data-break="sd-pre"][data-state="played"]').waitFor();
    await page.playTo(3);
  } finally {
    demo.stack.ads.trouble = null;
  }
}, ADS_MS);

pageTest("AES-128 plays, its key fetched through the edge", async (page) => {
  await page.play({ title: "harbour-aes", country: "DE" });
  await page.playTo(8);
  const key = (await page.requests()).find(({ kind }) => kind === "key");
  assert.match(key.url, sessionUrl());
  assert.match(key.url, /\/harbour-aes\/key\.bin$/);
});

pageTest("a session is renewed under the player, and revoked", async (page) => {
  const { tab } = page;
  const { api } = demo.stack;
  const site = await api.get("sites", "localhost");
  const sessions = { ...site.document.sessions, lifetime_s: 600, renew_before_s: 599 };
  await api.put("sites", "localhost", { ...site.document, sessions });
  await demo.stack.synced();
  try {
    await page.play();
    await page.playTo(3);
    // The playlist of another language is requested when the session is more than a second old.
    await tab.locator("#audio").selectOption({ label: "العربية (ar)" });
    await page.playTo((await tab.evaluate(() => document.querySelector("video").currentTime)) + 6);
    const requests = await page.requests();
    assert.ok(requests.every(({ status }) => status === 200), JSON.stringify(requests));
    const session = ({ session }) => session;
    const arabic = requests.filter(({ url }) => url.includes("/audio-ar/seg_"));
    assert.ok(arabic.length > 0, "nothing was asked for in Arabic");
    const before = new Set(requests.filter(({ url }) => !url.includes("/audio-ar/")).map(session));
    assert.ok(arabic.every((request) => session(request) && !before.has(session(request))), "the session was not renewed");
    assert.equal(await page.denial(), null);

    // The session id, by the layout in src/token/session.rs.
    const id = Buffer.from(session(arabic.at(-1)), "base64url").subarray(13, 21).toString("hex");
    await api.revoke("localhost", { session: id });
    const status = () =>
      tab.evaluate(async (url) => {
        // Bypasses the browser's own copy.
        const asked = await fetch(url, { cache: "no-store", headers: { "Stagedoor-Geography": "AE" } });
        return asked.status;
      }, arabic.at(-1).url);
    await eventually("the session is refused", async () => (await status()) === 401);
  } finally {
    await api.put("sites", "localhost", site.document);
    await demo.stack.synced();
  }
  await page.play();
  await page.playTo(1);
});

pageTest("rights saved on the page decide at the edge, and errors are shown by field", async (page) => {
  const { tab } = page;
  await page.choose({ title: "harbour-aes", country: "EG" });
  const editor = tab.locator("#document");
  await tab.waitForFunction(() => /"id": "harbour-aes"/.test(document.querySelector("#document").value));
  const saved = tab.locator("#rights-message", { hasText: "at the edge after" });

  await editor.fill((await editor.inputValue()).replace('"gulf"', '"Gulf States"').replace('"plans"', '"plan"'));
  await tab.locator("#save").click();
  await tab.locator("#rights-errors").waitFor();
  assert.match(await tab.locator("#rights-errors").innerText(), /offers\[0\]\.id/);
  await tab.locator("#revert").click();

  await tab.getByRole("button", { name: "Block Egypt and save" }).click();
  await saved.waitFor();
  await eventually("the edge refuses Egypt", async () => (await enter("harbour-aes", "EG")).reason === "territory");
  assert.equal((await page.playDenied({ title: "harbour-aes", country: "EG" })).reason, "territory");
  assert.match(await tab.locator('.card[data-id="harbour-aes"] li').innerText(), /not in Egypt/);

  await tab.getByRole("button", { name: "Unblock Egypt and save" }).click();
  await tab.getByRole("button", { name: "Block Egypt and save" }).waitFor();
  await eventually("the edge lets Egypt in again", async () => (await enter("harbour-aes", "EG")).status === 200);
});

test("rights changed by the origin's API reach the edge within the stated bound", async () => {
  const { api } = demo.stack;
  assert.equal((await enter("harbour", "FR")).status, 200);
  const before = await api.get("titles", "harbour");
  const change = await api.put("titles", "harbour", withDenied(before.document, "FR"));
  assert.ok(change.revision > before.revision);
  const boundMs = Math.min(change.sync.visible_within_s * 1000, STEP_MS);
  await eventually("the edge refuses France", async () => (await enter("harbour", "FR")).reason === "territory", boundMs);
  assert.equal((await enter("harbour", "DE")).status, 200, "and nobody else");
  await eventually("the origin knows", async () => (await api.get("titles", "harbour")).sync.state === "synced");
  assert.equal((await api.get("titles", "harbour")).sync.revision_at_edge, change.revision);
  await api.put("titles", "harbour", before.document);
  await eventually("France is let in again", async () => (await enter("harbour", "FR")).status === 200);
});

test("an origin killed with changes pending loses none of them", async () => {
  const { stack } = demo;
  const { api } = stack;
  await stack.synced();
  const { document } = await api.get("titles", "harbour");
  // An edge that accepts requests and does not answer: the first change is in flight, the others wait.
  stack.edge.signal("SIGSTOP");
  let last;
  try {
    for (const countries of [["GB"], ["GB", "IN"], ["IN", "JP"]]) last = await api.put("titles", "harbour", withDenied(document, ...countries));
    await api.put("titles", "harbour-aes", withDenied((await api.get("titles", "harbour-aes")).document, "DE"));
    assert.equal((await api.get("titles", "harbour")).sync.state, "pending");
    assert.equal((await api.sync()).pending, 2, "documents are pending when the origin dies");
    await stack.origin.kill();
  } finally {
    stack.edge.signal("SIGCONT");
  }
  stack.origin.start();
  await stack.healthy(stack.origin, stack.originUrl);
  await stack.synced();

  const found = await api.get("titles", "harbour");
  assert.deepEqual([found.revision, found.sync.revision_at_edge], [last.revision, last.revision]);
  const reasons = async () =>
    Object.fromEntries(await Promise.all(["GB", "IN", "JP"].map(async (country) => [country, (await enter("harbour", country)).reason])));
  const expected = { GB: undefined, IN: "territory", JP: "territory" };
  await eventually("the edge decides by the last state", async () => JSON.stringify(await reasons()) === JSON.stringify(expected));
  await eventually("and by the other title's", async () => (await enter("harbour-aes", "DE")).reason === "territory");
});

test("nothing has ended by itself", () => {
  assert.deepEqual(demo.deaths, []);
});

/** Enters as a premium viewer in a country: the status, and the reason if refused. */
async function enter(title, country) {
  const token = await demo.stack.token({ title, plan: "premium" });
  const url = `${demo.stack.edgeUrl}/${title}/master.m3u8?token=${token}`;
  const response = await fetch(url, { headers: { "Stagedoor-Geography": country }, signal: AbortSignal.timeout(STEP_MS) });
  const reason = response.ok ? void (await response.text()) : (await response.json()).reason;
  return { status: response.status, reason };
}

/** A session's URL with one character of it changed. */
const forged = (url) => url.replace(/(?<=\/~.{40})./, (character) => (character === "A" ? "B" : "A"));

/** The document, with these countries added to the denied ones of every offer. */
function withDenied(document, ...countries) {
  const offers = document.offers.map((offer) => ({
    ...offer,
    territories: { ...offer.territories, deny: [...(offer.territories.deny ?? []), ...countries] },
  }));
  return { ...document, offers };
}

const eventually = (what, check, limitMs = STEP_MS) => demo.stack.until(limitMs, what, check);

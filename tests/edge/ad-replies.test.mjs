// Replies of ad servers that are within all limits of XML, and whose parts would multiply: by macros, by wrappers, by items, by each with
// each. The list answers within its budget, and WebAssembly's memory, which never shrinks, stays small.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Response } from "miniflare";
import { MASTER, MEDIA, direct, documents, open, vast } from "./breaks.mjs";
import { readFlows, startEdge } from "./harness.mjs";

const MIB = 1024 * 1024;

/** The most that WebAssembly's memory may grow for all of these replies together. A decision reads 5 MiB of replies at most. */
const GROWTH = 40 * MIB;

const BUDGET_MS = 8_000;

/** Of a document, in bytes. */
const LONGEST = 512 * 1024;

/** As often as there is room for it. */
const often = (text, bytes) => text.repeat(Math.floor(bytes / text.length));
const uri = (name) => `<VASTAdTagURI><![CDATA[https://${name}.ads.example.net/2]]></VASTAdTagURI>`;
const item = '<NonLinear width="1" height="1"><StaticResource creativeType="image/a">//a</StaticResource></NonLinear>';
const inline = (body, creatives = "") =>
  `<Ad><InLine><AdTitle>a</AdTitle>${body}<Creatives>${creatives}<Creative><Linear><Duration>00:00:10</Duration><MediaFiles><MediaFile ` +
  `type="application/x-mpegURL">https://files.example.net/a.m3u8</MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad>`;
const wrapper = (name, body) => `<Ad><Wrapper allowMultipleAds="true">${uri(name)}${body}</Wrapper></Ad>`;
const pod = vast(Array.from({ length: 60 }, () => inline("", `<Creative><NonLinearAds>${item.repeat(8)}</NonLinearAds></Creative>`)).join(""));
const verification = (vendor, parameters, scripts) =>
  `<AdVerifications><Verification vendor="${vendor}">${"<JavaScriptResource>//a</JavaScriptResource>".repeat(scripts)}` +
  `<VerificationParameters>${parameters}</VerificationParameters></Verification></AdVerifications>`;

/** What each ad server answers: the first document, and the one behind it. */
const REPLIES = {
  "a-macro-of-blocked-categories": [
    vast(`<Ad><Wrapper><BlockedAdCategories>${"a,".repeat(125_000)}</BlockedAdCategories><VASTAdTagURI>${"[BLOCKEDADCATEGORIES]".repeat(11_000)}</VASTAdTagURI></Wrapper></Ad>`),
  ],
  "a-macro-of-the-device": [
    vast(`<Ad><Wrapper>${`<Error><![CDATA[https://track.example.net/${"[DEVICEUA][PAGEURL][GDPRCONSENT]".repeat(250)}]]></Error>`.repeat(40)}<VASTAdTagURI></VASTAdTagURI></Wrapper></Ad>`),
  ],
  "variables-without-values": [vast(`<Ad><Wrapper><VASTAdTagURI>https://a.example/${often("[consent.gpp]", 480_000)}</VASTAdTagURI></Wrapper></Ad>`)],
  parameters: [vast(inline(verification("v", "p".repeat(390_000), 2_000)))],
  vendors: [vast(inline(verification("v".repeat(390_000), "", 2_000)))],
  "scripts-behind-a-wrapper": [
    vast(wrapper("scripts-behind-a-wrapper", Array.from({ length: 32 }, (_, n) => verification(`v${n}`, String(n).repeat(2_000), 1)).join(""))),
    pod,
  ],
  items: [vast(inline("<Impression>//a</Impression>".repeat(2_000), `<Creative><NonLinearAds>${item.repeat(3_900)}</NonLinearAds></Creative>`))],
  "items-behind-a-wrapper": [vast(wrapper("items-behind-a-wrapper", "<Impression>//a</Impression>".repeat(2_000))), pod],
  "errors-behind-a-wrapper": [vast(wrapper("errors-behind-a-wrapper", often(`<Error>//a/${"e".repeat(400)}</Error>`, 500_000))), vast("<Ad><InLine/></Ad>".repeat(64))],
  extensions: [vast(inline(`<Extensions>${'<Extension type="UniversalAdId"/>'.repeat(9_900)}</Extensions>`, "<Creative/>".repeat(9_900)))],
  categories: [
    vast(wrapper("categories", `<BlockedAdCategories>${"a,".repeat(240_000)}</BlockedAdCategories>`)),
    vast(inline("<Category>b</Category>".repeat(19_900))),
  ],
  ids: [vast(`<Ad id="${"i".repeat(480_000)}"><InLine>${"<Error>:</Error>".repeat(500)}</InLine></Ad>`)],
  titles: [vast(inline("", `<Creative id="${"i".repeat(200_000)}"><NonLinearAds>${item.repeat(8)}</NonLinearAds></Creative>`).replace("<AdTitle>", `<AdTitle>${"t".repeat(200_000)}`))],
  codecs: [vast(inline("", `<Creative><Linear><MediaFiles>${`<MediaFile type="video/mp4" codec="${often("avc1,", 7_000)}">//a</MediaFile>`.repeat(64)}</MediaFiles></Linear></Creative>`))],
  hosts: [vast(`<Ad><Wrapper><VASTAdTagURI>https://${"a.".repeat(4_000)}example/</VASTAdTagURI></Wrapper></Ad>`.repeat(60))],
};

let base;
let edge;

before(async () => {
  base = await readFlows("base.json");
  const ads = Object.fromEntries(
    [...Object.keys(REPLIES), "good"].map((name) => [name, { pre_roll: { longest_s: 60 }, vast: `https://${name}.ads.example.net/1` }]),
  );
  const server = { url: "https://good.ads.example.net/1", total_ms: BUDGET_MS };
  const upstream = ({ url }) => {
    const { hostname, pathname } = new URL(url);
    if (hostname === "media.example.com") return new Response(pathname.endsWith("master.m3u8") ? MASTER : MEDIA);
    const [name] = hostname.split(".");
    if (name === "good") return new Response(vast(direct("good")));
    return REPLIES[name] ? new Response(REPLIES[name][Number(pathname.slice(1)) - 1]) : new Response(null, { status: 204 });
  };
  edge = await startEdge({ documents: documents(base, ads, server, { direct: ["files.example.net"] }), upstream, probe: true });
});
after(() => edge.stop());

/** Asks for the list of a viewer whose own texts are long. */
async function list(title) {
  const headers = { "user-agent": "U".repeat(4_000), referer: `https://page.example/${"ü".repeat(2_000)}` };
  const { get, lists } = await open(edge, base, title, { headers });
  const query = `&gdpr_consent=${"c".repeat(3_000)}${"&a=".repeat(2_000)}`;
  const reply = await get(lists[0] + query);
  return { status: reply.status, body: await reply.text() };
}

for (const [name, replies] of Object.entries(REPLIES)) {
  test(`${name} do not multiply`, async (context) => {
    for (const reply of replies) assert.ok(reply.length <= LONGEST, `${reply.length} bytes`);
    const before = await edge.remembered();
    const from = edge.logs.length;
    const began = performance.now();
    const answers = await Promise.all([list(name), list(name), list(name)]);
    const took = performance.now() - began;
    const { wasm, budget } = await edge.remembered();
    context.diagnostic(`${Math.round(took)} ms, ${answers[0].body.length} bytes, ${(wasm - before.wasm) / MIB} MiB more of WebAssembly's memory, which is ${wasm / MIB} MiB`);
    for (const { status, body } of answers) {
      assert.ok([200, 404].includes(status), body.slice(0, 1_000));
      assert.ok(body.length < 8 * MIB, `a list of ${body.length} bytes`);
    }
    // The clock of an isolate stands still while it works, so its own budget cannot end what takes too long there.
    assert.ok(took < BUDGET_MS, `${took} ms`);
    assert.ok(wasm - before.wasm < GROWTH, `${wasm - before.wasm} bytes more`);
    assert.ok(budget.bytes <= budget.limit);
    const lines = edge.logs.slice(from).map(({ message }) => message.length);
    assert.ok(Math.max(...lines) < 64 * 1024, `a line of ${Math.max(...lines)} bytes`);
  });
}

test("another ad server is asked as before", async () => {
  const { status, body } = await list("good");
  assert.equal(status, 200, body);
  assert.equal(JSON.parse(body).ASSETS.length, 1, body);
});

// The peer of tokens.mjs: a Worker that verifies tokens with jose, one a line, and tells how many are good.
//
// Its keys are imported once, and it is told which one signed: it is spared the search for it.
import { errors, jwtVerify } from "jose";

let keys;

export default {
  async fetch(request, env) {
    keys ??= await load(env.CATALOG);
    const algorithm = new URL(request.url).searchParams.get("alg");
    const key = keys.get(algorithm);
    const options = { issuer: "https://id.example.com/", audience: "watch", algorithms: [algorithm] };
    let good = 0;
    for (const token of (await request.text()).split("\n")) {
      try {
        await jwtVerify(token, key, options);
        good += 1;
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
      }
    }
    return new Response(String(good));
  },
};

async function load(kv) {
  const { keys } = await kv.get("v1/keys/https://id.example.com/", "json");
  const imported = keys.map(async (jwk) => [jwk.alg, await importKey(jwk)]);
  return new Map(await Promise.all(imported));
}

/** As jose would: but not for shared secrets, of which its `importJWK` makes bytes that are imported each time. */
async function importKey({ kty, alg, ...jwk }) {
  const hash = `SHA-${alg.slice(-3)}`;
  const algorithm = {
    oct: { name: "HMAC", hash },
    RSA: { name: alg.startsWith("PS") ? "RSA-PSS" : "RSASSA-PKCS1-v1_5", hash },
    EC: { name: "ECDSA", namedCurve: jwk.crv },
    OKP: { name: "Ed25519" },
  }[kty];
  return crypto.subtle.importKey("jwk", { kty, alg, ...jwk }, algorithm, false, ["verify"]);
}

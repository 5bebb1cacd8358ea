// Signs a body for one of the edge's own endpoints, as docs/REFERENCE.md describes it.
import { createHmac } from "node:crypto";

/** The headers that sign a body. `at` is in Unix seconds. */
export function signature(secret, body, at = Math.floor(Date.now() / 1000)) {
  const mac = (text) => createHmac("sha256", secret).update(text).digest("hex");
  const length = Buffer.byteLength(body);
  const v1 = mac(`${at}.${body}`);
  return {
    "Stagedoor-Signature": `t=${at},v1=${v1}`,
    "Stagedoor-Signed-Head": `n=${length},h=${mac(`head.${at}.${length}.${v1}`)}`,
  };
}

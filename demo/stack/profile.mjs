// Tells the `stagedoor` command where the demo is, and which secrets open it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { API_KEY } from "./origin.mjs";

const EXPLAIN_SECRET = "explain-secret";

/**
 * Writes profiles.toml, and the secrets that it names, into a state folder.
 * @param {{origin: string, edge: string, explainSecret: string}} demo
 * @returns {string} the file, for STAGEDOOR_PROFILES
 */
export function writeProfile(folder, { origin, edge, explainSecret }) {
  const file = join(folder, "profiles.toml");
  const secret = { mode: 0o600 };
  writeFileSync(join(folder, EXPLAIN_SECRET), `${explainSecret}\n`, secret);
  writeFileSync(
    file,
    `# Written by \`make demo\` at each start. Secrets are in files beside this one.
default = "demo"

[profiles.demo]
origin = "${origin}"
edge = "${edge}"
api_key_file = "${API_KEY}"
explain_secret_file = "${EXPLAIN_SECRET}"
`,
    secret,
  );
  return file;
}

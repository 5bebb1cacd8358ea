// Prints the bill of materials of a release, in CycloneDX 1.6: node scripts/sbom.mjs VERSION. Crates are those that the Worker, the
// command and the origin service contain; npm packages build and test them, and are in scope `excluded`.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const SHIPPED = ["stagedoor", "stagedoor-cli", "stagedoor-origin"];

const [version] = process.argv.slice(2);
const { components, dependencies } = crates();
const name = "stagedoor";
const bom = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: {
    timestamp: new Date(1000 * Number(execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" }))).toISOString(),
    component: { type: "application", "bom-ref": name, name, version, licenses: [{ expression: "Apache-2.0 OR MIT" }] },
  },
  components: [...components, ...npmPackages()],
  dependencies: [{ ref: name, dependsOn: SHIPPED.map((crate) => `pkg:cargo/${crate}@${version}`) }, ...dependencies],
};
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);

/** The crates that normal dependencies reach, without the dependencies of tests and build scripts. */
function crates() {
  const manifest = fileURLToPath(new URL("Cargo.toml", root));
  const options = ["metadata", "--locked", "--offline", "--format-version=1", `--manifest-path=${manifest}`];
  const metadata = JSON.parse(execFileSync("cargo", options, { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 }));
  const packages = new Map(metadata.packages.map((one) => [one.id, one]));
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const normal = (id) => nodes.get(id).deps.filter(({ dep_kinds }) => dep_kinds.some(({ kind }) => kind === null)).map(({ pkg }) => pkg);
  const reached = new Set(metadata.packages.filter(({ name }) => SHIPPED.includes(name)).map(({ id }) => id));
  for (const id of reached) for (const next of normal(id)) reached.add(next);
  const ref = (id) => `pkg:cargo/${packages.get(id).name}@${packages.get(id).version}`;
  const checksums = lockedChecksums();
  const ids = [...reached].sort((one, other) => (ref(one) < ref(other) ? -1 : 1));
  return {
    components: ids.map((id) => {
      const { name, version, license } = packages.get(id);
      const checksum = checksums.get(`${name} ${version}`);
      return {
        type: "library",
        "bom-ref": ref(id),
        name,
        version,
        purl: ref(id),
        scope: "required",
        // An older notation: `MIT/Apache-2.0`.
        ...(license && { licenses: [{ expression: license.replaceAll("/", " OR ") }] }),
        ...(checksum && { hashes: [{ alg: "SHA-256", content: checksum }] }),
      };
    }),
    dependencies: ids.map((id) => ({ ref: ref(id), dependsOn: [...new Set(normal(id).map(ref))].sort() })),
  };
}

/** The checksums of Cargo.lock, by name and version. */
function lockedChecksums() {
  const lock = readFileSync(new URL("Cargo.lock", root), "utf8");
  const entry = /^name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"$/gm;
  return new Map([...lock.matchAll(entry)].map(([, name, version, checksum]) => [`${name} ${version}`, checksum]));
}

function npmPackages() {
  const { packages } = JSON.parse(readFileSync(new URL("package-lock.json", root), "utf8"));
  const found = new Map();
  for (const [path, { version, license, integrity }] of Object.entries(packages)) {
    if (path === "") continue;
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    const [algorithm, digest] = integrity?.split("-") ?? [];
    found.set(purl, {
      type: "library",
      "bom-ref": purl,
      name,
      version,
      purl,
      scope: "excluded",
      ...(license && { licenses: [license.startsWith("SEE ") ? { license: { name: license } } : { expression: license }] }),
      ...(algorithm === "sha512" && { hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }] }),
    });
  }
  return [...found.values()].sort((one, other) => (one.purl < other.purl ? -1 : 1));
}

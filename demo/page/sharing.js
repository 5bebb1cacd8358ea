// Compares the media files that two viewers received.

/** Older files are forgotten. */
const MOST_FILES = 500;

export class Sharing {
  /** By file: each viewer's digest, and how often the file was fetched for them. @type {Map<string, {digests: Map<string, string>, fetched: number}>} */
  #files = new Map();

  /** @param {{file: string, source: import("./edge-cache.js").Source, digest: string}} received */
  add(viewer, { file, source, digest }) {
    const { digests, fetched } = this.#files.get(file) ?? { digests: new Map(), fetched: 0 };
    this.#files.set(file, { digests: digests.set(viewer, digest), fetched: fetched + (source === "fetched" ? 1 : 0) });
    if (this.#files.size > MOST_FILES) this.#files.delete(this.#files.keys().next().value);
  }

  /** What two viewers have in common, as a sentence; nothing if there is one viewer. */
  inWords() {
    const common = [...this.#files.values()].filter(({ digests }) => digests.size > 1);
    if (common.length === 0) return "";
    const same = common.filter(({ digests }) => new Set(digests.values()).size === 1);
    const again = common.filter(({ fetched }) => fetched > 1);
    return (
      `Two viewers, two tokens, one copy: ${common.length} media ${common.length === 1 ? "file" : "files"} received by both, ` +
      `${same.length} with the same SHA-256. Fetched more than once from the media origin: ${again.length}.`
    );
  }
}

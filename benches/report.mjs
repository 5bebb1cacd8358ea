// From measurements to ratios.

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Requests a second of two sides: the median of the rounds' ratios, the least and the greatest. */
function rate(above, below) {
  const ratios = above.map((one, round) => one.rate / below[round].rate);
  return { ratio: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/**
 * Processor time a request of two sides, in ratios: of all rounds together, and the least and the greatest of single rounds.
 *
 * Other programs on the same cores only ever add to it, so that the lowest slices are nearest to what the code takes. The very
 * lowest are left out: they may have ended with work that was not yet counted.
 */
function cpu(above, below) {
  const low = (slices) => slices.toSorted((a, b) => a - b)[Math.floor(slices.length / 20)] ?? NaN;
  const pooled = (rounds) => low(rounds.flatMap(({ cpuMs }) => cpuMs));
  const ratios = above.map(({ cpuMs }, round) => low(cpuMs) / low(below[round].cpuMs));
  return { ratio: pooled(above) / pooled(below), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** Stagedoor beside the twin, the peer and a hello-world. */
export const PEERS = {
  head: head("scenario", "twin / stagedoor, CPU", "rounds", "peer / stagedoor, CPU", "rounds", "stagedoor / peer", "rounds", "stagedoor / hello"),
  ratios: ({ stagedoor, peer, twin, hello }) => ({
    twin: cpu(twin, stagedoor),
    peer: cpu(peer, stagedoor),
    rate: rate(stagedoor, peer),
    hello: rate(stagedoor, hello),
  }),
  row: (name, { twin, peer, rate, hello }) => row(name, ...cells(twin), ...cells(peer), ...cells(rate), figure(hello.ratio)),
};

/** Stagedoor beside the twin and another build of Stagedoor. */
export const AGAINST = {
  head: head("scenario", "other / this build, CPU", "rounds", "twin / this build, CPU", "rounds", "twin / other, CPU"),
  ratios: ({ stagedoor, peer: other, twin }) => ({
    other: cpu(other, stagedoor),
    twin: cpu(twin, stagedoor),
    twinToOther: cpu(twin, other),
  }),
  row: (name, { other, twin, twinToOther }) => row(name, ...cells(other), ...cells(twin), figure(twinToOther.ratio)),
};

/** What scenarios cost Stagedoor, to those that they name; nothing without such a scenario. */
export function moreTable(results) {
  const rows = results.flatMap(({ name, to, measured }) => {
    const reference = results.find((other) => other.name === to);
    return reference ? [row(name, to, ...cells(cpu(measured.stagedoor, reference.measured.stagedoor)))] : [];
  });
  return rows.length > 0 ? [head("stagedoor's CPU for a request", "to", "ratio", "rounds"), ...rows].join("\n") : undefined;
}

export function sizeTable({ wasm, glue, peer }) {
  const line = (name, { raw, gzipped }) => [name, raw, gzipped];
  return table(
    ["size in bytes", "raw", "gzip -9"],
    [line("stagedoor, wasm", wasm), line("stagedoor, its JavaScript", glue), line("peer, bundled and minified", peer)],
  );
}

/** A table of names and numbers. */
export function table(titles, rows) {
  return [head(...titles), ...rows.map(([name, ...numbers]) => row(name, ...numbers.map((number) => number.toLocaleString("en"))))].join("\n");
}

function head(...cells) {
  return `${row(...cells)}\n|---${"|--:".repeat(cells.length - 1)}|`;
}

function row(...cells) {
  return `| ${cells.join(" | ")} |`;
}

function cells({ ratio, least, most }) {
  return [figure(ratio), `${figure(least)} – ${figure(most)}`];
}

/** Three digits that count. */
export function figure(number) {
  if (Number.isNaN(number)) return "?";
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

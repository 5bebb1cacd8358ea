// From measurements to ratios.

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The rounds' ratios of two measurements of the same round: their median, the least and the greatest. */
function spread(above, below, of) {
  const ratios = above.map((one, round) => of(one) / of(below[round]));
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

const rate = ({ rate }) => rate;
const cpu = ({ cpuMs }) => cpuMs;

/** Stagedoor beside the twin, the peer and a hello-world. */
export const PEERS = {
  head: head("scenario", "twin / stagedoor, CPU", "spread", "peer / stagedoor, CPU", "stagedoor / peer", "spread", "stagedoor / hello"),
  ratios: ({ stagedoor, peer, twin, hello }) => ({
    twin: spread(twin, stagedoor, cpu),
    cpu: spread(peer, stagedoor, cpu),
    rate: spread(stagedoor, peer, rate),
    hello: spread(stagedoor, hello, rate),
  }),
  row: (name, { twin, cpu, rate, hello }) =>
    row(name, figure(twin.median), range(twin), figure(cpu.median), figure(rate.median), range(rate), figure(hello.median)),
};

/** Stagedoor beside the twin and another build of Stagedoor. */
export const AGAINST = {
  head: head("scenario", "other / this build, CPU", "spread", "twin / this build, CPU", "spread", "twin / other, CPU"),
  ratios: ({ stagedoor, peer: other, twin }) => ({
    other: spread(other, stagedoor, cpu),
    twin: spread(twin, stagedoor, cpu),
    twinToOther: spread(twin, other, cpu),
  }),
  row: (name, { other, twin, twinToOther }) =>
    row(name, figure(other.median), range(other), figure(twin.median), range(twin), figure(twinToOther.median)),
};

export function sizeTable({ wasm, glue, peer }) {
  const line = (name, { raw, gzipped }) => row(name, raw.toLocaleString("en"), gzipped.toLocaleString("en"));
  return [
    head("size in bytes", "raw", "gzip -9"),
    line("stagedoor, wasm", wasm),
    line("stagedoor, its JavaScript", glue),
    line("peer, bundled and minified", peer),
  ].join("\n");
}

function head(...cells) {
  return `${row(...cells)}\n|---${"|--:".repeat(cells.length - 1)}|`;
}

function row(...cells) {
  return `| ${cells.join(" | ")} |`;
}

function range({ least, most }) {
  return `${figure(least)} – ${figure(most)}`;
}

/** Three digits that count. */
export function figure(number) {
  if (Number.isNaN(number)) return "?";
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

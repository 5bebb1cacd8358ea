// From rates to ratios.

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Each round's ratio is of two measurements that follow each other; the table shows the rounds' median and range. */
export function ratios({ stagedoor, peer, hello }) {
  const rate = stagedoor.map((ours, round) => ours.rate / peer[round].rate);
  return {
    rate: median(rate),
    least: Math.min(...rate),
    most: Math.max(...rate),
    cpu: median(stagedoor.map((ours, round) => peer[round].ticks / ours.ticks)),
    hello: median(stagedoor.map((ours, round) => ours.rate / hello[round].rate)),
  };
}

export const TABLE_HEAD =
  row("scenario", "stagedoor / peer", "spread", "peer / stagedoor, CPU a request", "stagedoor / hello") +
  "\n|---|--:|--:|--:|--:|";

export function tableRow(name, { rate, least, most, cpu, hello }) {
  return row(name, figure(rate), `${figure(least)} – ${figure(most)}`, figure(cpu), figure(hello));
}

export function sizeTable({ wasm, glue, peer }) {
  const line = (name, { raw, gzipped }) => row(name, raw.toLocaleString("en"), gzipped.toLocaleString("en"));
  return [
    row("size in bytes", "raw", "gzip -9"),
    "|---|--:|--:|",
    line("stagedoor, wasm", wasm),
    line("stagedoor, its JavaScript", glue),
    line("peer, bundled and minified", peer),
  ].join("\n");
}

function row(...cells) {
  return `| ${cells.join(" | ")} |`;
}

/** Three digits that count. */
export function figure(number) {
  if (Number.isNaN(number)) return "?";
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

// The parts of fragmented MP4 (ISO/IEC 14496-12) that a packager needs: the start and the time of each fragment.

/**
 * Cuts a file into what comes before its first fragment, and its fragments, each `moof` with its `mdat`.
 * @param {Buffer} file
 * @returns {{init: Buffer, fragments: Buffer[]}}
 */
export function cut(file) {
  const starts = [...boxes(file)].filter(({ type }) => type === "moof").map(({ start }) => start);
  if (starts.length === 0) throw new Error("expected a fragmented file, found no moof");
  const fragments = starts.map((start, index) => file.subarray(start, starts[index + 1]));
  return { init: file.subarray(0, starts[0]), fragments };
}

/** The time at which a fragment is decoded, in its track's timescale: its `tfdt`. */
export function decodeTime(fragment) {
  const { at, wide } = tfdt(fragment);
  return wide ? fragment.readBigUInt64BE(at) : BigInt(fragment.readUInt32BE(at));
}

/** A copy of a fragment with a later decode time. @param {bigint} ticks */
export function later(fragment, ticks) {
  const copy = Buffer.from(fragment);
  const { at, wide } = tfdt(copy);
  const time = decodeTime(copy) + ticks;
  if (wide) copy.writeBigUInt64BE(time, at);
  else copy.writeUInt32BE(Number(time), at);
  return copy;
}

function tfdt(fragment) {
  const { start } = ["moof", "traf", "tfdt"].reduce((inside, type) => {
    const found = [...boxes(fragment, inside.start + inside.header, inside.end)].find((box) => box.type === type);
    if (!found) throw new Error(`expected a ${type}, found none`);
    return found;
  }, { start: 0, header: 0, end: fragment.length });
  return { at: start + 12, wide: fragment[start + 8] === 1 };
}

function* boxes(bytes, from = 0, to = bytes.length) {
  for (let start = from; start < to; ) {
    const length = bytes.readUInt32BE(start);
    if (length < 8 || start + length > to) throw new Error(`expected a box at byte ${start}, found a length of ${length}`);
    yield { type: bytes.toString("latin1", start + 4, start + 8), start, end: start + length, header: 8 };
    start += length;
  }
}

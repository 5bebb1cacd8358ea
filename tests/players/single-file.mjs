// A rendition in one file, with an index of its segments.
// https://www.iso.org/standard/83102.html (ISO/IEC 14496-12:2022), clause 8.16.3

/**
 * @param {Buffer} init
 * @param {Buffer[]} segments
 * @param {{timescale: number, segment: number}} clock
 * @returns {{file: Buffer, first: number, last: number}} the file, and the first and last byte of its index
 */
export function singleFile(init, segments, { timescale, segment }) {
  const index = Buffer.alloc(32 + 12 * segments.length);
  const put = { at: 0 };
  const u32 = (...values) => values.forEach((value) => (put.at = index.writeUInt32BE(value, put.at)));
  u32(index.length);
  put.at += index.write("sidx", put.at, "latin1");
  // Version and flags, the track, its timescale, the earliest time, and nothing between the index and the first segment.
  u32(0, 1, timescale, 0, 0, segments.length);
  // Each begins with a keyframe.
  for (const bytes of segments) u32(bytes.length, segment, 0x9000_0000);
  return { file: Buffer.concat([init, index, ...segments]), first: init.length, last: init.length + index.length - 1 };
}

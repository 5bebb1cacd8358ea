// A tile image of thumbnails, which players show while seeking. Each tile has its own grey.
// https://www.w3.org/TR/png-3/
import { crc32, deflateSync } from "node:zlib";

/** @param {{columns: number, rows: number, width: number, height: number}} tiles */
export function tiles({ columns, rows, width, height }) {
  const line = (row) => [0, ...Array.from({ length: columns * width }, (_, x) => grey(row * columns + Math.floor(x / width), columns * rows))];
  const lines = Array.from({ length: rows * height }, (_, y) => line(Math.floor(y / height))).flat();
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns * width, 0);
  header.writeUInt32BE(rows * height, 4);
  // Eight bits a sample.
  header[8] = 8;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.from(lines))), chunk("IEND", Buffer.alloc(0))]);
}

/** The grey of a tile. */
export function grey(number, of) {
  return Math.round((255 * number) / (of - 1));
}

function chunk(type, data) {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(named.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  named.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(named), named.length + 4);
  return chunk;
}

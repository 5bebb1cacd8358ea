// What is on screen, read from a screenshot: the nine fields along the bottom of the samples tell whose picture it is, and its
// frame. See demo/media/README.md and demo/stack/live/media/README.md.
import { inflateSync } from "node:zlib";

/** The colour that stands for 0 in the fields, and the frames of a second. */
const SOURCES = {
  content: { colour: [0, 0, 0], rate: 31.25 },
  amber: { colour: [235, 150, 20], rate: 25 },
  teal: { colour: [20, 150, 150], rate: 25 },
  plum: { colour: [150, 50, 140], rate: 25 },
  slate: { colour: [90, 90, 90], rate: 25 },
  "bumper-in": { colour: [40, 130, 40], rate: 25 },
  "bumper-out": { colour: [170, 40, 40], rate: 25 },
};

const WHITE = [255, 255, 255];

/** How far a colour may be from what was encoded. */
const NEAR = 60;

const FIELDS = 9;

/**
 * @param {Buffer} png a screenshot of a picture of 16:9, or of its lower part with these fields in the middle
 * @returns {{what: keyof typeof SOURCES, second: number} | null} null if there is no such picture: none yet, or one that fades
 */
export function seen(png) {
  const { width, height, pixel } = decode(png);
  const colours = Array.from({ length: FIELDS }, (_, field) => pixel(Math.floor(((field + 0.5) * width) / FIELDS), height - Math.ceil((width * 9) / 16 / 16)));
  const zero = colours.find((colour) => distance(colour, WHITE) > NEAR);
  const [what, { colour, rate }] = Object.entries(SOURCES).find(([, { colour }]) => zero && distance(colour, zero) < NEAR) ?? [null, {}];
  if (what === null || colours.some((found) => distance(found, WHITE) > NEAR && distance(found, colour) > NEAR)) return null;
  const frame = colours.reduce((sum, found, bit) => sum + (distance(found, WHITE) <= NEAR ? 1 << bit : 0), 0);
  // Content of frame 0 cannot be told from a black screen.
  return what === "content" && frame === 0 ? null : { what, second: frame / rate };
}

/** How many points of a picture are compared, across and down. */
const GRID = [96, 24];

/**
 * The share of a picture that a part of a screenshot shows, as far as a grid of points tells.
 * @param {Buffer} png the screenshot
 * @param {Buffer} picture another PNG
 * @param {{part?: number[], place: number[]}} where `part` of the picture, and its `place` in the screenshot: left, top, width and
 *   height, as shares of the whole
 */
export function share(png, picture, { part = [0, 0, 1, 1], place }) {
  const [shot, wanted] = [decode(png), decode(picture)];
  const at = ({ width, height, pixel }, [left, top, wide, high], x, y) => pixel(Math.floor((left + wide * x) * width), Math.floor((top + high * y) * height));
  let same = 0;
  for (let across = 0; across < GRID[0]; across += 1) {
    for (let down = 0; down < GRID[1]; down += 1) {
      const [x, y] = [(across + 0.5) / GRID[0], (down + 0.5) / GRID[1]];
      if (distance(at(shot, place, x, y), at(wanted, part, x, y)) < NEAR) same += 1;
    }
  }
  return same / (GRID[0] * GRID[1]);
}

const distance = (one, other) => Math.hypot(...one.map((value, index) => value - other[index]));

/** Reads a PNG of 8 bits a sample, not interlaced. https://www.w3.org/TR/png-3/ */
function decode(png) {
  const header = { width: png.readUInt32BE(16), height: png.readUInt32BE(20), depth: png[24], kind: png[25], interlaced: png[28] };
  const { width, height, depth, kind, interlaced } = header;
  const channels = { 2: 3, 6: 4 }[kind];
  if (depth !== 8 || !channels || interlaced) throw new Error(`expected a PNG of 8-bit colours, found ${JSON.stringify(header)}`);
  const data = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const filtered = inflateSync(Buffer.concat(data));
  const line = width * channels;
  const pixels = Buffer.alloc(line * height);
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (line + 1)];
    for (let x = 0; x < line; x += 1) {
      const left = x >= channels ? pixels[y * line + x - channels] : 0;
      const up = y > 0 ? pixels[(y - 1) * line + x] : 0;
      const corner = x >= channels && y > 0 ? pixels[(y - 1) * line + x - channels] : 0;
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      pixels[y * line + x] = filtered[y * (line + 1) + 1 + x] + predicted;
    }
  }
  return { width, height, pixel: (x, y) => [...pixels.subarray(y * line + x * channels, y * line + x * channels + 3)] };
}

function paeth(left, up, corner) {
  const [p, a, b, c] = [left + up - corner, left, up, corner];
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

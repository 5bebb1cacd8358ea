// Sections of SCTE 35 that open and close a break, as an encoder sends them.
// https://www.scte.org/standards/library/catalog/scte-35-digital-program-insertion-cueing-message/ (SCTE 35 2023r1, clauses 9.6 and 9.7.3)

/** The ticks of a second. */
export const TICKS = 90_000;

const TIMES = 2n ** 33n;

/**
 * A `splice_insert` for the whole program.
 * @param {{eventId: number, out: boolean, at: number, duration?: number, autoReturn?: boolean}} insert `at` and `duration` in seconds
 *   of media time
 * @returns {Buffer}
 */
export function spliceInsert({ eventId, out, at, duration, autoReturn = true }) {
  const command = new Bits()
    .add(32, eventId)
    .add(1, 0) // not cancelled
    .add(7, 0x7f)
    .add(1, out ? 1 : 0)
    .add(1, 1) // the whole program
    .add(1, duration === undefined ? 0 : 1)
    .add(1, 0) // not at once
    .add(4, 0xf)
    .add(1, 1)
    .add(6, 0x3f)
    .add(33, ticks(at));
  if (duration !== undefined) command.add(1, autoReturn ? 1 : 0).add(6, 0x3f).add(33, ticks(duration));
  const body = command.add(16, 1).add(8, 0).add(8, 0).bytes();
  const behindLength = new Bits()
    .add(8, 0) // the protocol's version
    .add(1, 0) // not encrypted
    .add(6, 0)
    .add(33, 0)
    .add(8, 0xff)
    .add(12, 0xfff)
    .add(12, body.length)
    .add(8, 5)
    .bytes();
  const section = Buffer.concat([behindLength, body, Buffer.from([0, 0])]);
  const whole = Buffer.concat([new Bits().add(8, 0xfc).add(2, 0).add(2, 3).add(12, section.length + 4).bytes(), section]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crcOf(whole));
  return Buffer.concat([whole, crc]);
}

const ticks = (seconds) => BigInt(Math.round(seconds * TICKS)) % TIMES;

/** Bits in network order. */
class Bits {
  #value = 0n;
  #length = 0;

  add(bits, value) {
    this.#value = (this.#value << BigInt(bits)) | BigInt(value);
    this.#length += bits;
    return this;
  }

  bytes() {
    if (this.#length % 8 !== 0) throw new Error(`expected whole bytes, found ${this.#length} bits`);
    return Buffer.from(this.#value.toString(16).padStart(this.#length / 4, "0"), "hex");
  }
}

/** The CRC of MPEG-2 sections (ISO/IEC 13818-1, annex A). */
function crcOf(bytes) {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  }
  return crc >>> 0;
}

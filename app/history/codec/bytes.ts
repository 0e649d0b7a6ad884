/** A growing byte string. Numbers are little-endian; `varint` takes integers from 0 to 2^53 − 1. */
export type ByteWriter = {
  readonly u8: (value: number) => void;
  readonly u32: (value: number) => void;
  readonly f64: (value: number) => void;
  readonly varint: (value: number) => void;
  readonly bytes: (value: Uint8Array) => void;
  /** A zeroed stretch to be filled by the caller before anything else is written. */
  readonly reserve: (length: number) => Uint8Array;
  /** What was written, as a copy. */
  readonly take: () => Uint8Array<ArrayBuffer>;
};

export function createByteWriter(capacity = 1024): ByteWriter {
  let buffer = new Uint8Array(capacity);
  let view = new DataView(buffer.buffer);
  let length = 0;
  function room(wanted: number): void {
    if (length + wanted <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + wanted));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
    view = new DataView(buffer.buffer);
  }
  return {
    u8(value) {
      room(1);
      buffer[length++] = value;
    },
    u32(value) {
      room(4);
      view.setUint32(length, value, true);
      length += 4;
    },
    f64(value) {
      room(8);
      view.setFloat64(length, value, true);
      length += 8;
    },
    varint(value) {
      room(8);
      let rest = value;
      while (rest >= 128) {
        buffer[length++] = (rest % 128) + 128;
        rest = Math.floor(rest / 128);
      }
      buffer[length++] = rest;
    },
    bytes(value) {
      room(value.length);
      buffer.set(value, length);
      length += value.length;
    },
    reserve(size) {
      room(size);
      length += size;
      return buffer.subarray(length - size, length);
    },
    take: () => buffer.slice(0, length),
  };
}

/** Reads what a ByteWriter wrote. Reading past the end throws a RangeError: the bytes are damaged. */
export type ByteReader = {
  readonly u8: () => number;
  readonly u32: () => number;
  readonly f64: () => number;
  readonly varint: () => number;
  readonly bytes: (length: number) => Uint8Array;
  /** how many bytes were read so far, counted from the beginning of the source */
  readonly position: () => number;
};

export function createByteReader(source: Uint8Array, start = 0): ByteReader {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let at = start;
  return {
    u8: () => view.getUint8(at++),
    u32() {
      at += 4;
      return view.getUint32(at - 4, true);
    },
    f64() {
      at += 8;
      return view.getFloat64(at - 8, true);
    },
    varint() {
      let value = 0;
      let unit = 1;
      for (;;) {
        const byte = view.getUint8(at++);
        if (byte < 128) return value + byte * unit;
        value += (byte - 128) * unit;
        unit *= 128;
      }
    },
    bytes(length) {
      if (at + length > source.length) throw new RangeError('Bytes are missing.');
      at += length;
      return source.subarray(at - length, at);
    },
    position: () => at,
  };
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** table k: what a byte does to the sum k bytes later, so that four bytes are looked up at once */
const tables = [table, table, table, table].map((first) => first.slice());
for (let k = 1; k < 4; k++) {
  for (let i = 0; i < 256; i++) tables[k]![i] = (tables[k - 1]![i]! >>> 8) ^ table[tables[k - 1]![i]! & 255]!;
}
const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/** CRC-32 of ISO 3309, the one of gzip and PNG. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3[crc & 255]! ^ t2[(crc >>> 8) & 255]! ^ t1[(crc >>> 16) & 255]! ^ t0[crc >>> 24]!;
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

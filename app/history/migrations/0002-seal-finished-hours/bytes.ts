/** A growing byte string. Numbers are little-endian; `varint` takes integers from 0 to 2^53 − 1. */
export type ByteWriter = {
  readonly u8: (value: number) => void;
  readonly u32: (value: number) => void;
  readonly f64: (value: number) => void;
  readonly varint: (value: number) => void;
  readonly bytes: (value: Uint8Array) => void;
  /** A zeroed stretch that the caller fills before anything else is written. */
  readonly reserve: (length: number) => Uint8Array;
  /** A copy of what was written. */
  readonly take: () => Uint8Array;
};

export function createByteWriter(): ByteWriter {
  let buffer = new Uint8Array(1024);
  let length = 0;
  function reserve(size: number): Uint8Array {
    if (length + size > buffer.length) {
      const larger = new Uint8Array(Math.max(buffer.length * 2, length + size));
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    length += size;
    return buffer.subarray(length - size, length);
  }
  const view = (size: number): DataView => {
    const { buffer: memory, byteOffset } = reserve(size);
    return new DataView(memory, byteOffset, size);
  };
  const u8 = (value: number): void => {
    reserve(1)[0] = value;
  };
  return {
    u8,
    u32: (value) => view(4).setUint32(0, value, true),
    f64: (value) => view(8).setFloat64(0, value, true),
    varint(value) {
      let rest = value;
      for (; rest >= 128; rest = Math.floor(rest / 128)) u8((rest % 128) + 128);
      u8(rest);
    },
    bytes: (value) => reserve(value.length).set(value),
    reserve,
    take: () => buffer.slice(0, length),
  };
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 of ISO 3309, as in gzip and PNG. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

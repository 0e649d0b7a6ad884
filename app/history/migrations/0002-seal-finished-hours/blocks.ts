import { crc32, createByteWriter } from './bytes.ts';

/** The runtime's compressor, as an opened history has it. */
export type Pack = (bytes: Uint8Array) => { readonly format: number; readonly bytes: Uint8Array };

const VERSION = 1;
const STORED = 0;
const SAME = 3;
/** Shorter blocks are not worth compressing. */
const WORTH_PACKING = 48;

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Numbered blocks over the same `n` rows, each compressed separately. Blocks with the same bytes are kept once. */
export function writeBlocks(n: number, blocks: ReadonlyMap<number, Uint8Array>, pack: Pack): Uint8Array {
  const head = createByteWriter();
  const body = createByteWriter();
  const written: { readonly index: number; readonly raw: Uint8Array }[] = [];
  head.u8(VERSION);
  head.varint(n);
  head.varint(blocks.size);
  [...blocks].forEach(([id, raw], index) => {
    head.varint(id);
    const twin = written.find((other) => equal(other.raw, raw));
    if (twin) {
      head.u8(SAME);
      head.varint(twin.index);
      return;
    }
    const packed = raw.length < WORTH_PACKING ? undefined : pack(raw);
    const kept = packed && packed.bytes.length < raw.length ? packed : { format: STORED, bytes: raw };
    head.u8(kept.format);
    head.varint(kept.bytes.length);
    head.u32(crc32(kept.bytes));
    body.bytes(kept.bytes);
    written.push({ index, raw });
  });
  head.u32(crc32(head.take()));
  head.bytes(body.take());
  return head.take();
}

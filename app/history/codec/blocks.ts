import { text } from '../../core/i18n.ts';
import { crc32, createByteReader, createByteWriter, type ByteReader } from './bytes.ts';

/** How a block's bytes were compressed: stored in files, append only. */
export const blockFormats = { stored: 0, brotli: 1, zstd: 2, same: 3 } as const;

/** The runtime's own compressors (packer.node.ts). */
export type Packer = {
  /** Compresses with what every supported runtime can read. */
  readonly pack: (bytes: Uint8Array) => { readonly format: number; readonly bytes: Uint8Array };
  readonly unpack: (format: number, bytes: Uint8Array) => Uint8Array;
};

/** The bytes of a chunk are not those that were written. The rest of the history can be read. */
export class DamagedChunk extends Error {
  constructor(what: string) {
    super(text('historyFile.chunkDamaged', { what }));
  }
}

const VERSION = 1;
/** Compressing shorter blocks costs more than it gains. */
const WORTH_PACKING = 48;

function equal(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

/**
 * A chunk: numbered blocks over the same `n` rows, each compressed separately, so that one can be read without the
 * others. Blocks with the same bytes are stored once: cards report the same clock or power under several names.
 */
export function writeBlocks(n: number, blocks: ReadonlyMap<number, Uint8Array>, packer: Packer): Uint8Array {
  const head = createByteWriter();
  const body = createByteWriter(16_384);
  const written: { readonly index: number; readonly raw: Uint8Array; readonly sum: number }[] = [];
  head.u8(VERSION);
  head.varint(n);
  head.varint(blocks.size);
  let index = 0;
  for (const [id, raw] of blocks) {
    head.varint(id);
    const sum = crc32(raw);
    const twin = written.find((other) => other.sum === sum && equal(other.raw, raw));
    if (twin) {
      head.u8(blockFormats.same);
      head.varint(twin.index);
    } else {
      const tight = raw.length < WORTH_PACKING ? undefined : packer.pack(raw);
      const kept = tight && tight.bytes.length < raw.length ? tight : { format: blockFormats.stored, bytes: raw };
      head.u8(kept.format);
      head.varint(kept.bytes.length);
      head.u32(crc32(kept.bytes));
      body.bytes(kept.bytes);
      written.push({ index, raw, sum });
    }
    index++;
  }
  head.u32(crc32(head.take()));
  head.bytes(body.take());
  return head.take();
}

export type Blocks = {
  readonly n: number;
  readonly ids: readonly number[];
  /** The block's bytes, checked; undefined: there is no such block. Throws DamagedChunk. */
  readonly read: (id: number) => ByteReader | undefined;
};

type Entry = { readonly format: number; readonly from: number; readonly length: number; readonly sum: number };

/** Reads a chunk's directory. Blocks are read when they are asked for. Throws DamagedChunk. */
export function openBlocks(bytes: Uint8Array, packer: Packer): Blocks {
  const entries: Entry[] = [];
  const byId = new Map<number, Entry>();
  let n: number;
  let start: number;
  try {
    const head = createByteReader(bytes);
    if (head.u8() !== VERSION) throw new DamagedChunk(text('historyFile.chunkVersion'));
    n = head.varint();
    let from = 0;
    for (let count = head.varint(); count > 0; count--) {
      const id = head.varint();
      const format = head.u8();
      const length = head.varint();
      const entry = format === blockFormats.same ? entries[length] : { format, from, length, sum: head.u32() };
      if (!entry) throw new DamagedChunk(text('historyFile.chunkReference'));
      if (format !== blockFormats.same) from += length;
      entries.push(entry);
      byId.set(id, entry);
    }
    const end = head.position();
    if (head.u32() !== crc32(bytes.subarray(0, end))) throw new DamagedChunk(text('historyFile.chunkDirectory'));
    start = head.position();
  } catch (thrown) {
    throw thrown instanceof DamagedChunk ? thrown : new DamagedChunk(text('historyFile.chunkDirectory'));
  }
  return {
    n,
    ids: [...byId.keys()],
    read(id) {
      const entry = byId.get(id);
      if (!entry) return undefined;
      const { format, from, length, sum } = entry;
      const packed = bytes.subarray(start + from, start + from + length);
      if (packed.length !== length || crc32(packed) !== sum)
        throw new DamagedChunk(text('historyFile.chunkBlock', { id }));
      return createByteReader(format === blockFormats.stored ? packed : packer.unpack(format, packed));
    },
  };
}

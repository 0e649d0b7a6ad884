import { crc32 } from 'node:zlib';

// hyparquet-writer has no option for page checksums, so they are put into the page headers of a finished row group.

const I32 = 5; // a field's type in Thrift's compact protocol
const FIELD = (1 << 4) | I32; // the next field, one above the last
const FIELDS_BEFORE = 3; // type, uncompressed and compressed size come before the checksum (parquet.thrift, PageHeader)

/** The parts of a row group's metadata that say where something is, or how large. */
type RowGroup = {
  readonly columns: readonly {
    file_offset: bigint;
    readonly meta_data?: {
      dictionary_page_offset?: bigint | undefined;
      data_page_offset: bigint;
      total_compressed_size: bigint;
      total_uncompressed_size: bigint;
    };
  }[];
  total_byte_size: bigint;
  total_compressed_size?: bigint;
};
type OffsetIndex = { readonly page_locations: readonly { offset: bigint; compressed_page_size: number }[] };

/** Where a page begins whose header begins at `at`, and how many bytes it has. */
export type ReadHeader = (
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
) => { readonly start: number; readonly size: number };

/** A signed 32-bit number as Thrift writes it: zigzag, then seven bits per byte. */
function varint(value: number): number[] {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  const bytes: number[] = [];
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** A page header with the CRC-32 of the page's bytes as its fourth field. */
export function headerWithChecksum(header: Uint8Array, page: Uint8Array): Uint8Array {
  let at = 0;
  for (let field = 0; field < FIELDS_BEFORE; field++) {
    if (header[at++] !== FIELD) throw new Error('The page header does not begin as hyparquet-writer writes it.');
    while (header[at++]! & 0x80);
  }
  const next = header[at]! - (1 << 4); // a field states its distance from the one before it
  return Uint8Array.from([
    ...header.subarray(0, at),
    FIELD,
    ...varint(crc32(page) | 0),
    next,
    ...header.subarray(at + 1),
  ]);
}

/**
 * Puts a CRC-32 into each page header of a row group, for any reader that checks them, and moves the offsets in the
 * group's metadata accordingly.
 * @param bytes what was written for the group
 * @param readHeader decodes a page header
 * @param base where in the file `bytes` begin
 * @param indexes the page locations of each column, where it has several pages
 */
export function addPageChecksums(
  readHeader: ReadHeader,
  bytes: Uint8Array<ArrayBuffer>,
  base: number,
  group: RowGroup,
  indexes: readonly (OffsetIndex | undefined)[],
): Uint8Array {
  const parts: Uint8Array[] = [];
  let grown = 0; // by how much the bytes so far have grown
  let copied = 0;
  group.columns.forEach((column, c) => {
    const meta = column.meta_data!;
    const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset) - base;
    const end = start + Number(meta.total_compressed_size);
    const dataStart = Number(meta.data_page_offset) - base;
    const before = grown;
    let page = 0;
    for (let at = start; at < end;) {
      const { start: bodyAt, size } = readHeader(bytes, at);
      const body = bytes.subarray(bodyAt, bodyAt + size);
      const header = headerWithChecksum(bytes.subarray(at, bodyAt), body);
      const more = header.length - (bodyAt - at);
      if (at === dataStart) meta.data_page_offset += BigInt(grown);
      const location = at >= dataStart ? indexes[c]?.page_locations[page++] : undefined;
      if (location) {
        location.offset += BigInt(grown);
        location.compressed_page_size += more;
      }
      parts.push(bytes.subarray(copied, at), header, body);
      grown += more;
      at = copied = bodyAt + size;
    }
    if (meta.dictionary_page_offset !== undefined) meta.dictionary_page_offset += BigInt(before);
    column.file_offset += BigInt(before);
    meta.total_compressed_size += BigInt(grown - before);
    meta.total_uncompressed_size += BigInt(grown - before);
  });
  group.total_byte_size += BigInt(grown);
  if (group.total_compressed_size !== undefined) group.total_compressed_size += BigInt(grown);
  return Buffer.concat([...parts, bytes.subarray(copied)]);
}

import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import type { OffsetIndex } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { addPageChecksums, headerWithChecksum } from '../../app/exchange/page-checksums.node.ts';
import { readPageHeader } from '../../app/exchange/parquet.node.ts';

describe('the checksum of a page', () => {
  it('goes into its header, and changes nothing else of it', () => {
    const sizes = fc.nat(2 ** 31 - 1);
    const pages = fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(sizes, sizes, fc.constantFrom(7, 8), fc.nat(99), pages, (raw, packed, kind, values, page) => {
        const writer = new ByteWriter();
        serializeTCompactProtocol(writer, {
          field_1: 3,
          field_2: raw,
          field_3: packed,
          [`field_${kind}`]: { field_1: values },
        });
        const read = (bytes: Uint8Array<ArrayBuffer>) =>
          parquetHeader({ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 });
        const before = writer.getBytes();
        const after = read(Uint8Array.from(headerWithChecksum(before, page)));
        expect(after).toEqual({ ...read(before), crc: crc32(page) | 0 });
      }),
    );
  });

  it('moves every offset of a row group to where its page now is', () => {
    const columnData = ['a', 'b', 'c'].map((name, c) => ({
      name,
      type: 'STRING' as const,
      nullable: true,
      data: Array.from({ length: 400 }, (_, i) => (i % 5 === c ? null : `text ${c === 1 ? i % 3 : i * 7919}`)),
    }));
    const out = new ByteWriter();
    const writer = new ParquetWriter({ writer: out, schema: schemaFromColumnData({ columnData }) });
    void writer.write({ columnData, pageSize: 500 });
    const indexes = writer.pendingIndexes.map(({ offsetIndex }) => offsetIndex);
    const group = writer.row_groups[0]!;
    const grown = Uint8Array.from(addPageChecksums(readPageHeader, out.getBytes(), 0, group, indexes));
    const pageAt = (at: number) => {
      const reader = { view: new DataView(grown.buffer), offset: at };
      const header = parquetHeader(reader);
      return {
        header,
        body: grown.subarray(reader.offset, reader.offset + header.compressed_page_size),
        end: reader.offset + header.compressed_page_size,
      };
    };
    let end = 4;
    group.columns.forEach(({ meta_data: meta, file_offset }, c) => {
      expect(Number(file_offset)).toBe(end);
      const locations: OffsetIndex['page_locations'] = [];
      const columnEnd = end + Number(meta!.total_compressed_size);
      if (meta!.dictionary_page_offset !== undefined) {
        expect(Number(meta!.dictionary_page_offset)).toBe(end);
        end = pageAt(end).end;
      }
      expect(Number(meta!.data_page_offset)).toBe(end);
      for (let row = 0; end < columnEnd;) {
        const { header, body, end: next } = pageAt(end);
        expect(header.crc).toBe(crc32(body) | 0);
        locations.push({ offset: BigInt(end), compressed_page_size: next - end, first_row_index: BigInt(row) });
        row += header.data_page_header_v2!.num_rows;
        end = next;
      }
      expect(end).toBe(columnEnd);
      if (indexes[c]) expect(indexes[c].page_locations).toEqual(locations);
    });
    expect(indexes.filter((index) => index !== undefined).length).toBeGreaterThan(1);
    expect(end).toBe(grown.length);
    expect(Number(group.total_compressed_size)).toBe(grown.length - 4);
  });
});

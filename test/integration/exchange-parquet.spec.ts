import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { parquetMetadata } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { exportHistory } from '../../app/exchange/export.node.ts';
import { importExport } from '../../app/exchange/import.node.ts';
import { temporaryFolder } from '../support/folders.ts';
import { openStore } from '../support/store.ts';
import { ALL, control, damagedOne, fewSamples, fill } from '../support/exports.ts';

describe('an export as Parquet', () => {
  it('has a checksum in every page, and locates each page where it is', async () => {
    const { store } = openStore();
    fill(store, 1500);
    const target = path.join(temporaryFolder(), 'out.parquet');
    exportHistory(store, { format: 'parquet', target, ...ALL, metrics: [], gpuUuids: [] }, control);
    const bytes = new Uint8Array(fs.readFileSync(target));
    const { row_groups: groups } = parquetMetadata(bytes.buffer);
    let end = 4;
    for (const { columns, total_compressed_size } of groups) {
      const begin = end;
      for (const { meta_data: meta } of columns) {
        expect(Number(meta!.dictionary_page_offset ?? meta!.data_page_offset)).toBe(end);
        const reader = { view: new DataView(bytes.buffer), offset: end };
        end += Number(meta!.total_compressed_size);
        while (reader.offset < end) {
          const { crc, compressed_page_size: size } = parquetHeader(reader);
          expect(crc! >>> 0).toBe(crc32(bytes.subarray(reader.offset, reader.offset + size)));
          reader.offset += size;
        }
        expect(reader.offset).toBe(end);
      }
      expect(end - begin).toBe(Number(total_compressed_size));
    }
  });

  it('of an earlier version, which has no digest, is refused with a way on', async () => {
    const { request } = fewSamples('parquet');
    const bytes = fs.readFileSync(request.target);
    bytes.write('x', bytes.lastIndexOf('slowburn-sha256'), 'latin1'); // as if the key had never been there
    fs.writeFileSync(request.target, bytes);
    const { store: other } = openStore();
    const refused = {
      code: 'recording-unreadable',
      message: expect.stringContaining('no checks'),
      next: expect.stringContaining('Export it again'),
    };
    expect(await importExport(other, request.target, control, { unverified: true })).toMatchObject({
      ok: false,
      error: refused,
    });
  });

  it('with sizes that its file does not have is refused before memory is taken for them', async () => {
    const { request } = fewSamples('parquet');
    const whole = fs.readFileSync(request.target);
    for (const claimed of [whole.length, 0x7fff_ffff, 0xffff_ffff]) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt32LE(claimed, damaged.length - 8);
      fs.writeFileSync(request.target, damaged);
      expect(await importExport(openStore().store, request.target, control)).toMatchObject(damagedOne);
    }
  });
});

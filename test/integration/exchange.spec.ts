import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { parquetMetadata } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { exportFormats, type ExportFormat } from '../../app/exchange/format.ts';
import { exportHistory } from '../../app/exchange/export.node.ts';
import { importExport } from '../../app/exchange/import.node.ts';
import { textCell } from '../../app/exchange/csv.ts';
import { type Store } from '../../app/recorder/store.ts';
import { metrics } from '../../app/metrics/metrics.ts';
import { createFrame, setAbsent, setValue } from '../../app/metrics/frame.ts';
import { readingStates } from '../../app/core/reading.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1, 9, 40);
const ALL = { fromMs: -8.64e15, toMs: 8.64e15 } as const;
const control = { progress: () => undefined, cancelled: () => false };

/** Two cards, an hour's end, a clock that is set back onto stamps that were there, every state, derived values. */
function fill(store: Store, n = 1500): void {
  for (let i = 0; i < n; i++) {
    const frames = [0, 1].map((gpu) => {
      const frame = createFrame();
      metrics.forEach(({ key, range, scale }, m) => {
        const state = readingStates[(i * 7 + m * 3 + gpu) % readingStates.length]!;
        if ((i + m) % 3 !== 0)
          setValue(frame, key, Math.min(range[1], ((i * 7919 + m * 104_729) % 90_000) / scale), i % 11 === 0);
        else if (state !== 'value' && state !== 'unread') setAbsent(frame, key, state, (i * m) % 1000);
      });
      return frame;
    });
    const tsMs = START + (i < 1000 ? i : i - 300) * 2000;
    const tick = tickWith(tsMs, i === 0 || i === 1000 ? undefined : i % 13 === 0 ? 2000.25 : 2000, frames);
    store.append({
      ...tick,
      gpus: tick.gpus.map(({ frame }, g) => ({
        frame,
        gpu: { ...testGpu(g), name: g ? '=HYPERLINK("x","y"), GPU' : 'Plain' },
      })),
    });
  }
}

/** Every bit of every sample, a line each: compared faster than frames are. */
const contents = (store: Store, gpu: number): string[] =>
  [...store.samplesBetween(testGpu(gpu).uuid, ALL.fromMs, ALL.toMs)].map(({ tsMs, dtMs, frame }) =>
    [
      tsMs,
      dtMs,
      ...[frame.values, frame.states, frame.reasons, frame.derived].map(({ buffer }) =>
        Buffer.from(buffer).toString('base64'),
      ),
    ].join(' '),
  );

const damagedOne = {
  ok: false,
  error: { code: 'recording-unreadable', message: expect.stringMatching(/is damaged: .* Nothing was imported\./) },
};

/** Twelve samples of one card, exported. */
function fewSamples(format: ExportFormat) {
  const { store } = openStore();
  for (let i = 0; i < 12; i++)
    store.append(tickWith(START + i * 1000, 1000, [frameWith({ coreTempC: 50 + i, powerW: 100 })]));
  const target = path.join(temporaryFolder(), `out.${format}`);
  const request = { format, target, ...ALL, metrics: ['coreTempC', 'powerW'], gpuUuids: [] } as const;
  exportHistory(store, request, control);
  return { store, request };
}

describe('an export', () => {
  it.each(exportFormats)(
    'as %s, imported again, gives the same history to the bit, and adds nothing twice',
    async (format) => {
      const { store } = openStore();
      fill(store);
      const target = path.join(temporaryFolder(), `out.${format}`);
      const request = { format, target, ...ALL, metrics: [], gpuUuids: [] };
      expect(exportHistory(store, request, control)).toEqual({ ok: true, value: 3000 });
      const { store: other } = openStore();
      expect(await importExport(other, target, control)).toEqual({ ok: true, value: { added: 3000, duplicate: 0 } });
      for (const gpu of [0, 1]) expect(contents(other, gpu)).toEqual(contents(store, gpu));
      expect(other.gpus.list().map(({ uuid, name, index, pciBusId }) => ({ uuid, name, index, pciBusId }))).toEqual(
        store.gpus.list().map(({ uuid, name, index, pciBusId }) => ({ uuid, name, index, pciBusId })),
      );
      expect(await importExport(other, target, control)).toMatchObject({ value: { added: 0, duplicate: 3000 } });
      const again = `${target}.again.${format}`;
      exportHistory(other, { ...request, target: again }, control);
      expect(fs.readFileSync(again).equals(fs.readFileSync(target))).toBe(true);
    },
  );

  it('as CSV has units in its header, ends lines as RFC 4180 asks, and holds no formula', () => {
    const { store } = openStore();
    fill(store, 3);
    const target = path.join(temporaryFolder(), 'out.csv');
    exportHistory(store, { format: 'csv', target, ...ALL, metrics: ['powerW', 'coreTempC'], gpuUuids: [] }, control);
    const text = fs.readFileSync(target, 'utf8');
    expect(text.split('\r\n')[0]).toBe(
      'time,gpu,gpu_index,gpu_name,gpu_pci_bus_id,dt [ms],powerW [W],coreTempC [°C],states,reasons,check',
    );
    expect(text.split('\r\n')).toHaveLength(8);
    expect(text).toContain(`"'=HYPERLINK(""x"",""y""), GPU"`);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    fc.assert(fc.property(fc.string(), (name) => void expect(textCell(name)).not.toMatch(/^"?[=+\-@\t\r]/)));
  });

  it('that is cancelled or fails leaves nothing behind', () => {
    const { store } = openStore();
    fill(store, 1500);
    const folder = temporaryFolder();
    const request = {
      format: 'jsonl',
      target: path.join(folder, 'out.jsonl'),
      ...ALL,
      metrics: [],
      gpuUuids: [],
    } as const;
    expect(exportHistory(store, request, { ...control, cancelled: () => true })).toMatchObject({
      ok: false,
      error: { code: 'cancelled' },
    });
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it.each(exportFormats)('as %s is refused, and adds nothing, whichever bit of it is flipped', async (format) => {
    const { store, request } = fewSamples(format);
    const { store: other } = openStore();
    const whole = fs.readFileSync(request.target);
    const bits = whole.length * 8;
    for (let flip = 0; flip < 400; flip++) {
      const bit = Math.floor(((flip + (flip % 7) / 7) / 400) * bits); // evenly, and every bit of a byte in turn
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      fs.writeFileSync(request.target, damaged);
      const result = await importExport(other, request.target, control);
      expect(result, `bit ${bit}`).toMatchObject({ ok: false, error: { code: 'recording-unreadable' } });
      if (!result.ok) expect(result.error.message).toContain(request.target);
    }
    expect(other.gpus.list()).toEqual([]);
    fs.writeFileSync(request.target, whole);
    expect(await importExport(other, request.target, control)).toMatchObject({ ok: true, value: { added: 12 } });
    expect(contents(other, 0)).toEqual(contents(store, 0));
  });

  it.each(exportFormats)('as %s that was cut off anywhere, or has more at its end, is refused', async (format) => {
    const { request } = fewSamples(format);
    const { store: other } = openStore();
    const whole = fs.readFileSync(request.target);
    const lineEnds = [...whole.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []));
    const cuts = [
      ...Array.from({ length: 60 }, (_, i) => Math.floor((whole.length * i) / 60)),
      ...lineEnds.slice(0, -1),
    ];
    const damaged = [
      ...cuts.map((at) => whole.subarray(0, at)),
      Buffer.concat([whole, whole]),
      Buffer.concat([whole, Buffer.from('x\n')]),
    ];
    for (const bytes of damaged) {
      fs.writeFileSync(request.target, bytes);
      expect((await importExport(other, request.target, control)).ok).toBe(false);
    }
    expect(other.gpus.list()).toEqual([]);
  });

  it.each(['csv', 'jsonl'] as const)(
    'as %s without checks is taken only when it is asked for, whole or not at all',
    async (format) => {
      const { store, request } = fewSamples(format);
      const ours = fs.readFileSync(request.target, 'utf8');
      const unchecked = ours.replaceAll(
        format === 'csv' ? /,(check|[0-9a-f]{8})(?=\r)/g : /,"check":"[0-9a-f]{8}"/g,
        '',
      );
      const damages: ((line: string) => string)[] =
        format === 'csv'
          ? [
              (line) => line.replace(',51,', ',,'),
              (line) => line.replace(',51,', ',hot,'),
              (line) => line.replace(',1000,', ',soon,'),
              (line) => line.slice(0, 40),
            ]
          : [
              (line) => line.replace('"coreTempC":51,', ''),
              (line) => line.replace('51', '"hot"'),
              (line) => line.replace('1000', '"soon"'),
              (line) => line.slice(0, 40),
            ];
      const { store: other } = openStore();
      for (const damage of damages) {
        fs.writeFileSync(
          request.target,
          unchecked
            .split('\n')
            .map((line, i) => (i === 2 ? damage(line) : line))
            .join('\n'),
        );
        expect(await importExport(other, request.target, control, { unverified: true })).toMatchObject(damagedOne);
      }
      fs.writeFileSync(request.target, unchecked);
      expect(await importExport(other, request.target, control)).toMatchObject({
        ok: false,
        error: { next: expect.stringContaining('--unverified') },
      });
      expect(other.gpus.list()).toEqual([]);
      expect(await importExport(other, request.target, control, { unverified: true })).toMatchObject({
        ok: true,
        value: { added: 12 },
      });
      expect(contents(other, 0)).toEqual(contents(store, 0));
      fs.writeFileSync(request.target, ours.replace('51', '61'));
      expect(await importExport(other, request.target, control, { unverified: true })).toMatchObject(damagedOne);
    },
  );

  it('as Parquet has a checksum in every page, and locates each page where it is', async () => {
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

  it('as Parquet of an earlier version, which has no digest, is refused with a way on', async () => {
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

  it('as Parquet with sizes that its file does not have is refused before memory is taken for them', async () => {
    const { request } = fewSamples('parquet');
    const whole = fs.readFileSync(request.target);
    for (const claimed of [whole.length, 0x7fff_ffff, 0xffff_ffff]) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt32LE(claimed, damaged.length - 8);
      fs.writeFileSync(request.target, damaged);
      expect(await importExport(openStore().store, request.target, control)).toMatchObject(damagedOne);
    }
  });

  it('as CSV reads a name back that holds line breaks, quotes and a formula', async () => {
    const { store } = openStore();
    const name = '=1+1, "a"\nb';
    const tick = tickWith(START, undefined, [frameWith({ coreTempC: 50 })]);
    store.append({ ...tick, gpus: tick.gpus.map((gpu) => ({ ...gpu, gpu: { ...gpu.gpu, name } })) });
    const target = path.join(temporaryFolder(), 'out.csv');
    exportHistory(store, { format: 'csv', target, ...ALL, metrics: [], gpuUuids: [] }, control);
    const { store: other } = openStore();
    expect(await importExport(other, target, control)).toMatchObject({ value: { added: 1 } });
    expect(other.gpus.list()[0]!.name).toBe(name);
    fs.appendFileSync(target, `${START},"never closed\n`.repeat(3));
    expect(await importExport(other, target, control)).toMatchObject(damagedOne);
  });

  it('of another program is refused with a sentence', async () => {
    const { store } = openStore();
    const folder = temporaryFolder();
    for (const text of ['a,b,c\n1,2,3\n', '{"x":1}\n', '', 'PAR', 'PAR1 and no end', 'PAR1PAR1']) {
      const file = path.join(folder, 'foreign');
      fs.writeFileSync(file, text);
      expect(await importExport(store, file, control)).toMatchObject({
        ok: false,
        error: { code: 'recording-unreadable' },
      });
    }
  });
});

import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportFormats } from '../../app/exchange/format.ts';
import { exportHistory } from '../../app/exchange/export.node.ts';
import { importExport } from '../../app/exchange/import.node.ts';
import { textCell } from '../../app/exchange/csv.ts';
import type { Store } from '../../app/recorder/store.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';
import { ALL, control, damagedOne, fewSamples, fill, START } from '../support/exports.ts';

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

import Database from 'better-sqlite3';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { eventKinds } from '../../app/history/events.ts';
import { createStore } from '../../app/recorder/store.ts';
import { readingStates } from '../../app/core/reading.ts';
import { metricOf, metrics } from '../../app/metrics/metrics.ts';
import { gapReasons } from '../../app/telemetry/sampler.ts';
import { witnesses } from '../../app/telemetry/source.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { v1Samples } from '../fixtures/history/v1.ts';
import { readChunk, readRollup, readTick, type Reading } from './sealed-chunk.ts';

const FORMAT = 'docs/format';
const page = (name: string): string => fs.readFileSync(path.join(FORMAT, name), 'utf8');

type Key = keyof (typeof v1Samples)[0]['gpus'][0];

/** A number as a source gives it: at the scale of its metric. */
const scaled = (key: Key, value: number): number => Math.round(value * metricOf(key).scale) / metricOf(key).scale;

/** A reading of the list that the fixtures were written from. */
function expected(sample: number, gpu: number, key: Key) {
  const reading = v1Samples[sample]!.gpus[gpu]![key];
  if (reading === undefined) return { state: 0, value: undefined };
  if (typeof reading === 'number') return { state: 1, value: scaled(key, reading) };
  return { state: readingStates.indexOf(reading), value: undefined };
}

const keys = ['coreTempC', 'memTempC', 'powerW', 'energyMj', 'throttleReasons', 'fanPct', 'powerLimitW'] as const;
const short = (reading: Reading | undefined) => ({ state: reading?.state ?? 0, value: reading?.value });

describe.each([3, 4])(
  'a reader written from docs/format/history.md reads the stored history of schema %i',
  (schema) => {
    const open = () => {
      const db = new Database(path.resolve(import.meta.dirname, `../fixtures/history/v${schema}.db`), {
        readonly: true,
      });
      onTestFinished(() => void db.close());
      return db;
    };

    it('its chunks: every time, interval, state, reason and value', () => {
      const chunks = open().prepare('SELECT gpu_id, first_seq, n, data FROM chunk').all() as {
        gpu_id: number;
        first_seq: number;
        n: number;
        data: Buffer;
      }[];
      expect(chunks.length).toBeGreaterThan(0);
      for (const { gpu_id: gpuId, n, data, first_seq: firstSeq } of chunks) {
        const samples = readChunk(data);
        expect(samples).toHaveLength(n);
        expect(samples[0]!.seq).toBe(firstSeq);
        for (const { seq, tsMs, dtMs, readings } of samples) {
          const i = seq - 1;
          expect({ tsMs, dtMs }).toEqual({ tsMs: v1Samples[i]!.tsMs, dtMs: v1Samples[i]!.dtMs });
          for (const key of keys) expect(short(readings.get(metricOf(key).id))).toEqual(expected(i, gpuId - 1, key));
          expect(readings.get(1)!.reason).toBe(gpuId === 1 && i % 50 === 49 ? 15 : 0);
          expect(readings.get(1)!.derived).toBe(i % 10 === 3 && readings.get(1)!.state === 1);
        }
      }
    });

    it('the rows that are not sealed yet', () => {
      const rows = open().prepare('SELECT id, frames FROM tick').all() as { id: number; frames: Buffer }[];
      expect(rows.length).toBeGreaterThan(0);
      for (const { id, frames } of rows) {
        const gpus = readTick(frames);
        expect([...gpus.keys()]).toEqual([1, 2]);
        for (const [gpuId, readings] of gpus) {
          for (const key of keys)
            expect(short(readings.get(metricOf(key).id))).toEqual(expected(id - 1, gpuId - 1, key));
        }
      }
    });

    it('its roll-ups: counts, minima, maxima and sums of the samples', () => {
      const rows = open().prepare('SELECT gpu_id, slot_ms, from_ms, data FROM rollup').all() as {
        gpu_id: number;
        slot_ms: number;
        from_ms: number;
        data: Buffer;
      }[];
      expect(rows.length).toBeGreaterThan(0);
      for (const { gpu_id: gpuId, slot_ms: slotMs, from_ms: fromMs, data } of rows) {
        const rollup = readRollup(data);
        expect(rollup.slotMs).toBe(slotMs);
        rollup.metrics.get(metricOf('powerW').id)!.forEach((slot, i) => {
          const inSlot = v1Samples.filter(({ tsMs }) => Math.floor((tsMs - fromMs) / slotMs) === i);
          const power = inSlot.map(({ gpus }) => scaled('powerW', gpus[gpuId - 1]!.powerW as number));
          if (!slot) return expect(power).toEqual([]);
          expect({ ...slot, sum: 0 }).toEqual({
            n: power.length,
            min: Math.min(...power),
            max: Math.max(...power),
            sum: 0,
          });
          expect(slot.sum).toBeCloseTo(
            power.reduce((a, b) => a + b),
            6,
          );
        });
      }
    });
  },
);

describe('a reader written from docs/format/history.md', () => {
  it('reads what this version writes: one hour of every metric, sealed', () => {
    const opened = openDatabase(path.join(temporaryFolder(), 'history.db'));
    if (!opened.ok) throw new Error(opened.error.message);
    const store = createStore(opened.value.db);
    onTestFinished(() => store.close());
    const start = Date.UTC(2026, 2, 1, 9);
    const value = (id: number, i: number): number => {
      const [least, most] = metrics.find((row) => row.id === id)!.range;
      return Math.min(most, Math.ceil(least) + ((id * 7 + i) % 40));
    };
    for (let i = 0; i < 500; i++) {
      const readings = Object.fromEntries(metrics.map(({ key, id }) => [key, value(id, i)]));
      store.append(tickWith(start + i * 1000, i ? 1000 : undefined, [frameWith(readings)]));
    }
    while (store.tidy(start + 7_200_000));
    const data = opened.value.db.prepare('SELECT data FROM chunk').pluck().get() as Buffer;
    const samples = readChunk(data);
    expect(samples).toHaveLength(500);
    samples.forEach(({ tsMs, readings }, i) => {
      expect(tsMs).toBe(start + i * 1000);
      expect([...readings].map(([id, reading]) => [id, reading.value])).toEqual(
        [...readings.keys()].map((id) => [id, value(id, i)]),
      );
      expect(readings.size).toBe(metrics.length);
    });
  });
});

describe('docs/format', () => {
  it('names every reading state with its code', () => {
    const rows = [...page('README.md').matchAll(/^\| (\d+) +\| (\w+) +\|/gm)].map(([, code, state]) => [
      Number(code),
      state,
    ]);
    expect(rows).toEqual(readingStates.map((state, code) => [code, state]));
  });

  it('names every reason of a gap, kind of event and witness of an Xid error', () => {
    for (const word of [...gapReasons, ...eventKinds, ...witnesses])
      expect(page('history.md')).toContain(`\`${word}\``);
  });

  it('names every table and column of the history', () => {
    const opened = openDatabase(path.join(temporaryFolder(), 'history.db'));
    if (!opened.ok) throw new Error(opened.error.message);
    const { db } = opened.value;
    onTestFinished(() => void db.close());
    const text = page('history.md');
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all() as string[];
    for (const table of tables) {
      const start = text.indexOf(`**${table}**:`);
      expect(start, `docs/format/history.md does not describe the table ${table}`).toBeGreaterThan(0);
      const end = text.indexOf('\n\n', start);
      const columns = db.pragma(`table_info(${table})`) as { name: string }[];
      for (const { name } of columns.filter((column) => column.name !== 'id')) {
        expect(text.slice(start, end), `docs/format/history.md: ${table} lacks ${name}`).toContain(`\`${name}\``);
      }
    }
    expect(text).toContain(`This page describes schema ${db.pragma('user_version', { simple: true }) as number}.`);
  });
});

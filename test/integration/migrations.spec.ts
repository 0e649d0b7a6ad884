import Database from 'better-sqlite3';
import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packer } from '../../app/history/codec/packer.node.ts';
import { decodeRollup } from '../../app/history/codec/rollup.ts';
import { decodeSamples } from '../../app/history/codec/sample-chunk.ts';
import type { Db } from '../../app/history/db.ts';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { encodeSamples } from '../../app/history/migrations/0002-seal-finished-hours/chunk.ts';
import { intervalSums, sumKinds } from '../../app/history/migrations/0002-seal-finished-hours/interval-sums.ts';
import {
  createRollup,
  encodeRollup,
  rollUpSamples,
  wholeOf,
} from '../../app/history/migrations/0002-seal-finished-hours/rollup.ts';
import {
  ASLEEP,
  columns as columns1,
  ids,
  scaleOf,
  VALUE,
  type MetricColumn,
  type SampleColumns,
} from '../../app/history/migrations/0002-seal-finished-hours/samples.ts';
import { migrate, migrations, SCHEMA } from '../../app/history/migrations/migrations.ts';
import { sumKinds as liveSumKinds } from '../../app/history/codec/interval-sums.ts';
import { checkHistory } from '../../app/jobs/check.ts';
import { readingStates } from '../../app/core/reading.ts';
import { valueOf } from '../../app/metrics/frame.ts';
import { metricOf } from '../../app/metrics/metrics.ts';
import { createStore } from '../../app/recorder/store.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { frozenFaults } from '../support/migrations.ts';
import { sources } from '../support/rooms.ts';

const FOLDER = 'app/history/migrations';
const LATER = Date.UTC(2027, 4, 1, 9, 40);
const steps = Object.values(migrations);

const stored = (schema: number): string => path.resolve(import.meta.dirname, `../fixtures/history/v${schema}.db`);

/** A connection without any migration. */
function connect(file: string): Db {
  const db = Object.assign(new Database(file), { packer });
  onTestFinished(() => void db.close());
  return db;
}

/** A copy of the stored file of a schema; of schema 0, a new file. */
function copyOf(schema: number): string {
  const file = path.join(temporaryFolder(), 'history.db');
  if (schema > 0) fs.copyFileSync(stored(schema), file);
  return file;
}

const everySchema = Array.from({ length: SCHEMA }, (_, schema) => schema);

const tablesOf = (db: Db): string[] =>
  db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[];

const schemaOf = (db: Db): unknown[] =>
  db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();

/** A next step, as a later version may have it. */
const addColumnEverywhere = (db: Db): void => {
  for (const table of tablesOf(db)) db.exec(`ALTER TABLE ${table} ADD COLUMN added_later TEXT`);
};

describe('the steps of the schema', () => {
  const files = sources.filter((file) => file.startsWith(`${FOLDER}/`) && file !== `${FOLDER}/migrations.ts`);

  it('are frozen: each imports the type Db and files of its folder, nothing else', () => {
    expect(files.length).toBeGreaterThan(steps.length);
    expect(files.flatMap((file) => frozenFaults(file, fs.readFileSync(file, 'utf8')))).toEqual([]);
  });

  it.each([
    ["import { createChunkTable } from '../chunks.ts';", 1],
    ["import { Db } from '../db.ts';", 1],
    ["import type { Packer } from '../codec/blocks.ts';", 1],
    ["import { encode } from './0003-other/codec.ts';", 1],
    ["import type { Db } from '../db.ts'; import { encode } from './0002-own/codec.ts';", 0],
  ])('are refused %j with a remedy where it is not frozen', (text, faults) => {
    const found = frozenFaults(`${FOLDER}/0002-own.ts`, text);
    expect(found).toHaveLength(faults);
    for (const fault of found) expect(fault).toMatch(/a migration is frozen.*Copy what it needs to .*\/0002-own\//);
  });

  it('are all in the table, in order, under the names of their files', () => {
    const names = fs.readdirSync(FOLDER).filter((name) => /^\d.*\.ts$/.test(name));
    expect(Object.keys(migrations).map((name) => `${name}.ts`)).toEqual(names.sort());
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, i) => i + 1));
  });

  it('come with a stored file of every schema before the newest', () => {
    expect(everySchema.slice(1).filter((schema) => !fs.existsSync(stored(schema)))).toEqual([]);
  });
});

describe.each(everySchema)('a file of schema %i', (schema) => {
  it('has the schema of a new file once it is opened', () => {
    const [upgraded, fresh] = [copyOf(schema), copyOf(0)].map((file) => {
      const opened = openDatabase(file);
      if (!opened.ok) throw new Error(opened.error.message);
      onTestFinished(() => void opened.value.db.close());
      return opened.value.db;
    }) as [Db, Db];
    expect(schemaOf(upgraded)).toEqual(schemaOf(fresh));
  });

  it('takes a next step that adds a column to every table, and everything works as before', () => {
    const db = connect(copyOf(schema));
    migrate(db, [...steps, addColumnEverywhere]);
    expect(db.pragma('user_version', { simple: true })).toBe(SCHEMA + 1);
    for (const table of tablesOf(db)) {
      expect(db.pragma(`table_info(${table})`)).toContainEqual(expect.objectContaining({ name: 'added_later' }));
    }
    const store = createStore(db);
    const before = [...store.samplesBetween(testGpu().uuid, 0, LATER)].length;
    expect(before > 0).toBe(schema > 0);
    for (let i = 0; i < 3; i++) store.append(tickWith(LATER + i * 1000, 1000, [frameWith({ coreTempC: 40 + i })]));
    while (store.tidy(2 * LATER));
    const samples = [...store.samplesBetween(testGpu().uuid, 0, 2 * LATER)];
    expect(samples.slice(before).map(({ frame }) => valueOf(frame, 'coreTempC'))).toEqual([40, 41, 42]);
    expect(checkHistory(db, { progress: () => undefined, cancelled: () => false })).toMatchObject({
      openRows: 0,
      problems: [],
    });
  });
});

describe('the codec that step 2 keeps for itself', () => {
  it('calls metrics and readings what today’s catalogue calls them', () => {
    expect([readingStates[VALUE], readingStates[ASLEEP]]).toEqual(['value', 'asleep']);
    expect(liveSumKinds.slice(0, sumKinds.length)).toEqual(sumKinds);
    const keys = ['coreTempC', 'powerW', 'energyMj', 'gpuUtilPct', 'vramUsedBytes', 'throttleReasons'] as const;
    const named = [ids.coreTemp, ids.power, ids.energy, ids.gpuUtil, ids.vramUsed, ids.throttleReasons];
    expect(keys.map((key) => [metricOf(key).id, metricOf(key).scale])).toEqual(named.map((id) => [id, scaleOf(id)]));
  });

  const HOUR = Date.UTC(2026, 1, 3, 12);
  const reading = fc.oneof(
    fc.integer({ min: 0, max: 900_000 }).map((n) => ({ code: VALUE, value: n / 1000 })),
    fc.boolean().map((derived) => ({ code: VALUE + (derived ? 32 : 0), value: 7 })),
    fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => ({ code: VALUE, value })),
    fc.constantFrom(0, 2, 3, ASLEEP, 5).map((code) => ({ code, value: Number.NaN })),
  );
  const samples = fc.integer({ min: 1, max: 60 }).chain((n) => {
    const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: n, maxLength: n });
    const column = fc.tuple(fc.integer({ min: 1, max: columns1.length }), list(reading));
    return fc
      .record({ steps: list(fc.nat(50_000)), gaps: list(fc.boolean()), metrics: fc.array(column, { maxLength: 6 }) })
      .map(({ steps: stepsMs, gaps, metrics }): SampleColumns => {
        let tsMs = HOUR;
        return {
          seq: Float64Array.from({ length: n }, (_, i) => 10 + 2 * i),
          tsMs: Float64Array.from(stepsMs, (stepMs) => (tsMs += stepMs)),
          dtMs: Float64Array.from(stepsMs, (stepMs, i) => (gaps[i] ? Number.NaN : stepMs + (i % 3) / 16)),
          metrics: new Map(
            metrics.map(([id, readings]): [number, MetricColumn] => [
              id,
              {
                codes: Float64Array.from(readings, ({ code }) => code),
                values: Float64Array.from(readings, ({ value }) => value + 0), // the sign of a zero is not kept
              },
            ]),
          ),
        };
      });
  });

  it('writes chunks that today’s reader gives back to the bit', () => {
    fc.assert(
      fc.property(samples, (columns) => {
        const { metrics, ...stamps } = decodeSamples(encodeSamples(columns, packer.pack), packer);
        expect(stamps).toEqual({ seq: columns.seq, tsMs: columns.tsMs, dtMs: columns.dtMs });
        const read = [...columns.metrics].filter(([, { codes }]) => codes.some((code) => code !== 0));
        expect(metrics).toEqual(new Map(read));
      }),
      { numRuns: 100 },
    );
  });

  it('writes roll-ups that today’s reader gives back to the bit', () => {
    fc.assert(
      fc.property(samples, (columns) => {
        const minutes = createRollup(HOUR, 60_000, 60);
        rollUpSamples(minutes, columns, intervalSums(columns, new Map()));
        for (const rollup of [minutes, wholeOf(minutes)]) {
          const { sums, ...levels } = decodeRollup(HOUR, encodeRollup(rollup, packer.pack), packer);
          const kept = Object.fromEntries(sumKinds.map((kind) => [kind, sums[kind]]));
          expect({ ...levels, sums: kept }).toEqual(rollup);
          // it has none of the later kinds: all of its time is marked as counted by the earlier rule
          expect(sums.olderMs).toEqual(sums.observedMs.map((ms, i) => ms + sums.asleepMs[i]!));
          for (const kind of ['knownPowerMs', 'knownHeatMs', 'knownBrakeMs'] as const)
            expect(sums[kind]).toEqual(sums.observedMs);
        }
      }),
      { numRuns: 100 },
    );
  });
});

import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packer } from '../../app/history/codec/packer.node.ts';
import type { Db } from '../../app/history/db.ts';
import { createHistory } from '../../app/history/history.ts';
import { migrate } from '../../app/history/migrations/migrations.ts';
import { follow, GRACE_MS, mature } from '../../app/history/retention/grace.ts';
import { stretches } from '../../app/history/segments.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';

// The constants of the history, each at both sides of its boundary.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 2, 1, 9);
const gpuUuid = testGpu().uuid;

function openHistory() {
  const db: Db = Object.assign(new Database(':memory:'), { packer });
  onTestFinished(() => void db.close());
  migrate(db);
  const history = createHistory(db);
  history.append(tickWith(START, undefined, [frameWith({ coreTempC: 40 })]));
  return { db, history };
}

describe('a range', () => {
  it.each([
    ['half as many hours as slices: hours', 5 * HOUR, 10, 'hour'],
    ['a little less: minutes', 5 * HOUR - 1, 10, 'minute'],
    ['as many minutes as slices: minutes', 10 * MINUTE, 10, 'minute'],
    ['a little less: samples', 10 * MINUTE - 1, 10, 'raw'],
    ['one slice of half an hour: hours', HOUR / 2, 1, 'hour'],
    ['one slice of a little less: minutes', HOUR / 2 - 1, 1, 'minute'],
  ])('is answered from the coarsest tier that is fine enough: %s', (_, spanMs, buckets, resolution) => {
    const { history } = openHistory();
    const query = { gpuUuid, metrics: ['coreTempC'] as const, fromMs: START, toMs: START + spanMs, buckets };
    expect(history.range(query)!.resolution).toBe(resolution);
  });

  it.each([
    [1_000, 10, 100, 10],
    [1_010, 10, 101, 10],
    [990, 10, 100, 10],
    [100, 10, 100, 1],
    [1, 10, 100, 1],
    [2 * HOUR, 60, 2 * MINUTE, 60],
    [61 * MINUTE, 60, 2 * MINUTE, 31],
    [60 * MINUTE, 60, MINUTE, 60],
  ])('of %i ms in %i slices has slices of %i ms, and no shorter ones than 100 ms', (spanMs, buckets, stepMs, count) => {
    const { history } = openHistory();
    const query = { gpuUuid, metrics: ['coreTempC'] as const, fromMs: START, toMs: START + spanMs, buckets };
    const range = history.range(query)!;
    expect([range.stepMs, range.counts.length]).toEqual([stepMs, count]);
  });

  it('includes its first moment and excludes its end', () => {
    const { history } = openHistory();
    for (const [fromMs, toMs, n] of [
      [START, START + 1, 1],
      [START + 1, START + 2, 0],
      [START - 1, START, 0],
    ] as const) {
      const range = history.range({ gpuUuid, metrics: ['coreTempC'], fromMs, toMs, buckets: 1 })!;
      expect([...range.counts]).toEqual([n]);
    }
  });
});

describe('a line of a chart', () => {
  const none = Number.NaN;
  const withGap = (empty: number): number[] => [1, ...Array.from({ length: empty }, () => none), 2];
  it.each([
    ['9 empty seconds: 10 s apart', 1_000, 9, 1],
    ['10 empty seconds: 11 s apart', 1_000, 10, 2],
    ['slices of 10 s next to each other', 10_000, 0, 1],
    ['an empty slice of 10 s', 10_000, 1, 2],
    ['an empty slice of 5 s: 10 s apart', 5_000, 1, 1],
    ['an empty slice a little longer', 5_001, 1, 2],
  ])('is broken where nothing was observed for more than 10 s: %s', (_, stepMs, empty, runs) => {
    expect(stretches(withGap(empty), stepMs)).toHaveLength(runs);
  });
});

describe('an imported sample without an interval', () => {
  it.each([
    ['10 s after the one before', 10_000, 10_000],
    ['more than 10 s after it', 10_001, undefined],
    ['at the same moment', 0, 0],
    ['before it', -1, undefined],
  ])('takes it from the times in the file, unless there is a gap: %s', (_, stepMs, dtMs) => {
    const { history } = openHistory();
    const at = START - 10 * HOUR;
    const into = history.beginImport(testGpu());
    for (const tsMs of [at, at + stepMs]) into.add({ tsMs, frame: frameWith({ coreTempC: 50 }) });
    into.end();
    const samples = [...history.samplesAfter(1, -Infinity)].filter(({ id }) => id < 0);
    expect(samples[1]!.dtMs).toBe(dtMs);
  });
});

describe('an Xid error that two witnesses reported', () => {
  it.each([
    [5_000, 1],
    [5_001, 2],
    [-5_000, 1],
    [-5_001, 2],
  ])('%i ms apart is stored as %i', (apartMs, count) => {
    const { history } = openHistory();
    const xid = { gpuUuid, kind: 'xid', tsMs: START, code: 79, witness: 'nvml' } as const;
    history.xids.record(1, xid);
    history.xids.record(1, { ...xid, tsMs: START + apartMs, witness: 'kernel' });
    expect(history.xids.newest(9)).toHaveLength(count);
  });
});

describe('a tighter limit of the history', () => {
  const pending = { value: 7, sinceMs: START };
  it.each([
    ['a little less than 24 hours later', GRACE_MS - 1, 30],
    ['24 hours later', GRACE_MS, 7],
  ])('applies after 24 hours: %s', (_, afterMs, inForce) => {
    expect(GRACE_MS).toBe(24 * HOUR);
    expect(mature({ inForce: 30, pending }, START + afterMs, START + afterMs).inForce).toBe(inForce);
  });

  it.each([
    ['as tight as the one in force', 30, { inForce: 30 }],
    ['a little looser', 31, { inForce: 31 }],
    ['none', null, { inForce: null }],
    ['as tight as the one that waits: it waits on', 7, { inForce: 30, pending }],
    ['tighter still: it waits from now', 6, { inForce: 30, pending: { value: 6, sinceMs: START + 1000 } }],
    ['between the two: it has waited as long', 8, { inForce: 30, pending: { value: 8, sinceMs: START } }],
    ['left out of the settings', undefined, { inForce: 30 }],
  ])('asked for as %s', (_, wanted, expected) => {
    expect(follow({ inForce: 30, pending }, wanted, START + 1000)).toEqual(expected);
  });
});

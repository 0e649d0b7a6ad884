import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { HOUR_MS } from '../../app/history/open-hour.ts';
import { createStore } from '../../app/recorder/store.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { testGpu } from '../../test/support/frames.ts';
import { size } from '../stats.ts';

/** A quarter shows what a year costs: hours are sealed one by one. A whole year: HISTORY_BENCH_DAYS=365 npm run bench -- history */
export const DAYS = Number(process.env['HISTORY_BENCH_DAYS'] ?? size(90, 2));
export const PLAIN_DAYS = Math.min(7, DAYS);
export const START = Date.UTC(2025, 0, 1);
export const SHOWN: readonly MetricKey[] = [
  'coreTempC',
  'powerW',
  'gpuUtilPct',
  'memUtilPct',
  'smClockMhz',
  'vramUsedBytes',
];
export const BUCKETS = 800;
export const uuid = testGpu().uuid;

export const folder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-history-'));
export const sizeOf = (file: string): number => fs.statSync(file).size;
export const DAY_MS = 24 * HOUR_MS;
export const spans = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;

export function opened(file: string) {
  const result = openDatabase(file);
  if (!result.ok) throw new Error(result.error.message);
  return { db: result.value.db, store: createStore(result.value.db) };
}

export function timed(runs: number, work: (run: number) => void): number[] {
  return Array.from({ length: runs }, (_, run) => {
    const started = performance.now();
    work(run);
    return performance.now() - started;
  });
}

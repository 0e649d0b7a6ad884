import type { StoredSample } from '../../app/history/samples.ts';
import type { Store } from '../../app/recorder/store.ts';
import { testGpu } from './frames.ts';

export const HOUR = 3_600_000;
export const START = Date.UTC(2026, 2, 1, 9, 40);
export const uuid = testGpu().uuid;
export const KEEP = { retentionDays: 36_500, historyCapMb: null };
export const LATER = START + 400 * 24 * HOUR;

/** Does all the housekeeping there is. */
export function settle(store: Store, nowMs: number, rule: Parameters<Store['housekeep']>[0] = KEEP): void {
  while (store.housekeep(rule, nowMs));
}

export const all = (store: Store, gpu = uuid): StoredSample[] => [...store.samplesBetween(gpu, -8e15, 8e15)];

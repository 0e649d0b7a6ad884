// What a recorder stored of the ticks that it should have taken.
import { openForReading } from '../app/history/file/database.node.ts';
import { valueOf } from '../app/metrics/frame.ts';
import { createStore } from '../app/recorder/store.ts';
import type { Miss } from './bare-timer.ts';

/** A stamp may lie so far before its moment: both are rounded. */
const EARLY_MS = 3;

const uuidOf = (gpu: number): string => `GPU-00000000-0000-0000-0000-${String(gpu).padStart(12, '0')}`;

/** Where most samples lie within the grid's step, less what a timer may be early by. */
function phaseOf(monoMs: readonly number[], intervalMs: number): number {
  const counts = new Array<number>(intervalMs).fill(0);
  for (const ms of monoMs) counts[ms % intervalMs]!++;
  return counts.indexOf(Math.max(...counts)) - EARLY_MS;
}

export type Grid = { readonly fromMs: number; readonly gpus: number; readonly intervalMs: number };

/**
 * Reads a history of the stand-in driver's cards.
 * @returns `misses`: moments of the recorder's grid for which no sample was stored, however late; `unread`: samples without
 *   a temperature
 */
export function storedTicks(file: string, { fromMs, gpus, intervalMs }: Grid) {
  const opened = openForReading(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  const taken: { readonly tsMs: number; readonly monoMs: number }[] = [];
  let unread = 0;
  for (let gpu = 0; gpu < gpus; gpu++) {
    let monoMs = 0;
    for (const { tsMs, dtMs, frame } of store.samplesBetween(uuidOf(gpu), fromMs, Infinity)) {
      if (valueOf(frame, 'coreTempC') === undefined) unread++;
      monoMs += dtMs ?? 0;
      if (gpu === 0) taken.push({ tsMs, monoMs }); // a tick is a row of all cards
    }
  }
  store.close();
  const phase = phaseOf(
    taken.map(({ monoMs }) => monoMs),
    intervalMs,
  );
  const slotOf = (monoMs: number): number => Math.floor((monoMs - phase) / intervalMs);
  const misses = taken.flatMap(({ tsMs, monoMs }, i): Miss[] => {
    const before = i > 1 ? taken[i - 1] : undefined; // the first is taken at once, beside the grid
    const ticks = before ? slotOf(monoMs) - slotOf(before.monoMs) - 1 : 0;
    return before && ticks > 0 ? [{ fromMs: before.tsMs, toMs: tsMs, ticks }] : [];
  });
  return { ticks: taken.length, unread, misses };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../app/recorder/store.ts';
import { COUNTER_LAG_MS } from '../app/workload/energy/span.ts';
import type { Recording } from './recording.ts';

const LOOK_MS = 10;
/** A source that sets its own pace has a sample within the longest interval, and a while to read it. */
const PATIENCE_MS = 6_000;

type Samples = Pick<Store, 'gpus' | 'samplesBetween'>;

/** The stamp of the first stored sample since a moment; undefined: there is none yet. */
function firstSince(store: Samples, sinceMs: number): number | undefined {
  for (const { uuid } of store.gpus.list())
    for (const { tsMs } of store.samplesBetween(uuid, sinceMs, sinceMs + 2 * PATIENCE_MS)) return tsMs;
  return undefined;
}

/** Has a sample taken at once. @returns when the first since now was taken; undefined: none came in time */
async function sampleNow(
  store: Samples,
  recording: Recording,
  stopped: () => boolean = () => false,
): Promise<number | undefined> {
  const sinceMs = Date.now();
  recording.sampleNow();
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(LOOK_MS)) {
    const tsMs = firstSince(store, sinceMs);
    if (tsMs !== undefined) return tsMs;
    if (stopped()) break;
  }
  return undefined;
}

/** A command begins or ends with a sample if there is one this soon. */
const AT_ONCE_MS = 250;

/**
 * A sample at the start of a command, and one as soon as the energy counter must contain all energy before the start.
 * @param stopped the person does not want to wait any longer
 * @returns when the command starts, ms since 1970
 */
export async function sampleAtStart(store: Samples, recording: Recording, stopped: () => boolean): Promise<number> {
  const tsMs = await sampleNow(store, recording, stopped);
  setTimeout(recording.sampleNow, COUNTER_LAG_MS + LOOK_MS).unref();
  return tsMs ?? Date.now();
}

/** The same for its end. @returns when the command ended */
export async function sampleAtEnd(store: Samples, recording: Recording): Promise<number> {
  const endedMs = Date.now();
  const tsMs = await sampleNow(store, recording);
  const atMs = tsMs !== undefined && tsMs - endedMs < AT_ONCE_MS ? tsMs : endedMs;
  if (tsMs === undefined) return atMs;
  await sleep(Math.max(0, atMs + COUNTER_LAG_MS + LOOK_MS - Date.now()));
  if (firstSince(store, atMs + COUNTER_LAG_MS) === undefined) await sampleNow(store, recording);
  return atMs;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '../../app/core/result.ts';
import { attach } from '../../app/recorder/socket/attach.node.ts';
import { folderPlaces } from '../../app/recorder/socket/places.node.ts';

/** So long the window's recorder may take to finish its writing. */
const WITHIN_MS = 10_000;
const TRY_EVERY_MS = 200;

/** Asks the recorder of a folder to hand it over. A window agrees; a terminal does not. */
async function agrees(folder: string): Promise<boolean> {
  const attached = await attach({ find: () => folderPlaces(folder), events: {}, follow: false });
  if (!attached.ok) return false;
  const answer = await attached.value.ask('recorder.handOver', undefined);
  attached.value.close();
  return answer.ok;
}

/**
 * Opens the service's recorder, also in a folder into which a window records: the window's recorder ends, and the window
 * attaches to the service.
 * @returns the first error where the folder was not handed over
 */
export async function takeFolder<T>(folder: string, open: () => Promise<Result<T>>): Promise<Result<T>> {
  const first = await open();
  if (first.ok || first.error.code !== 'database-busy' || !(await agrees(folder))) return first;
  for (const endMs = performance.now() + WITHIN_MS; performance.now() < endMs; await sleep(TRY_EVERY_MS)) {
    const again = await open();
    if (again.ok || again.error.code !== 'database-busy') return again;
  }
  return first;
}

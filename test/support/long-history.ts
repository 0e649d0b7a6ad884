import path from 'node:path';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { frameWith, tickWith } from './frames.ts';

const HOUR = 3_600_000;
const EVERY_MS = 600_000;

export const OLD_HOURS = 812;
export const RECENT_HOURS = 388;
const OLD_MS = 500 * 24 * HOUR;

/** A sealed history of 1,200 hours: 812 that the default limit of 365 days would delete, and 388 that end now. */
export function writeLongHistory(folder: string, gpus: number, name = 'history.db'): void {
  const opened = openDatabase(path.join(folder, name));
  if (!opened.ok) throw new Error(opened.error.message);
  const { db } = opened.value;
  db.pragma('synchronous = OFF');
  const store = createStore(db);
  const endMs = Math.floor(Date.now() / HOUR) * HOUR; // whole hours
  const frames = Array.from({ length: gpus }, () => frameWith({ coreTempC: 50, powerW: 200 }));
  const record = (fromMs: number, hours: number): void => {
    for (let tsMs = fromMs; tsMs < fromMs + hours * HOUR; tsMs += EVERY_MS)
      store.append(tickWith(tsMs, tsMs === fromMs ? undefined : EVERY_MS, frames));
  };
  db.transaction(() => {
    record(endMs - OLD_MS, OLD_HOURS);
    record(endMs - RECENT_HOURS * HOUR, RECENT_HOURS);
  })();
  while (store.tidy(Date.now()));
  store.close();
}

import fs from 'node:fs';
import path from 'node:path';
import { z } from '../../core/zod.ts';
import { writeNote } from '../../core/atomic-write.node.ts';
import { readInput } from '../../core/read-input.node.ts';
import { makeFolder } from '../../core/folders.node.ts';
import { isAlive } from '../../core/recorder-note.node.ts';
import type { Totals } from './counts.ts';

/**
 * How a meter reports its counts to the collector: one small file per meter in the data folder. The collector matches it
 * with the program that listens on the port behind the meter.
 */
const schema = z.object({
  pid: z.int().positive(),
  /** port of the server behind it; null: not on this machine */
  upstreamPort: z.int().nullable(),
  requests: z.number(),
  running: z.number(),
  tokens: z.number(),
  promptTokens: z.number(),
  images: z.number(),
  /** answers whose tokens are only known to be some number or more */
  inexact: z.number().default(0),
  busyMs: z.number(),
  model: z.string().optional(),
});
export type MeterNote = z.infer<typeof schema>;

const LARGEST_NOTE = 64 * 1024;

const folderOf = (dataFolder: string): string => path.join(dataFolder, 'meters');

export function openMeterNote(dataFolder: string, upstreamPort: number | null) {
  const folder = folderOf(dataFolder);
  const file = path.join(folder, `${process.pid}.json`);
  makeFolder(folder);
  return {
    write(totals: Omit<Totals, 'atLeast'>): void {
      const note: MeterNote = { pid: process.pid, upstreamPort, ...totals };
      writeNote(file, JSON.stringify(note));
    },
    remove: (): void => fs.rmSync(file, { force: true }),
  };
}

/** Notes of the meters that are running. A stale note of a killed meter is ignored. */
export function readMeterNotes(dataFolder: string): MeterNote[] {
  let names: string[];
  try {
    names = fs.readdirSync(folderOf(dataFolder));
  } catch {
    return []; // no meter was ever started
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        const text = readInput(path.join(folderOf(dataFolder), name), LARGEST_NOTE);
        const note = text.ok ? schema.safeParse(JSON.parse(text.value.toString())).data : undefined;
        return note && isAlive(note.pid) ? [note] : [];
      } catch {
        return []; // it was removed since it was listed
      }
    });
}

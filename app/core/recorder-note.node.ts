import fs from 'node:fs';
import path from 'node:path';
import { z } from './zod.ts';
import { ownCost } from './own-cost.ts';
import { writeNote } from './atomic-write.node.ts';
import { isRunning, processStart } from './process-start.node.ts';
import { readInput } from './read-input.node.ts';
import { recorderKinds } from './recorder-kinds.ts';

const schema = z.object({
  pid: z.int(),
  /** when it started: another program may have its PID by now */
  startedAt: z.string().default(''),
  databaseFile: z.string(),
  /** label of the source */
  source: z.string().optional(),
  startedBy: z.enum(recorderKinds).optional(),
  /** the socket on which it answers; absent: it has none */
  socket: z.string().optional(),
  /** when recording began, and when this note was written, ms since 1970 */
  sinceMs: z.number().optional(),
  notedMs: z.number().optional(),
  /** time between samples, ms */
  intervalMs: z.number().optional(),
  /** names of the cards of the newest tick */
  cards: z.array(z.string()).optional(),
  /** why nothing is stored now, or why the source does not answer */
  fault: z.object({ message: z.string(), next: z.string().optional() }).optional(),
  /** what recording has cost, as of the last minute */
  cost: ownCost.optional(),
});
export type Recorder = Omit<z.infer<typeof schema>, 'startedAt'>;

const LARGEST_NOTE = 64 * 1024;

const fileOf = (folder: string): string => path.join(folder, 'recorder.json');

/** Notes which process records into this folder, and to which file. Only informs: the lock (database.node.ts) decides. */
export const writeRecorder = (folder: string, recorder: Recorder): void =>
  writeNote(fileOf(folder), `${JSON.stringify({ ...recorder, startedAt: processStart(recorder.pid) })}\n`);

/** The process that records into this folder now. A stale file left by a killed recorder is ignored. */
export function readRecorder(folder: string): Recorder | undefined {
  try {
    const text = readInput(fileOf(folder), LARGEST_NOTE);
    const note = text.ok ? schema.safeParse(JSON.parse(text.value.toString())).data : undefined;
    return note && isRunning(note) ? note : undefined;
  } catch {
    return undefined; // missing or incomplete
  }
}

/** Process number in a note that its recorder did not remove: that recorder crashed, was killed, or lost power. */
export function diedRecorder(folder: string): number | undefined {
  try {
    const text = readInput(fileOf(folder), LARGEST_NOTE);
    const note = text.ok ? schema.safeParse(JSON.parse(text.value.toString())).data : undefined;
    return note && !isRunning(note) ? note.pid : undefined;
  } catch {
    return undefined;
  }
}

export const removeRecorder = (folder: string): void => fs.rmSync(fileOf(folder), { force: true });

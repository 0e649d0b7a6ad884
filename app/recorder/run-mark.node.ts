import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { syncFolder, writeAtomically } from '../core/atomic-write.node.ts';
import type { Origin } from '../core/origin.ts';
import { readOwnFile } from '../core/read-input.node.ts';
import { z } from '../core/zod.ts';
import { shutdownSince, type Shutdown } from './shutdown-record.ts';

const schema = z.object({
  pid: z.int(),
  /** the kernel's number of its run; absent where the system has none */
  bootId: z.string().optional(),
  /** device and inode of the folder's lock: another one in a copy of the folder, such as a backup that is put back */
  place: z.string(),
  /** name of the history that it records to */
  databaseFile: z.string(),
  startedMs: z.number(),
});
export type RunMark = z.infer<typeof schema>;

const LARGEST = 64 * 1024;
const fileOf = (folder: string): string => path.join(folder, 'running.json');

function placeOf(folder: string): string {
  const { dev, ino } = fs.statSync(path.join(folder, 'recorder.lock'), { bigint: true });
  return `${dev}:${ino}`;
}

/** Linux alone: Windows and others name their boots in ways that cannot be told from a suspend. */
function bootId(file = '/proc/sys/kernel/random/boot_id'): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The mark that an earlier recorder of this folder left because it did not end. A damaged or copied one counts for nothing. */
function read(folder: string): RunMark | undefined {
  try {
    const found = readOwnFile(fileOf(folder), LARGEST);
    const mark = found.ok && found.value ? schema.safeParse(JSON.parse(found.value.toString())).data : undefined;
    return mark?.place === placeOf(folder) ? mark : undefined;
  } catch {
    return undefined; // missing, or not ours
  }
}

/**
 * A note on the disk that a recorder runs: whatever ends it without `end` leaves the note for the next one. Simulated and
 * replayed cards have none, because they say nothing about this machine.
 */
export function createRunMark(folder: string, databaseFile: string, origin: Origin) {
  const real = origin === 'measured';
  const name = path.basename(databaseFile);
  const found = real ? read(folder) : undefined;

  /** The recorder has ended in order. On the disk when this returns: a power cut a moment later is not its end. */
  function end(): void {
    process.off('exit', end);
    if (!real) return;
    try {
      fs.rmSync(fileOf(folder), { force: true });
      syncFolder(folder);
    } catch {
      // the folder is gone, and the mark with it
    }
  }

  return {
    /** of an earlier recorder into the same history that did not end */
    left: found?.databaseFile === name ? found : undefined,
    begin(startedMs: number): void {
      if (!real) return;
      const id = bootId();
      const boot = id === undefined ? {} : { bootId: id };
      const mark: RunMark = { pid: process.pid, ...boot, place: placeOf(folder), databaseFile: name, startedMs };
      writeAtomically(fileOf(folder), `${JSON.stringify(mark)}\n`);
      process.on('exit', end); // also after an error, or when a pipe is closed: the machine runs on
    },
    end,
  };
}

export type ThisBoot = {
  readonly bootId: string | undefined;
  readonly startedMs: number;
  /** how the boot ended that was running at a moment */
  readonly endOf: (atMs: number) => Shutdown;
};

const WTMP_BYTES = 384 * 4096;

/** The boot that this process runs in, and what the system recorded about the one before. */
export function thisBoot(wtmp = '/var/log/wtmp'): ThisBoot {
  return {
    bootId: bootId(),
    startedMs: Date.now() - os.uptime() * 1000,
    endOf(atMs) {
      if (process.arch !== 'x64') return { recorded: 'unknown' }; // other layouts
      try {
        const bytes = fs.readFileSync(wtmp);
        return shutdownSince(bytes.subarray(Math.max(0, bytes.length - (bytes.length % 384) - WTMP_BYTES)), atMs);
      } catch {
        return { recorded: 'unknown' };
      }
    },
  };
}

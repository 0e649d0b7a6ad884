import fs from 'node:fs';

/** A process. Its PID alone is not enough: the next boot, or a busy system, gives the same PID to another program. */
export type ProcessId = {
  readonly pid: number;
  /** when it started, as `processStart` says; empty: not known */
  readonly startedAt: string;
};

function readOrNone(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return undefined; // it has ended, or the system has no such file
  }
}

/**
 * Fields of `/proc/PID/stat` from the state on: proc(5) numbers them from 3. Undefined: the process has ended.
 * @param stat content of the file: the name in it may hold anything, so the last bracket counts
 */
export const statFields = (stat: string): readonly string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
/** Position of the start time, in clock ticks after boot: field 22. */
export const START_TICKS = 19;

let bootId: string | undefined;

/**
 * When a process started, as a text that no other process shares with it, on this boot or another one: the boot's id and
 * the clock ticks since. Empty where the system does not say (not Linux). Undefined: there is no such process, or only its
 * exit code is left.
 */
export function processStart(pid: number): string | undefined {
  if (process.platform !== 'linux') return '';
  const stat = readOrNone(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = statFields(stat);
  if (fields[0] === 'Z') return undefined;
  bootId ??= readOrNone('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return `${bootId}:${fields[START_TICKS]}`;
}

/** Whether a process with this PID is running. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only checks
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'; // it runs as another user
  }
}

/**
 * Whether this very process is running.
 * @param startOf when the process that has the PID now started
 */
export function isRunning({ pid, startedAt }: ProcessId, startOf = processStart): boolean {
  if (!isAlive(pid)) return false;
  if (startedAt === '') return true; // noted by a version that knew the PID alone, or the system does not say
  const now = startOf(pid);
  return now === '' || now === startedAt;
}

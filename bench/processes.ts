// What the processes of a program use, as Linux counts it.
import fs from 'node:fs';

const TICKS_A_SECOND = 100; // USER_HZ: the unit of times in /proc, whatever the kernel's own clock is (proc(5))

export type Process = { readonly pid: number; readonly name: string };

/** Fields of /proc/PID/stat after the command's name, which may hold spaces and brackets; none when it has ended. */
function statOf(pid: number | string): readonly string[] {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** CPU time of a process so far, with its threads that have ended; ms. */
export function cpuMsOf(pid: number): number {
  const [utime = 0, stime = 0] = statOf(pid).slice(11, 13).map(Number);
  return ((utime + stime) * 1000) / TICKS_A_SECOND;
}

/**
 * CPU time of the threads that a process has now; ms. To the nanosecond, where `cpuMsOf` counts hundredths of a second, but
 * without threads that have ended.
 */
export const threadsMsOf = (pid: number): number =>
  fs
    .readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6)
    .reduce((a, b) => a + b, 0);

/** A process and all below it, by the names that Chromium gives them. */
export function processesBelow(top: number): Process[] {
  const parents = fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(statOf(name)[1])] as const);
  const below = (pid: number): number[] => [
    pid,
    ...parents.filter(([, parent]) => parent === pid).flatMap(([child]) => below(child)),
  ];
  return below(top).map((pid) => ({ pid, name: nameOf(pid) }));
}

function nameOf(pid: number): string {
  const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  const type = /--type=([\w-]+)/.exec(command)?.[1];
  const service = /--utility-sub-type=([\w.]+)/.exec(command)?.[1];
  return service ?? type ?? 'main';
}

/** Fields of a process's memory, MiB. */
function memoryFields(pid: number): (key: string) => number {
  const rollup = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
}

/** Memory of a process in MiB, shared pages divided among their users (PSS). */
export function memoryOf(pid: number): { readonly rss: number; readonly pss: number } {
  const mib = memoryFields(pid);
  return { rss: mib('Rss'), pss: mib('Pss') };
}

/** Memory that no other process shares (USS), MiB: what is free again when the process ends. */
export function privateMiBOf(pid: number): number {
  const mib = memoryFields(pid);
  return mib('Private_Clean') + mib('Private_Dirty');
}

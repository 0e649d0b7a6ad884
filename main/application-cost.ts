import fs from 'node:fs';
import { app } from 'electron';

export type ApplicationCost = { readonly cpuPct: number; readonly memoryBytes: number };

const PAGE = 4096; // on x86-64, the only processor for which Linux builds are made

/** Pages of a process, resident and shared with files (proc_pid_statm(5)). None when it has ended meanwhile. */
function pagesOf(pid: number): readonly [resident: number, shared: number] {
  try {
    const [, resident = 0, shared = 0] = fs.readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number);
    return [resident, shared];
  } catch {
    return [0, 0];
  }
}

/**
 * Memory of the application's processes. They map the same program files: on Linux what each has for itself is added up,
 * and what they share is counted once, as large as in the one that has most of it. Elsewhere the private bytes, where
 * Electron tells them, else the working sets with shared memory counted in each.
 */
function memoryBytes(processes: readonly Electron.ProcessMetric[]): number {
  if (process.platform !== 'linux')
    return processes.reduce((all, { memory }) => all + 1024 * (memory.privateBytes ?? memory.workingSetSize), 0);
  const pages = processes.map(({ pid }) => pagesOf(pid));
  const own = pages.reduce((all, [resident, shared]) => all + resident - shared, 0);
  return PAGE * (own + Math.max(...pages.map(([, shared]) => shared)));
}

/** CPU since the last call, in percent of one core, and memory of all of the application's processes. */
export function applicationCost(): ApplicationCost {
  const processes = app.getAppMetrics();
  const cpuPct = processes.reduce((all, { cpu }) => all + cpu.percentCPUUsage, 0);
  return { cpuPct, memoryBytes: memoryBytes(processes) };
}

import fs from 'node:fs';
import { app } from 'electron';

export type ApplicationCost = { readonly cpuPct: number; readonly memoryBytes: number };

const PAGE = 4096; // on x86-64, the only processor for which Linux builds are made

/**
 * Memory of the application's processes. They map the same program files: on Linux what each has for itself is added up,
 * and what they share is counted once, as large as in the one that has most of it (proc_pid_statm(5): resident, shared).
 * Elsewhere the private bytes, where Electron tells them, else the working sets with shared memory counted in each.
 */
function memoryBytes(processes: readonly Electron.ProcessMetric[]): number {
  const sum = (of: (metric: Electron.ProcessMetric) => number) => processes.reduce((all, one) => all + of(one), 0);
  const told = (): number => 1024 * sum(({ memory }) => memory.privateBytes ?? memory.workingSetSize);
  if (process.platform !== 'linux') return told();
  try {
    const pages = processes.map(({ pid }) => fs.readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number));
    const own = pages.reduce((all, [, resident = 0, shared = 0]) => all + resident - shared, 0);
    return PAGE * (own + Math.max(...pages.map(([, , shared = 0]) => shared)));
  } catch {
    return told(); // a process ended meanwhile
  }
}

/** CPU since the last call, in percent of one core, and memory of all of the application's processes. */
export function applicationCost(): ApplicationCost {
  const processes = app.getAppMetrics();
  const cpuPct = processes.reduce((all, { cpu }) => all + cpu.percentCPUUsage, 0);
  return { cpuPct, memoryBytes: memoryBytes(processes) };
}

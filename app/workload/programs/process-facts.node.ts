import fs from 'node:fs';
import { processStart, START_TICKS, statFields } from '../../core/process-start.node.ts';
import { MATCHED } from './invocation.ts';
import type { ProcessFacts } from './match.ts';
import { splitCommandLine } from './command-line.ts';
import { SESSION_MARK } from './process-tree.node.ts';
import { openWindowsProcesses, type WindowsProcesses } from './windows-process.node.ts';

const GENERATIONS = 12;
const LONGEST = 64 * 1024;

const buffer = Buffer.allocUnsafe(LONGEST);

/** The beginning of a file in /proc, with as few system calls as possible, because it is read often. */
const read = (file: string, most = LONGEST): string | undefined => {
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, 'r');
    let length = 0;
    for (let got = -1; got !== 0; length += got) got = fs.readSync(fd, buffer, length, most - length, null);
    return buffer.toString('latin1', 0, length);
  } catch {
    return undefined; // the process has ended or belongs to another user
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
};

const commandOf = (pid: number): string[] => {
  const text = read(`/proc/${pid}/cmdline`, MATCHED) ?? '';
  return Buffer.from(text, 'latin1').toString('utf8').split('\0').filter(Boolean);
};

/** Start time in clock ticks after boot, and the parent; undefined when the process is gone. */
export function identityOf(pid: number): { readonly startedAt: string; readonly parent: number } | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = statFields(stat);
  return fields[0] === 'Z' ? undefined : { parent: Number(fields[1]), startedAt: fields[START_TICKS]! };
}

/** The process that the mark in an environment names. */
function markOf(environment: string): number | undefined {
  const mark = environment.split('\0').find((variable) => variable.startsWith(`${SESSION_MARK}=`));
  const [, pid] = /^(\d+)-/.exec(mark?.slice(SESSION_MARK.length + 1) ?? '') ?? [];
  return pid === undefined ? undefined : Number(pid);
}

export type KnownProcess = ProcessFacts & {
  /** PID of the `slowburn run` that started it, even if it has another parent now */
  readonly markedBy?: number;
};

type Ancestor = { pid: number; startedAt: string; command: string[] };

const windows = process.platform === 'win32' ? openWindowsProcesses() : undefined;

/** A process about which the system reports nothing: only the driver's name for it is known. */
const byNameAlone = (pid: number, name: string): KnownProcess => ({
  pid,
  startedAt: '',
  command: [name],
  ancestors: [],
});

/** What Windows reports about a process. A parent that started later is another process that reuses the PID. */
export function readWindowsFacts(processes: WindowsProcesses, pid: number, name: string): KnownProcess {
  const own = processes.of(pid);
  if (!own) return byNameAlone(pid, name); // it belongs to the system or another user
  const commandOfWindows = (line: string | undefined) => (line ? splitCommandLine(line.slice(0, MATCHED)) : []);
  const ancestors: Ancestor[] = [];
  for (let child = own; ancestors.length < GENERATIONS;) {
    const parent = processes.of(child.parent);
    if (!parent || BigInt(parent.startedAt) > BigInt(child.startedAt)) break;
    const command = commandOfWindows(parent.commandLine);
    ancestors.push({ pid: child.parent, startedAt: parent.startedAt, command });
    if (parent.parent === child.parent) break;
    child = parent;
  }
  const command = commandOfWindows(own.commandLine);
  return { pid, startedAt: own.startedAt, command: command.length > 0 ? command : [name], ancestors };
}

/** What the system reports about a process. Undefined: it has ended. */
export function readFacts(pid: number, name: string): KnownProcess | undefined {
  if (windows) return readWindowsFacts(windows, pid, name);
  if (process.platform !== 'linux') return byNameAlone(pid, name);
  const identity = identityOf(pid);
  if (!identity) return undefined;
  const ancestors: Ancestor[] = [];
  for (let parent = identity.parent; parent > 1 && ancestors.length < GENERATIONS;) {
    const known = identityOf(parent);
    ancestors.push({ pid: parent, startedAt: known?.startedAt ?? '', command: commandOf(parent) });
    parent = known?.parent ?? 0;
  }
  const command = commandOf(pid);
  let folder: string | undefined;
  try {
    folder = fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    folder = undefined; // it belongs to another user
  }
  // the control group names units and containers; only podman's monitor names the container
  const monitor = ancestors.find((ancestor) => /conmon|containerd-shim/.test(ancestor.command[0] ?? ''));
  const place = [read(`/proc/${pid}/cgroup`)?.trim(), monitor?.command.join(' ')].filter(Boolean).join('\n');
  const markedBy = markOf(read(`/proc/${pid}/environ`) ?? '');
  return {
    pid,
    startedAt: identity.startedAt,
    command: command.length > 0 ? command : [name],
    ancestors,
    ...(folder !== undefined && { folder }),
    ...(place !== '' && { place }),
    ...(markedBy !== undefined && { markedBy }),
  };
}

/** When a process started, also on Windows, as a text that no other process shares with it: see `processStart`. */
export const startOf = (pid: number): string | undefined =>
  windows ? (windows.of(pid)?.startedAt ?? '') : processStart(pid);

/** When the process that has a PID now started, as its facts say it. A process that reuses a PID has another start time. */
export function startedAtOf(pid: number): string | undefined {
  if (windows) return windows.of(pid)?.startedAt ?? '';
  return process.platform === 'linux' ? identityOf(pid)?.startedAt : '';
}

/** Facts of processes, kept while they run: looking up a known process costs one small read. */
export function createFactsCache() {
  const kept = new Map<number, KnownProcess>();
  return {
    of(pid: number, name: string): KnownProcess | undefined {
      const before = kept.get(pid);
      if (before && startedAtOf(pid) === before.startedAt) return before;
      const facts = readFacts(pid, name);
      if (facts) kept.set(pid, facts);
      else kept.delete(pid);
      return facts;
    },
    /** Forgets all other processes. */
    keep(pids: ReadonlySet<number>): void {
      for (const pid of kept.keys()) if (!pids.has(pid)) kept.delete(pid);
    },
  };
}

import fs from 'node:fs';
import { MATCHED, type ProcessFacts } from './match.ts';
import { splitCommandLine } from './command-line.ts';
import { SESSION_MARK } from './process-tree.node.ts';
import { openWindowsProcesses, type WindowsProcesses } from './windows-process.node.ts';

const GENERATIONS = 12;
const LONGEST = 64 * 1024;

const buffer = Buffer.allocUnsafe(LONGEST);

/** The beginning of a file of /proc, with as few calls as can be: it is asked often. */
const read = (file: string, most = LONGEST): string | undefined => {
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, 'r');
    let length = 0;
    for (let got = -1; got !== 0; length += got) got = fs.readSync(fd, buffer, length, most - length, null);
    return buffer.toString('latin1', 0, length);
  } catch {
    return undefined; // gone, or another user's: not told
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
  // pid (name) state ppid … starttime is field 22 (proc(5)); the name may hold anything, so the last bracket counts
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : { parent: Number(fields[1]), startedAt: fields[19]! };
}

/** The process named by the mark in an environment, where there is one. */
function markOf(environment: string): number | undefined {
  const mark = environment.split('\0').find((variable) => variable.startsWith(`${SESSION_MARK}=`));
  const [, pid] = /^(\d+)-/.exec(mark?.slice(SESSION_MARK.length + 1) ?? '') ?? [];
  return pid === undefined ? undefined : Number(pid);
}

export type KnownProcess = ProcessFacts & {
  /** the `slowburn run` that started it, however it was re-parented */
  readonly markedBy?: number;
};

const windows = process.platform === 'win32' ? openWindowsProcesses() : undefined;

/** Of a process that nobody tells of, the driver's name is all there is. */
const byNameAlone = (pid: number, name: string): KnownProcess => ({
  pid,
  startedAt: '',
  command: [name],
  ancestors: [],
});

/** What Windows tells about a process. A parent that is younger is another one, to which its number was given. */
export function readWindowsFacts(told: WindowsProcesses, pid: number, name: string): KnownProcess {
  const own = told.of(pid);
  if (!own) return byNameAlone(pid, name); // the system's own, or another user's
  const commandOfWindows = (line: string | undefined) => (line ? splitCommandLine(line.slice(0, MATCHED)) : []);
  const ancestors: { pid: number; command: string[] }[] = [];
  for (let child = own; ancestors.length < GENERATIONS;) {
    const parent = told.of(child.parent);
    if (!parent || BigInt(parent.startedAt) > BigInt(child.startedAt)) break;
    ancestors.push({ pid: child.parent, command: commandOfWindows(parent.commandLine) });
    if (parent.parent === child.parent) break;
    child = parent;
  }
  const command = commandOfWindows(own.commandLine);
  return { pid, startedAt: own.startedAt, command: command.length > 0 ? command : [name], ancestors };
}

/** What the system, Linux or Windows, tells about a process. Undefined: it is gone. */
export function readFacts(pid: number, name: string): KnownProcess | undefined {
  if (windows) return readWindowsFacts(windows, pid, name);
  if (process.platform !== 'linux') return byNameAlone(pid, name);
  const identity = identityOf(pid);
  if (!identity) return undefined;
  const ancestors: { pid: number; command: string[] }[] = [];
  let parent = identity.parent;
  while (parent > 1 && ancestors.length < GENERATIONS) {
    ancestors.push({ pid: parent, command: commandOf(parent) });
    parent = identityOf(parent)?.parent ?? 0;
  }
  const command = commandOf(pid);
  let folder: string | undefined;
  try {
    folder = fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    folder = undefined; // another user's
  }
  // the control group names units and containers; podman's monitor names the container itself
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

/** A number that was given to another process has another start. */
function startedAtOf(pid: number): string | undefined {
  if (windows) return windows.of(pid)?.startedAt ?? '';
  return process.platform === 'linux' ? identityOf(pid)?.startedAt : '';
}

/** Facts of processes, remembered while they live: a look at a known one is one small read. */
export function createFactsCache() {
  const known = new Map<number, KnownProcess>();
  return {
    of(pid: number, name: string): KnownProcess | undefined {
      const before = known.get(pid);
      if (before && startedAtOf(pid) === before.startedAt) return before;
      const facts = readFacts(pid, name);
      if (facts) known.set(pid, facts);
      else known.delete(pid);
      return facts;
    },
    /** Forgets all but these. */
    keep(pids: ReadonlySet<number>): void {
      for (const pid of known.keys()) if (!pids.has(pid)) known.delete(pid);
    },
  };
}

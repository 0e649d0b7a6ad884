import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { readInput } from '../../core/read-input.node.ts';

/** Environment variable that marks everything a session started, however it was re-parented: PID of `slowburn run`, `-`, a word. */
export const SESSION_MARK = 'SLOWBURN_SESSION';

/** The kernel starts no program with more (execve(2)), but a program may claim any of its memory as its environment. */
const LARGEST_ENVIRONMENT = 8 * 2 ** 20;

type Parents = ReadonlyMap<number, number>;
const execute = promisify(execFile);

/** Parent of each process, from /proc. A process that ends while it is read is left out. */
function linuxParents(): Parents {
  const parents = new Map<number, number>();
  for (const name of fs.readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      // pid (name) state ppid …: the name may hold anything, so the last bracket counts
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state !== 'Z') parents.set(pid, Number(ppid));
    } catch (thrown) {
      if (!['ENOENT', 'ESRCH'].includes((thrown as NodeJS.ErrnoException).code ?? '')) throw thrown;
    }
  }
  return parents;
}

async function windowsParents(): Promise<Parents> {
  const query = 'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId)" }';
  const { stdout } = await execute('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', query], {
    windowsHide: true,
  });
  return new Map(
    stdout
      .trim()
      .split(/\r?\n/)
      .map((line) => line.split(' ').map(Number) as [number, number]),
  );
}

function isMarked(pid: number, mark: string): boolean {
  if (process.platform !== 'linux') return false;
  const environment = readInput(`/proc/${pid}/environ`, LARGEST_ENVIRONMENT); // fails if gone, or another user's
  return environment.ok && environment.value.includes(`${SESSION_MARK}=${mark}\0`);
}

export type ProcessTree = {
  /** every process that ever belonged to the tree */
  readonly everSeen: ReadonlySet<number>;
  /** Looks again; resolves to the number of processes alive now, the root included. */
  readonly refresh: () => Promise<number>;
};

/** Follows the processes that come from `root`, by parentage and by the session's mark in their environment. */
export function followTree(root: number, mark: string): ProcessTree {
  const everSeen = new Set([root]);
  const judged = new Set<number>([process.pid, root]);

  return {
    everSeen,
    async refresh() {
      const parents = process.platform === 'win32' ? await windowsParents() : linuxParents();
      for (const pid of judged) if (!parents.has(pid) && pid !== process.pid) judged.delete(pid); // its number may be used again
      let found = true;
      while (found) {
        found = false;
        for (const [pid, parent] of parents) {
          if (judged.has(pid) || !everSeen.has(parent)) continue;
          judged.add(pid);
          everSeen.add(pid);
          found = true;
        }
      }
      for (const pid of parents.keys()) {
        if (judged.has(pid)) continue;
        judged.add(pid);
        if (isMarked(pid, mark)) everSeen.add(pid);
      }
      return [...everSeen].filter((pid) => parents.has(pid)).length;
    },
  };
}

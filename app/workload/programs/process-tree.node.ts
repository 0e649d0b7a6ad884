import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { readInput } from '../../core/read-input.node.ts';

/** Environment variable in every process that a session started: PID of `slowburn run`, `-`, a random word. */
export const SESSION_MARK = 'SLOWBURN_SESSION';

/** execve(2) allows no larger environment, but a process can declare any of its memory to be its environment. */
const LARGEST_ENVIRONMENT = 8 * 2 ** 20;

type Parents = ReadonlyMap<number, number>;
const execute = promisify(execFile);

/** Parent of each process, from /proc. Leaves out a process that ends while it is read. */
function linuxParents(): Parents {
  const parents = new Map<number, number>();
  for (const name of fs.readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      // pid (name) state ppid …: the name may contain anything, so the last bracket counts
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
  const environment = readInput(`/proc/${pid}/environ`, LARGEST_ENVIRONMENT); // fails if the process has ended or belongs to another user
  return environment.ok && environment.value.includes(`${SESSION_MARK}=${mark}\0`);
}

export type ProcessTree = {
  /** every process that was ever seen in the tree */
  readonly everSeen: ReadonlySet<number>;
  /** Looks for new processes. @returns how many are alive, including the root */
  readonly refresh: () => Promise<number>;
};

/** Follows the processes that `root` started: its descendants, and those with the session's mark. */
export function followTree(root: number, mark: string): ProcessTree {
  const everSeen = new Set([root]);
  const checked = new Set<number>([process.pid, root]);

  return {
    everSeen,
    async refresh() {
      const parents = process.platform === 'win32' ? await windowsParents() : linuxParents();
      for (const pid of checked) if (!parents.has(pid) && pid !== process.pid) checked.delete(pid); // its PID may be reused
      let found = true;
      while (found) {
        found = false;
        for (const [pid, parent] of parents) {
          if (checked.has(pid) || !everSeen.has(parent)) continue;
          checked.add(pid);
          everSeen.add(pid);
          found = true;
        }
      }
      for (const pid of parents.keys()) {
        if (checked.has(pid)) continue;
        checked.add(pid);
        if (isMarked(pid, mark)) everSeen.add(pid);
      }
      return [...everSeen].filter((pid) => parents.has(pid)).length;
    },
  };
}

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { onTestFinished } from 'vitest';
import { identityOf } from '../../app/workload/programs/process-facts.node.ts';

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something is so; the answer says whether it came to be. */
export async function until(done: () => boolean, withinMs = 20_000): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(10)) if (done()) return true;
  return done();
}

const statOf = (pid: number): string[] => {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** A process that exists, as the kernel reports it. */
export type Watched = {
  readonly pid: number;
  readonly startedAt: string;
  readonly stopped: () => boolean;
  readonly group: () => number;
};

export function watched(pid: number): Watched {
  return {
    pid,
    startedAt: identityOf(pid)!.startedAt,
    stopped: () => statOf(pid)[0] === 'T',
    group: () => Number(statOf(pid)[2]),
  };
}

/** A program that sleeps, until the test ends. */
export function sleeper(options: { readonly uid?: number; readonly detached?: boolean } = {}): Watched {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore', ...options });
  onTestFinished(() => void child.kill('SIGKILL'));
  return watched(child.pid!);
}

/** A process of a user other than the one that runs the tests. */
export function someoneElses(): Watched {
  if (process.getuid!() === 0) return sleeper({ uid: 65_534 });
  const pid = fs
    .readdirSync('/proc')
    .find((name) => /^\d+$/.test(name) && fs.statSync(`/proc/${name}`).uid !== process.getuid!());
  return watched(Number(pid));
}

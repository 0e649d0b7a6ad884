import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { err, ok, type Result } from '../../result.ts';
import { makeFolder } from '../../settings/folders.node.ts';
import { tapScript } from './tap-script.ts';

export type TapOptions = {
  /** written before each change; what is left in it after a crash is undone by the next tap */
  readonly journal: string;
  readonly smi?: string;
  /** asks the person for rights: `pkexec`; undefined: as oneself */
  readonly elevate?: string;
  /** everything was undone, because the tap died or telemetry did */
  readonly onUndone?: (why: 'tap-lost') => void;
};

export type Tap = {
  readonly stop: (pid: number, startedAt: string) => Promise<Result<undefined>>;
  readonly resume: (pid: number, startedAt: string) => Promise<Result<undefined>>;
  readonly setCap: (gpuUuid: string, watts: number) => Promise<Result<undefined>>;
  readonly releaseCap: (gpuUuid: string) => Promise<Result<undefined>>;
  /** Lets everything go; the tap stays. */
  readonly undo: () => Promise<Result<undefined>>;
  /** Lets everything go and ends the tap. */
  readonly close: () => Promise<void>;
  readonly pid: () => number | undefined;
};

const ANSWER_MS = 15_000;
const RESTART_MS = 100;

/**
 * Starts the tap in a session of its own, so that neither a terminal's Ctrl-C nor the end of our group reaches it: only
 * the end of its input does. When it is killed itself, another takes its place at once and undoes what its journal says.
 */
export function openTap({ journal, smi = 'nvidia-smi', elevate, onUndone }: TapOptions): Tap {
  let child: ChildProcess | undefined;
  let closing = false;
  let waiting: ((line: string | undefined) => void)[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let ready: Promise<boolean> = Promise.resolve(false);
  makeFolder(path.dirname(journal));

  function start(): void {
    const args = ['-c', tapScript, 'slowburn-tap', journal, smi];
    const [program, all] = elevate ? [elevate, ['/bin/sh', ...args]] : ['/bin/sh', args];
    const started = spawn(program, all, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    child = started;
    waiting = [];
    ready = answer(60_000).then((line) => line === 'ready');
    started.stdin.on('error', () => undefined); // it has ended: the exit says so
    createInterface({ input: started.stdout }).on('line', (line) => waiting.shift()?.(line));
    const gone = (): void => {
      const lost = waiting;
      waiting = [];
      lost.forEach((answered) => answered(undefined));
      if (child !== started) return;
      child = undefined;
      if (closing) return;
      // with rights it is not started again unasked: a password prompt out of nothing would be worse
      if (!elevate) setTimeout(() => !closing && start(), RESTART_MS);
      onUndone?.('tap-lost');
    };
    started.on('exit', gone);
    started.on('error', () => {
      closing = true; // there is no such program: trying again would not help
      gone();
    });
  }

  const answer = (deadlineMs: number): Promise<string | undefined> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), deadlineMs);
      waiting.push((line) => {
        clearTimeout(timer);
        resolve(line);
      });
    });

  async function say(line: string): Promise<Result<undefined>> {
    if (!(await ready) || !child?.stdin?.writable)
      return err('not-ready', 'The helper that holds the tap is not running.');
    const answered = answer(ANSWER_MS);
    child.stdin.write(`${line}\n`);
    const said = await answered;
    if (said === 'ok') return ok(undefined);
    return said === undefined
      ? err('timeout', 'The helper that holds the tap did not answer.')
      : err('forbidden', `It was refused: ${said.replace(/^no: /, '')}.`);
  }

  /** One at a time, in order. */
  const inTurn = (line: string): Promise<Result<undefined>> => {
    const turn = queue.then(() => say(line));
    queue = turn;
    return turn;
  };

  start();
  return {
    stop: (pid, startedAt) => inTurn(`stop ${pid} ${startedAt}`),
    resume: (pid, startedAt) => inTurn(`cont ${pid} ${startedAt}`),
    setCap: (gpuUuid, watts) => inTurn(`cap ${gpuUuid} ${Math.round(watts)}`),
    releaseCap: (gpuUuid) => inTurn(`release ${gpuUuid}`),
    undo: () => inTurn('undo'),
    pid: () => child?.pid,
    close: async () => {
      closing = true;
      const ending = child;
      if (!ending || ending.exitCode !== null) return;
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      ending.stdin?.end();
      await ended;
    },
  };
}

import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { err, ok, type Result } from '../../result.ts';
import { tapScript } from './tap-script.ts';

export type TapOptions = {
  /** written before each change; what is left in it after a crash is undone by the next tap */
  readonly journal: string;
  readonly smi?: string;
  /** asks the person for rights: `pkexec`; undefined: as oneself */
  readonly elevate?: string;
  /** the tap died: another undoes what it had done, at once or, where rights must be asked for, when it is next needed */
  readonly onLost?: (undone: boolean) => void;
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

/** Longer than the tap waits for one before it to end, and than the driver takes for a cap. */
const ANSWER_MS = 15_000;
/** A person may think about their password. */
const RIGHTS_MS = 60_000;
const RESTART_MS = 100;
const BUSY = err('not-ready', 'Another Slowburn holds the power caps or processes.', 'End it, then try again.');
const NO_RIGHTS = err('forbidden', 'The rights to set a power cap were not given.');
const NOT_RUNNING = err('not-ready', 'The helper that holds the tap is not running.');

/**
 * Starts the tap in a session of its own, so that neither a terminal's Ctrl-C nor the end of our group reaches it: only
 * the end of its input does. When it is killed itself, another takes its place at once and undoes what its journal says;
 * one with rights only when it is next asked for something, as a password prompt out of nothing would be worse.
 */
export function openTap({ journal, smi = 'nvidia-smi', elevate, onLost }: TapOptions): Tap {
  let child: ChildProcess | undefined;
  let closing = false;
  /** why there is none, and never will be */
  let failed: Result<undefined> | undefined;
  let busy = false;
  let waiting: ((line: string | undefined) => void)[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let ready: Promise<boolean> = Promise.resolve(false);

  function start(): void {
    const args = ['-c', tapScript, 'slowburn-tap', journal, smi];
    const [program, all] = elevate ? [elevate, ['/bin/sh', ...args]] : ['/bin/sh', args];
    const started = spawn(program, all, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    child = started;
    waiting = [];
    let begun = false;
    ready = answer(elevate ? RIGHTS_MS : ANSWER_MS).then((line) => {
      begun = line === 'ready';
      busy = line === 'busy';
      return begun;
    });
    started.stdin.on('error', () => undefined); // it has ended: the exit says so
    createInterface({ input: started.stdout }).on('line', (line) => waiting.shift()?.(line));
    const gone = (): void => {
      const lost = waiting;
      waiting = [];
      lost.forEach((answered) => answered(undefined));
      if (child !== started) return;
      child = undefined;
      if (closing || failed || busy) return;
      if (!elevate) setTimeout(() => child ?? (closing || start()), RESTART_MS);
      if (begun) onLost?.(!elevate);
    };
    started.on('exit', gone);
    started.on('error', () => {
      failed = elevate
        ? err(
            'forbidden',
            `Power caps need rights, and ${elevate} is not there to ask for them.`,
            `Install ${elevate}.`,
          )
        : err('not-ready', 'Processes and power caps are governed on Linux alone.');
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
    if (!child && !closing && !failed) start();
    if (!(await ready) || !child?.stdin?.writable) return failed ?? (busy ? BUSY : elevate ? NO_RIGHTS : NOT_RUNNING);
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

  fs.mkdirSync(path.dirname(journal), { recursive: true });
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
      // one was killed, and none has undone its work yet
      if (!child && !elevate && !failed && fs.existsSync(journal)) start();
      const ending = child;
      if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      ending.stdin?.end();
      await ended;
    },
  };
}

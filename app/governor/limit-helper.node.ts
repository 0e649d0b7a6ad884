import { text } from '../core/i18n.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { err, ok, type Err, type Result } from '../core/result.ts';
import { frameOf, type Verb } from './helper/frame.ts';
import { holdRefusals, type HoldRefusal } from './helper/hold.ts';
import { helperScript, limitOnlyScript } from './helper/script.ts';
import { watchdogScript } from './helper/watchdog.ts';

export type LimitHelperOptions = {
  /** written before each change; the next helper undoes what is left in it */
  readonly journal: string;
  readonly smi?: string;
  /** asks the person for rights: `pkexec`; undefined: as oneself */
  readonly elevate?: string;
  /** the helper died; `undone`: its watchdog has undone what it had done */
  readonly onLost?: (undone: boolean) => void;
};

/** A process: its number may be given to another one, its start time is not. */
export type ProcessId = { readonly pid: number; readonly startedAt: string };

export type LimitHelper = {
  /** Holds all processes of a program, or none of them and says why. */
  readonly hold: (processes: readonly ProcessId[]) => Promise<Result<'held' | HoldRefusal>>;
  readonly resume: (processes: readonly ProcessId[]) => Promise<Result<undefined>>;
  /** @param watts rounded; refused outside the limits of that card */
  readonly setLimit: (gpuUuid: string, watts: number) => Promise<Result<undefined>>;
  /** The limit that the card had before. */
  readonly restoreLimit: (gpuUuid: string) => Promise<Result<undefined>>;
  /** Undoes everything; the helper stays. */
  readonly undo: () => Promise<Result<undefined>>;
  /** Undoes everything and ends the helper. */
  readonly close: () => Promise<void>;
  readonly pid: () => number | undefined;
};

/** Its watchdog undoes everything after ten seconds without one (helper/script.ts). */
const HEARTBEAT_MS = 2_000;
/** Longer than the helper waits for another to finish undoing, and than the driver takes for a limit. */
const ANSWER_MS = 75_000;
/** A person may think about their password. */
const RIGHTS_MS = 60_000;
const notRunning = () => err('not-ready', text('governor.error.notRunning'), text('governor.error.notRunningNext'));
const noPermission = () => err('forbidden', text('governor.error.noPermission'));
const busyElsewhere = () => err('not-ready', text('governor.error.busy'), text('governor.error.busyNext'));
const noAnswer = () => err('timeout', text('governor.error.noAnswer'), text('governor.error.noAnswerNext'));

/** Undefined when the promise is not settled in time. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const isHoldRefusal = (word: string): word is HoldRefusal => holdRefusals.some((refusal) => refusal === word);

/** What the helper's refusals mean. */
function refusal(answer: string): Err {
  const [, word = '', detail = ''] = /^no (\S+)(?: (.*))?$/.exec(answer) ?? [];
  const printable = detail.replaceAll(/[^\x20-\x7e]/g, '');
  switch (word) {
    case 'not-listed':
      return err('not-found', text('governor.error.notListed'), text('governor.error.notListedNext'));
    case 'unknown-limits':
      return err('forbidden', text('governor.error.unknownLimits'));
    case 'out-of-range': {
      const [least, most] = printable.split(' ');
      return err('invalid-argument', text('governor.error.outOfRange', { least: Number(least), most: Number(most) }));
    }
    case 'no-journal':
      return err('write-failed', text('governor.error.noJournal'));
    case 'not-restored':
      return err('forbidden', text('governor.error.notRestored'), text('governor.error.notRestoredNext'));
    case 'refused':
      return err('forbidden', text('governor.error.refused', { reason: printable || text('governor.error.noReason') }));
    default:
      return err('invalid-argument', text('governor.error.invalid'));
  }
}

/**
 * Starts the limit helper in a separate session, so that neither Ctrl-C in a terminal nor the end of our process group
 * reaches it. It is sent a heartbeat. When it dies, its watchdog undoes everything; when both were killed, the next helper
 * does, which is started at once unless that would ask for a password.
 */
export function openLimitHelper({ journal, smi = 'nvidia-smi', elevate, onLost }: LimitHelperOptions): LimitHelper {
  let child: ChildProcess | undefined;
  /** resolves when the helper and its watchdog have ended */
  let ended: Promise<void> = Promise.resolve();
  let closing = false;
  /** why there is none, and never will be */
  let failed: Err | undefined;
  let busy = false;
  let waiting: ((line: string | undefined) => void)[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let ready: Promise<boolean> = Promise.resolve(false);

  function start(): void {
    const script = elevate ? limitOnlyScript : helperScript;
    const args = ['-c', script, 'slowburn-limit-helper', journal, smi, watchdogScript];
    const [program, all] = elevate ? [elevate, ['/bin/sh', ...args]] : ['/bin/sh', args];
    const started = spawn(program, all, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    child = started;
    waiting = [];
    let begun = false;
    ready = answer().then((line) => {
      begun = line === 'ready';
      busy = line === 'busy';
      const missing = /^lacks (.+)$/.exec(line ?? '')?.[1];
      if (missing) failed = err('not-ready', text('governor.error.lacks', { missing }));
      return begun;
    });
    const heartbeat = setInterval(() => {
      if (!begun || !started.stdin.writable) return;
      waiting.push(() => undefined);
      started.stdin.write('beat\n');
    }, HEARTBEAT_MS);
    started.stdin.on('error', () => undefined); // it has ended: the exit says so
    createInterface({ input: started.stdout }).on('line', (line) => waiting.shift()?.(line));
    const gone = (): void => {
      clearInterval(heartbeat);
      if (child !== started) return;
      child = undefined;
      const lost = waiting;
      waiting = [];
      lost.forEach((answered) => answered(undefined));
    };
    started.on('exit', gone);
    ended = new Promise((resolve) => {
      // the watchdog holds the other end of its output, too
      started.on('close', () => {
        gone();
        resolve();
        if (closing || failed || busy || !begun) return;
        const undone = !fs.existsSync(journal);
        if (!undone && !elevate && !child) start();
        onLost?.(undone || !elevate);
      });
      started.on('error', () => {
        failed = elevate
          ? err(
              'forbidden',
              text('governor.error.noTool', { tool: elevate }),
              text('governor.error.noToolNext', { tool: elevate }),
            )
          : err('not-ready', text('governor.error.linuxOnly'));
        gone();
        resolve();
      });
    });
  }

  const answer = (): Promise<string | undefined> => new Promise((resolve) => waiting.push(resolve));

  async function say(frame: string): Promise<Result<string>> {
    if (!child && !closing && !failed) start();
    const begun = await within(elevate ? RIGHTS_MS : ANSWER_MS, ready);
    if (!begun || !child?.stdin?.writable)
      return failed ?? (busy ? busyElsewhere() : elevate ? noPermission() : notRunning());
    const answered = answer();
    child.stdin.write(frame);
    const said = await within(ANSWER_MS, answered);
    return said === undefined ? noAnswer() : ok(said);
  }

  /** One at a time, in order. What does not fit the grammar of a command never reaches the helper. */
  function inTurn(verb: Verb, ...fields: readonly string[]): Promise<Result<string>> {
    const frame = frameOf(verb, fields);
    if (!frame.ok) return Promise.resolve(frame);
    const turn = queue.then(() => say(frame.value));
    queue = turn;
    return turn;
  }
  const done = async (verb: Verb, ...fields: readonly string[]): Promise<Result<undefined>> => {
    const said = await inTurn(verb, ...fields);
    if (!said.ok) return said;
    return said.value === 'ok' ? ok(undefined) : refusal(said.value);
  };
  const fieldsOf = (processes: readonly ProcessId[]): string[] =>
    processes.flatMap(({ pid, startedAt }) => [String(pid), startedAt]);

  fs.mkdirSync(path.dirname(journal), { recursive: true });
  start();
  return {
    async hold(processes) {
      const said = await inTurn('hold', ...fieldsOf(processes));
      if (!said.ok) return said;
      if (said.value === 'ok') return ok('held');
      const word = said.value.replace(/^no /, '');
      return isHoldRefusal(word) ? ok(word) : refusal(said.value);
    },
    resume: (processes) => done('resume', ...fieldsOf(processes)),
    setLimit: (gpuUuid, watts) => done('limit', gpuUuid, String(Math.round(watts))),
    restoreLimit: (gpuUuid) => done('restore', gpuUuid),
    undo: () => done('undo'),
    pid: () => child?.pid,
    async close() {
      closing = true;
      if (!child) await ended;
      // one was killed together with its watchdog, and none has undone its work yet
      if (!child && !elevate && !failed && fs.existsSync(journal)) start();
      child?.stdin?.end();
      await ended;
    },
  };
}

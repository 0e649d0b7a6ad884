import { spawn, type ChildProcess } from 'node:child_process';
import { text } from '../../core/i18n.ts';
import { createDocumentStream } from './document-stream.ts';

/** Timeouts, ms. */
export type SmiPatience = {
  /** for the first document: without persistence mode it takes seconds */
  readonly firstMs: number;
  /** for any other, in addition to the interval; after that the program counts as hanging */
  readonly silentMs: number;
  /** before the first restart, the second, and so on; the last applies to all later ones */
  readonly restartMs: readonly number[];
  /** after all cards have answered for this long, one program reads all of them again */
  readonly calmMs: number;
};

export const smiPatience: SmiPatience = {
  firstMs: 15_000,
  silentMs: 5_000,
  restartMs: [1_000, 2_000, 5_000, 10_000, 30_000],
  calmMs: 60_000,
};

/**
 * Why there are no documents: the program ended (with this output), was not found, was killed because it hung, or printed
 * documents that cannot be read (for this reason).
 */
export type SmiTrouble = { readonly kind: 'ended' | 'missing' | 'silent' | 'unreadable'; readonly output: string };

/** One `nvidia-smi` that is kept running: restarted when it ends, killed when it hangs. */
export type SmiProcess = {
  /** undefined while it works */
  readonly trouble: () => SmiTrouble | undefined;
  /** how often in a row it was killed without a document between */
  readonly hangs: () => number;
  /** How long it may take to answer after a restart, ms. */
  readonly againMs: () => number;
  /** Restarts it with another interval. */
  readonly restart: (intervalMs: number) => void;
  readonly close: () => void;
};

export type SmiProcessOptions = {
  readonly program: string;
  readonly intervalMs: number;
  /** the only card to query; undefined: all */
  readonly gpuUuid?: string;
  /** counts as silent until its first document, because another program that queried the same card has just hung */
  readonly doubted?: boolean;
  readonly patience: SmiPatience;
  /** @returns what is wrong with the document, or undefined */
  readonly onDocument: (xml: string) => string | undefined;
  readonly onTrouble: () => void;
};

/** After a restart it may take this many times as long to answer as at first. */
const TIMES_FIRST = 3;
/** A process that waits inside the driver survives SIGKILL until the driver returns. No more than these may be left. */
const MOST_LEFT = 3;
const ownGroup = process.platform !== 'win32';

/** Kills a program and its children: it may be a script. */
function killAll(child: ChildProcess): void {
  if (child.pid === undefined) return; // it never started
  try {
    if (ownGroup) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // it has already ended
  }
}

export function startSmi(options: SmiProcessOptions): SmiProcess {
  const { program, gpuUuid, patience, onDocument, onTrouble } = options;
  let { intervalMs } = options;
  let child: ChildProcess | undefined;
  let trouble: SmiTrouble | undefined = options.doubted ? { kind: 'silent', output: '' } : undefined;
  let hangs = 0;
  let failures = 0;
  let left = 0; // killed, but still running
  let firstTookMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  function after(ms: number, what: () => void): void {
    clearTimeout(timer);
    timer = setTimeout(what, ms);
    timer.unref();
  }

  function start(): void {
    if (left >= MOST_LEFT) return again();
    // -lms takes milliseconds; windowsHide keeps a console from flashing up
    const args = ['-q', '-x', ...(gpuUuid === undefined ? [] : ['-i', gpuUuid]), '-lms', String(intervalMs)];
    const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true, detached: ownGroup });
    const startedMs = performance.now();
    let noise = '';
    child = started;
    const stream = createDocumentStream(
      take,
      (words) => (noise = words),
      () => {
        killAll(started); // it prints endlessly: restarted later, as if it had ended
        for (const output of [started.stderr, started.stdout]) output.destroy();
      },
    );
    function take(xml: string): void {
      if (child !== started) return; // it was given up on
      firstTookMs ??= performance.now() - startedMs;
      after(patience.silentMs + intervalMs, giveUp); // it answers, whatever the answer is worth
      const wrong = onDocument(xml);
      if (wrong === undefined) [trouble, hangs, failures] = [undefined, 0, 0];
      else {
        noise = wrong;
        trouble = { kind: 'unreadable', output: wrong };
        onTrouble();
      }
    }
    started.stdout.setEncoding('utf8').on('data', (chunk: string) => stream.push(chunk));
    started.stderr.setEncoding('utf8').on('data', (words: string) => (noise = words.trim() || noise));
    started.on('error', (error: NodeJS.ErrnoException) => {
      if (child === started) end({ kind: error.code === 'ENOENT' ? 'missing' : 'ended', output: error.message });
    });
    started.on('close', (code) => {
      if (child !== started) return;
      stream.end();
      end({ kind: 'ended', output: noise || text('telemetry.smi.exited', { code: code ?? '–' }) });
    });
    after(againMs(), giveUp);
  }

  const againMs = (): number =>
    firstTookMs === undefined ? patience.firstMs : Math.max(patience.silentMs, TIMES_FIRST * firstTookMs);

  function again(): void {
    after(patience.restartMs[Math.min(failures++, patience.restartMs.length - 1)]!, start);
  }

  function end(why: SmiTrouble): void {
    child = undefined;
    trouble = why;
    again();
    onTrouble();
  }

  /** It hangs: another process replaces it. */
  function giveUp(): void {
    stop();
    hangs++;
    end({ kind: 'silent', output: '' });
  }

  function stop(): void {
    clearTimeout(timer);
    const ending = child;
    child = undefined; // its end is not a fault
    if (!ending) return;
    left++;
    ending.once('exit', () => left--);
    if (ending.exitCode !== null || ending.signalCode !== null || ending.pid === undefined) left--;
    killAll(ending);
  }

  start();
  return {
    trouble: () => trouble,
    hangs: () => hangs,
    againMs,
    restart(next) {
      intervalMs = next;
      stop();
      start();
    },
    close: stop,
  };
}

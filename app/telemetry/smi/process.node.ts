import { spawn, type ChildProcess } from 'node:child_process';
import { createDocumentStream } from './document-stream.ts';

/** How long things are waited for, in ms. */
export type SmiPatience = {
  /** for the very first document: without persistence mode it takes seconds */
  readonly firstMs: number;
  /** for any other, beside the time between two: then the program hangs */
  readonly silentMs: number;
  /** before the first restart, the second, and so on; the last holds for all others */
  readonly restartMs: readonly number[];
  /** all cards have answered for so long: one program reads all of them again */
  readonly calmMs: number;
};

export const smiPatience: SmiPatience = {
  firstMs: 15_000,
  silentMs: 5_000,
  restartMs: [1_000, 2_000, 5_000, 10_000, 30_000],
  calmMs: 60_000,
};

/** Why nothing comes: the program ended with these words, was not found, or was killed because it hung. */
export type SmiTrouble = { readonly kind: 'ended' | 'missing' | 'silent'; readonly text: string };

/** One `nvidia-smi` that is kept running: started again when it ends, and killed when it hangs. */
export type SmiProcess = {
  /** undefined while it runs as it should */
  readonly trouble: () => SmiTrouble | undefined;
  /** how often in a row it was killed without a document in between */
  readonly hangs: () => number;
  /** How long it may take to answer when it is started again. */
  readonly againMs: () => number;
  /** Starts it again with another pace. */
  readonly restart: (intervalMs: number) => void;
  readonly close: () => void;
};

export type SmiProcessOptions = {
  readonly program: string;
  readonly intervalMs: number;
  /** the only card it shall ask; undefined: all */
  readonly gpuUuid?: string;
  /** it counts as silent until its first document: another that asked the same has just hung */
  readonly doubted?: boolean;
  readonly patience: SmiPatience;
  /** @returns what is wrong with the document, or undefined */
  readonly onDocument: (xml: string) => string | undefined;
  readonly onTrouble: () => void;
};

/** Started again, it may take so many times as long to answer as it did at first. */
const TIMES_FIRST = 3;
/** A process that waits inside the driver survives being killed until the driver lets it go: no more than these. */
const MOST_LEFT = 3;
const ownGroup = process.platform !== 'win32';

/** Kills a program and whatever it started, for example when it is a script. */
function killAll(child: ChildProcess): void {
  if (child.pid === undefined) return; // it was never there
  try {
    if (ownGroup) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}

export function startSmi(options: SmiProcessOptions): SmiProcess {
  const { program, gpuUuid, patience, onDocument, onTrouble } = options;
  let { intervalMs } = options;
  let child: ChildProcess | undefined;
  let trouble: SmiTrouble | undefined = options.doubted ? { kind: 'silent', text: '' } : undefined;
  let hangs = 0;
  let failures = 0;
  let left = 0; // killed, but not gone
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
      (text) => (noise = text),
      () => {
        killAll(started); // it prints without end: it is started again later, as when it ends
        for (const output of [started.stderr, started.stdout]) output.destroy();
      },
    );
    function take(xml: string): void {
      if (child !== started) return; // it was given up
      firstTookMs ??= performance.now() - startedMs;
      const wrong = onDocument(xml);
      if (wrong !== undefined) noise = wrong;
      else [trouble, hangs, failures] = [undefined, 0, 0];
      after(patience.silentMs + intervalMs, giveUp);
    }
    started.stdout.setEncoding('utf8').on('data', (chunk: string) => stream.push(chunk));
    started.stderr.setEncoding('utf8').on('data', (text: string) => (noise = text.trim() || noise));
    started.on('error', (error: NodeJS.ErrnoException) => {
      if (child === started) end({ kind: error.code === 'ENOENT' ? 'missing' : 'ended', text: error.message });
    });
    started.on('close', (code) => {
      if (child !== started) return;
      stream.end();
      end({ kind: 'ended', text: noise || `it ended with exit code ${code ?? 'none'}` });
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

  /** It hangs: another takes its place. */
  function giveUp(): void {
    stop();
    hangs++;
    end({ kind: 'silent', text: '' });
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

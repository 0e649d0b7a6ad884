import { spawn, type ChildProcess } from 'node:child_process';
import type { Clock } from '../../clock.ts';
import { absentFrame } from '../../reading.ts';
import { err, ok } from '../../result.ts';
import type { GpuIdentity, GpuSample, OpenedSource, SourceFault, SourceSample } from '../source.ts';
import { decodeDocument, type SmiDocument } from './document.ts';
import { createDocumentStream } from './document-stream.ts';

export type SmiOptions = {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** the program to run instead of the `nvidia-smi` on the PATH */
  readonly program?: string;
};

type Arrived = {
  readonly document: SmiDocument;
  readonly tsMs: number;
  readonly monoMs: number;
  readonly tookMs: number;
};

const FIRST_DOCUMENT_MS = 15_000; // without persistence mode the first answer takes seconds
const MIN_INTERVAL_MS = 200; // a document of many cards takes this long to print
const RESTART_MS = [1_000, 2_000, 5_000, 10_000, 30_000] as const;

const driverGone = (text: string): SourceFault => ({
  code: 'nvidia-smi-failed',
  message: `nvidia-smi could not read the GPUs: ${text.split('\n')[0]!.slice(0, 200)}`,
  next: 'Check that the NVIDIA driver is installed and running; Slowburn tries again by itself.',
});

/**
 * Telemetry from one long-living `nvidia-smi -q -x -l`, for machines where NVML cannot be loaded. The process is started
 * once and started again only when it ends; its own loop sets the pace.
 */
export async function openSmi({ clock, intervalMs, program = 'nvidia-smi' }: SmiOptions): Promise<OpenedSource> {
  let interval = Math.max(intervalMs, MIN_INTERVAL_MS);
  let child: ChildProcess | undefined;
  let closed = false;
  let failures = 0;
  let restart: NodeJS.Timeout | undefined;
  let noise = '';
  let fault: SourceFault | undefined;
  let latest: Arrived | undefined; // newest document not yet read
  let waiting: (() => void) | undefined;
  let missing = false;
  let driverVersion: string | undefined;
  const known = new Map<string, GpuIdentity>();

  function start(): void {
    // -lms takes milliseconds; windowsHide keeps a console from flashing up
    const args = ['-q', '-x', '-lms', String(interval)];
    const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    child = started;
    const stream = createDocumentStream(
      onDocument,
      (text) => (noise = text),
      () => {
        started.kill('SIGKILL'); // it prints without end: it is started again later, as when it ends
        for (const output of [started.stderr, started.stdout]) output.destroy();
      },
    );
    started.stdout.setEncoding('utf8').on('data', (chunk: string) => stream.push(chunk));
    started.stderr.setEncoding('utf8').on('data', (text: string) => (noise = text.trim() || noise));
    started.on('error', (error: NodeJS.ErrnoException) => {
      missing = error.code === 'ENOENT';
      onEnd(error.message);
    });
    started.on('close', (code) => {
      if (child !== started) return;
      stream.end();
      onEnd(noise || `it ended with exit code ${code ?? 'none'}`);
    });
  }

  function onDocument(xml: string): void {
    const [tsMs, monoMs] = [clock.wallMs(), clock.monoMs()];
    const decoded = decodeDocument(xml);
    if (!decoded.ok) {
      noise = decoded.error.message;
      return;
    }
    failures = 0;
    fault = undefined;
    driverVersion = decoded.value.driverVersion ?? driverVersion;
    for (const { gpu } of decoded.value.gpus) known.set(gpu.uuid, gpu);
    latest = { document: decoded.value, tsMs, monoMs, tookMs: clock.monoMs() - monoMs };
    waiting?.();
  }

  function onEnd(why: string): void {
    if (closed || !child) return;
    child = undefined;
    fault = driverGone(why);
    waiting?.();
    restart = setTimeout(start, RESTART_MS[Math.min(failures++, RESTART_MS.length - 1)]);
    restart.unref();
  }

  /** Resolves when a document is there, the program ended, or the time is up. */
  const arrival = (deadlineMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, deadlineMs);
      function done() {
        clearTimeout(timer);
        waiting = undefined;
        resolve();
      }
      waiting = done;
    });

  function end(): void {
    clearTimeout(restart);
    const ending = child;
    child = undefined; // its end is not a fault
    ending?.kill();
  }

  function close(): void {
    closed = true;
    end();
    waiting?.();
  }

  start();
  await arrival(FIRST_DOCUMENT_MS);
  if (!latest) {
    close();
    if (missing) {
      return err('source-unavailable', `The program ${program} was not found.`, 'Install the NVIDIA driver.');
    }
    return err('source-unavailable', fault?.message ?? 'nvidia-smi did not answer.', fault?.next);
  }

  return ok({
    info: () => ({
      kind: 'nvidia-smi',
      label: `nvidia-smi ${driverVersion ?? ''}`.trim(),
      names: 'xml',
      simulated: false,
      driverVersion,
    }),
    async read(deadlineMs): Promise<SourceSample> {
      if (!latest) await arrival(interval + deadlineMs);
      const arrived = latest;
      latest = undefined;
      if (!arrived) {
        const silence = fault ?? {
          code: 'nvidia-smi-stalled',
          message: 'nvidia-smi has stopped answering.',
          next: 'Recording goes on as soon as it answers.',
        };
        const frame = absentFrame(fault ? 'lost' : 'stalled');
        return {
          gpus: [...known.values()].map((gpu) => ({ gpu, frame })),
          tsMs: clock.wallMs(),
          monoMs: clock.monoMs(),
          tookMs: 0,
          fault: silence,
        };
      }
      const here = new Set(arrived.document.gpus.map(({ gpu }) => gpu.uuid));
      const gone: GpuSample[] = [...known.values()]
        .filter(({ uuid }) => !here.has(uuid))
        .map((gpu) => ({ gpu, frame: absentFrame('lost') }));
      return {
        gpus: [...arrived.document.gpus, ...gone],
        tsMs: arrived.tsMs,
        monoMs: arrived.monoMs,
        tookMs: arrived.tookMs,
      };
    },
    configure({ intervalMs: next }) {
      const wanted = Math.max(next, MIN_INTERVAL_MS);
      if (wanted === interval) return;
      interval = wanted;
      end(); // its pace is an argument
      start();
    },
    async close() {
      close();
    },
  });
}

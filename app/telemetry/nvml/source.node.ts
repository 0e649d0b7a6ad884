import { Worker } from 'node:worker_threads';
import type { Clock } from '../../clock.ts';
import type { Cadence } from '../../metrics.ts';
import { absentFrame, copyFrame, type Frame } from '../../reading.ts';
import { err, ok } from '../../result.ts';
import { createFrameBlock, type FrameBlock } from '../frame-block.ts';
import type { GpuIdentity, GpuProcess, GpuSample, OpenedSource, SourceFault, SourceSample } from '../source.ts';
import { libraryFault, stallFault, unopenedFault } from './faults.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { NVML_GPU_IS_LOST } from './return-codes.ts';

export type NvmlOptions = {
  readonly clock: Clock;
  /** the built worker script */
  readonly workerUrl: URL;
  /** a library to load instead of the driver's */
  readonly library?: string;
};

type Opened = Extract<FromWorker, { type: 'opened' }>;
type NoLibrary = Extract<FromWorker, { type: 'no-library' }>;

const OPEN_DEADLINE_MS = 15_000; // the first call is slow when nothing else holds the driver open
const REOPEN_EVERY_MS = 5_000;

/**
 * Telemetry from NVML, read on a thread of its own. A driver that blocks makes readings `stalled`, one that goes away
 * makes them `lost`; either way the source opens NVML anew by itself and finds the same GPUs by their UUIDs.
 */
export async function openNvml({ clock, workerUrl, library }: NvmlOptions): Promise<OpenedSource> {
  let worker: Worker | undefined;
  let waiting: ((message: FromWorker | undefined) => void) | undefined;
  let block: FrameBlock | undefined;
  let present: readonly GpuIdentity[] = [];
  let fault: SourceFault | undefined;
  let reopenAtMs = 0;
  let tick = 0;
  let busySinceMs: number | undefined;
  const known = new Map<string, GpuIdentity>();
  let driver: string | undefined;
  let nvml: string | undefined;

  function startWorker(): Worker {
    const started = new Worker(workerUrl);
    started.unref();
    const gone = () => {
      if (worker !== started) return;
      worker = undefined;
      block = undefined;
      waiting?.(undefined);
    };
    started.on('message', (message: FromWorker) => {
      if (message.type === 'done') busySinceMs = undefined;
      waiting?.(message);
    });
    started.on('error', gone);
    started.on('exit', gone);
    return started;
  }

  /** Sends a message and resolves to the next answer, or undefined when none came in time or the thread died. */
  function ask(message: ToWorker | undefined, deadlineMs: number): Promise<FromWorker | undefined> {
    waiting?.(undefined); // only one question is open at a time: an older one ends here
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(undefined), deadlineMs);
      const finish = (answer: FromWorker | undefined) => {
        clearTimeout(timer);
        if (waiting === finish) waiting = undefined;
        resolve(answer);
      };
      waiting = finish;
      if (message) worker?.postMessage(message);
    });
  }

  async function openLibrary(): Promise<Opened | NoLibrary | undefined> {
    worker ??= startWorker();
    const answer = await ask({ type: 'open', ...(library === undefined ? {} : { library }) }, OPEN_DEADLINE_MS);
    if (answer?.type === 'no-library') return answer;
    if (answer?.type !== 'opened') return undefined;
    fault = answer.code === 0 ? undefined : libraryFault(answer.code);
    if (answer.code !== 0) return answer;
    block = createFrameBlock(answer.buffer, answer.gpus.length);
    present = answer.gpus.map(({ identity }) => identity);
    driver = answer.driver;
    nvml = answer.nvml;
    for (const { identity, openCode } of answer.gpus) {
      if (openCode === 0) known.set(identity.uuid, identity);
      else fault = unopenedFault(identity.index, openCode);
    }
    return answer;
  }

  async function reopen(): Promise<void> {
    reopenAtMs = clock.monoMs() + REOPEN_EVERY_MS;
    block = undefined;
    if (worker) await ask({ type: 'close' }, 1000);
    const answer = await openLibrary();
    if (!answer) fault = stallFault(OPEN_DEADLINE_MS / 1000);
    else if (answer.type === 'no-library') fault = libraryFault(12);
  }

  const sample = (
    frameOf: (gpu: GpuIdentity) => Frame,
    processesOf: (gpu: GpuIdentity) => readonly GpuProcess[] | undefined = () => undefined,
  ): SourceSample => {
    const gpus: GpuSample[] = [...known.values()].map((gpu) => {
      const processes = processesOf(gpu);
      return { gpu, frame: frameOf(gpu), ...(processes ? { processes } : {}) };
    });
    return { gpus, tsMs: clock.wallMs(), monoMs: clock.monoMs(), ...(fault ? { fault } : {}) };
  };

  async function read(cadences: readonly Cadence[], deadlineMs: number): Promise<SourceSample> {
    if (!block) {
      if (clock.monoMs() >= reopenAtMs) await reopen();
      if (!block) return sample(() => absentFrame('lost'));
    }
    const startedMs = clock.monoMs();
    const pending = busySinceMs !== undefined;
    busySinceMs ??= startedMs;
    // a read still under way is waited for, never doubled
    const answer = await ask(pending ? undefined : { type: 'read', tick: ++tick, cadences }, deadlineMs);
    const filled = block;
    if (!filled) return sample(() => absentFrame('lost'));

    if (answer?.type === 'done' && answer.code !== 0) {
      const code = answer.code;
      fault = libraryFault(code);
      block = undefined;
      reopenAtMs = clock.monoMs() + 1000;
      return sample(() => absentFrame('lost', code));
    }
    if (!answer) fault = stallFault((clock.monoMs() - (busySinceMs ?? startedMs)) / 1000);
    else if (fault?.code === 'nvml-stalled') fault = undefined;

    const frames = new Map<string, Frame>();
    const processes = new Map<string, readonly GpuProcess[]>();
    present.forEach((gpu, position) => {
      const complete = Atomics.load(filled.done, position) === tick && gpu.uuid !== '';
      if (complete && !(pending && answer === undefined)) frames.set(gpu.uuid, copyFrame(filled.frames[position]!));
      const running = answer?.type === 'done' ? answer.processes[position] : undefined;
      if (running) processes.set(gpu.uuid, running);
    });
    return sample(
      (gpu) => {
        if (!present.some(({ uuid }) => uuid === gpu.uuid)) return absentFrame('lost', NVML_GPU_IS_LOST);
        return frames.get(gpu.uuid) ?? absentFrame('stalled');
      },
      (gpu) => processes.get(gpu.uuid),
    );
  }

  const first = await openLibrary();
  const closeWorker = async () => {
    const closing = worker;
    worker = undefined;
    block = undefined;
    await closing?.terminate();
  };
  if (!first) {
    // a driver that hangs at once is still a driver: the thread is left behind, other sources may do better
    worker = undefined;
    return err(
      'source-unavailable',
      'The NVIDIA driver did not answer.',
      'Restart the computer, or choose another source.',
    );
  }
  if (first.type === 'no-library') {
    await closeWorker();
    return err('source-unavailable', first.message, first.next);
  }
  if (first.code !== 0 || known.size === 0) {
    await closeWorker();
    const why = first.code === 0 ? undefined : libraryFault(first.code);
    return err(
      'source-unavailable',
      why?.message ?? 'The NVIDIA driver is running but lists no GPU.',
      why?.next ?? 'Check that the card is seated and powered, then restart the computer.',
    );
  }

  return ok({
    pace: 'sampler',
    info: () => ({
      kind: 'nvml',
      label: `NVML ${nvml ?? ''}`.trim(),
      simulated: false,
      ...(driver ? { driverVersion: driver } : {}),
    }),
    read,
    async close() {
      if (worker && busySinceMs === undefined) await ask({ type: 'close' }, 2000);
      // a thread inside a hanging driver call cannot be ended; it is unreferenced and goes with the process
      if (busySinceMs === undefined) await closeWorker();
    },
  });
}

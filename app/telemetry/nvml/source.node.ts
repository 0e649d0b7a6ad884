import { Worker } from 'node:worker_threads';
import type { Clock } from '../../clock.ts';
import { absentFrame } from '../../reading.ts';
import { err, ok } from '../../result.ts';
import { copyFrameBlock, layFrameBlock, type FrameBlock } from '../frame-block.ts';
import type { GpuIdentity, GpuSample, OpenedSource, SourceFault, SourceSample } from '../source.ts';
import { libraryFault, stallFault, threadFault, unopenedFault } from './faults.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { NVML_GPU_IS_LOST, NVML_SUCCESS } from './return-codes.ts';

export type NvmlOptions = {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** the built worker script */
  readonly workerUrl: URL;
  /** a library to load instead of the driver's */
  readonly library?: string;
};

type Opened = Extract<FromWorker, { type: 'opened' }>;
type NvmlTick = Extract<FromWorker, { type: 'tick' }>;

const OPEN_DEADLINE_MS = 15_000; // the first call is slow when nothing else holds the driver open
const CLOSE_DEADLINE_MS = 2_000;

/**
 * Telemetry from NVML, read on a thread of its own. A driver that blocks makes readings `stalled`, one that goes away
 * makes them `lost`; the thread opens NVML anew by itself, and the same GPUs are found by their UUIDs.
 */
export async function openNvml({ clock, intervalMs, workerUrl, library }: NvmlOptions): Promise<OpenedSource> {
  const worker = new Worker(workerUrl);
  const send = (message: ToWorker): void => worker.postMessage(message);
  let interval = intervalMs;
  let block: FrameBlock | undefined;
  /** GPUs in the order of the block's frames */
  let present: readonly GpuIdentity[] = [];
  const known = new Map<string, GpuIdentity>();
  let unopened: SourceFault | undefined;
  let driver: string | undefined;
  let nvml: string | undefined;
  let latest: NvmlTick | undefined; // newest tick not yet read
  let taken = 0; // number of the newest tick that was read
  let lastSignMs = clock.monoMs();
  let dead: string | undefined;
  let closing = false;
  const answers: FromWorker[] = []; // to `start` and `close`
  const sleepers = new Set<() => void>();
  const wake = (): void => sleepers.forEach((sleeper) => sleeper());

  worker.unref();
  worker.on('message', (message: FromWorker) => {
    lastSignMs = clock.monoMs();
    if (message.type === 'opened' && message.code === NVML_SUCCESS) take(message);
    if (message.type === 'tick') latest = message;
    else answers.push(message);
    wake();
  });
  const die = (why: string): void => {
    dead = why;
    wake();
  };
  worker.on('error', (error) => die(error.message));
  worker.on('exit', () => die('the thread has ended'));

  function take({ buffer, gpus, ...versions }: Opened): void {
    block = layFrameBlock(buffer, gpus.length);
    present = gpus.map(({ identity }) => identity);
    ({ driver, nvml } = versions);
    unopened = undefined;
    for (const { identity, openCode } of gpus) {
      if (openCode === NVML_SUCCESS) known.set(identity.uuid, identity);
      else unopened = unopenedFault(identity.index, openCode);
    }
  }

  /** Resolves to what `found` finds as soon as there is something, or to undefined when the time is up. */
  function awaited<T>(found: () => T | undefined, ms: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const value = found();
        if (value !== undefined || dead !== undefined) done(value);
      };
      const timer = setTimeout(() => done(undefined), ms);
      const done = (value: T | undefined) => {
        clearTimeout(timer);
        sleepers.delete(look);
        resolve(value);
      };
      sleepers.add(look);
      look();
    });
  }

  /** Sends a message and waits for an answer of some types. Undefined when none came in time. */
  function ask<T extends FromWorker['type']>(message: ToWorker, types: readonly T[], deadlineMs: number) {
    answers.length = 0;
    send(message);
    const isOne = (said: FromWorker): said is Extract<FromWorker, { type: T }> =>
      (types as readonly string[]).includes(said.type);
    return awaited(() => answers.find(isOne), deadlineMs);
  }

  function sampleOf({ tick, code, tsMs, monoMs, tookMs, processes }: NvmlTick): SourceSample {
    taken = tick;
    const fault = code === NVML_SUCCESS ? unopened : libraryFault(code);
    if (code !== NVML_SUCCESS || !block) {
      return { gpus: allOf(() => absentFrame('lost', code)), tsMs, monoMs, tookMs, fault };
    }
    const { frames, whole } = copyFrameBlock(block, tick);
    const at = new Map(present.map(({ uuid }, position) => [uuid, position]));
    const gpus = [...known.values()].map((gpu): GpuSample => {
      const position = at.get(gpu.uuid);
      if (position === undefined) return { gpu, frame: absentFrame('lost', NVML_GPU_IS_LOST) };
      if (!whole[position]) return { gpu, frame: absentFrame('stalled') };
      return { gpu, frame: frames[position]!, processes: processes?.[position] };
    });
    return { gpus, tsMs, monoMs, tookMs, fault };
  }

  /** No tick came: the GPUs that were read before the driver blocked have their readings, once; the others have none. */
  function stalledSample(): SourceSample {
    const now = { tsMs: clock.wallMs(), monoMs: clock.monoMs(), tookMs: 0 };
    const fault = dead === undefined ? stallFault((now.monoMs - lastSignMs) / 1000) : threadFault(dead);
    const current = block?.begun.length ? Math.max(...block.begun) : 0;
    const copied = block && current > taken ? copyFrameBlock(block, current) : undefined;
    taken = Math.max(taken, current);
    const at = new Map(present.map(({ uuid }, position) => [uuid, position]));
    const gpus = allOf((gpu) => {
      const position = at.get(gpu.uuid) ?? -1;
      return copied?.whole[position] ? copied.frames[position]! : absentFrame('stalled');
    });
    return { ...now, gpus, fault };
  }

  const allOf = (frameOf: (gpu: GpuIdentity) => GpuSample['frame']): GpuSample[] =>
    [...known.values()].map((gpu) => ({ gpu, frame: frameOf(gpu) }));

  async function close(): Promise<void> {
    closing = true;
    wake();
    const closed = await ask({ type: 'close' }, ['closed'], CLOSE_DEADLINE_MS);
    // a thread inside a hanging driver call cannot be ended; it is unreferenced and goes with the process
    if (closed) await worker.terminate();
  }

  const first = await ask({ type: 'start', library, intervalMs }, ['opened', 'no-library'], OPEN_DEADLINE_MS);
  if (!first) {
    return err(
      'source-unavailable',
      'The NVIDIA driver did not answer.',
      'Restart the computer, or choose another source.',
    );
  }
  if (first.type === 'no-library') {
    await close();
    return err('source-unavailable', first.message, first.next);
  }
  if (first.code !== NVML_SUCCESS || known.size === 0) {
    await close();
    const why = first.code === NVML_SUCCESS ? undefined : libraryFault(first.code);
    return err(
      'source-unavailable',
      why?.message ?? 'The NVIDIA driver is running but lists no GPU.',
      why?.next ?? 'Check that the card is seated and powered, then restart the computer.',
    );
  }

  return ok({
    info: () => ({ kind: 'nvml', label: `NVML ${nvml ?? ''}`.trim(), simulated: false, driverVersion: driver }),
    async read(deadlineMs) {
      const tick = await awaited(() => latest ?? (closing ? 'closing' : undefined), interval + deadlineMs);
      latest = undefined;
      return tick === undefined || tick === 'closing' ? stalledSample() : sampleOf(tick);
    },
    setInterval(next) {
      interval = next;
      send({ type: 'interval', intervalMs: next });
    },
    close,
  });
}

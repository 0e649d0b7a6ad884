import { Worker } from 'node:worker_threads';
import type { Clock } from '../../clock.ts';
import { copyFrameBlock, layFrameBlock, type FrameBlock } from '../frame-block.ts';
import type { Frame } from '../../reading.ts';
import type { SourceSettings } from '../source.ts';
import { createBell, ring } from './bell.ts';
import { unpackTick, type FromWorker, type NvmlTick, type TickMessage, type ToWorker } from './protocol.ts';
import type { ReaderGpu } from './reader.ts';
import { NVML_SUCCESS } from './return-codes.ts';

/** How NVML could be opened: 0 with GPUs, a code, no library, or not yet because all GPUs sleep. */
export type NvmlStart = Extract<FromWorker, { type: 'opened' | 'no-library' | 'all-asleep' }>;

/** What a thread has read of its GPUs, by position; undefined where a reading is missing or torn. */
export type Frames = readonly (Frame | undefined)[];

/** A thread that reads NVML on its own grid. It may hang inside the driver: then it is silent, and cannot be ended. */
export type NvmlThread = {
  readonly gpus: () => readonly ReaderGpu[];
  readonly versions: () => { readonly driver: string | undefined; readonly nvml: string | undefined };
  /** the newest tick, once */
  readonly take: () => NvmlTick | undefined;
  readonly framesOf: (tick: number) => Frames;
  /** The tick it is in the middle of, and the GPU that it is reading; undefined when it waits for its next tick. */
  readonly inside: () => { readonly tick: number; readonly position: number } | undefined;
  /** ms since it last said anything */
  readonly silentMs: () => number;
  /** why it has ended, when it did so unasked */
  readonly dead: () => string | undefined;
  readonly configure: (settings: SourceSettings) => void;
  /** Resolves to the answer to its start, or to undefined when none came in time. */
  readonly started: Promise<NvmlStart | undefined>;
  readonly close: () => Promise<void>;
};

export type ThreadOptions = {
  readonly clock: Clock;
  readonly workerUrl: URL;
  readonly start: Omit<Extract<ToWorker, { type: 'start' }>, 'type' | 'bell'>;
  /** called after each of its messages, and at its end */
  readonly onSign: () => void;
};

const OPEN_DEADLINE_MS = 15_000; // the first call is slow when nothing else holds the driver open
const CLOSE_DEADLINE_MS = 2_000;
/** What lives from tick to tick is a few hundred kilobytes: a small young generation keeps it so. */
const SMALL = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

export function startThread({ clock, workerUrl, start, onSign }: ThreadOptions): NvmlThread {
  const worker = new Worker(workerUrl, { resourceLimits: SMALL });
  const bell = createBell();
  function send(message: ToWorker): void {
    worker.postMessage(message);
    ring(bell);
  }
  let block: FrameBlock | undefined;
  let gpus: readonly ReaderGpu[] = [];
  let driver: string | undefined;
  let nvml: string | undefined;
  let latest: NvmlTick | undefined;
  let lastSignMs = clock.monoMs();
  let ended: string | undefined;
  let closing = false;
  let resolveStarted: (answer: NvmlStart | undefined) => void;
  let resolveClosed: (closed: boolean) => void;
  const started = new Promise<NvmlStart | undefined>((resolve) => (resolveStarted = resolve));
  const closed = new Promise<boolean>((resolve) => (resolveClosed = resolve));
  const openTimer = setTimeout(() => resolveStarted(undefined), OPEN_DEADLINE_MS);

  let missedTick = 0;
  function miss(tick: number): void {
    if (tick === missedTick) return; // told of; a thread that hangs is not told again and again
    missedTick = tick;
    send({ type: 'missed', tick });
  }

  function takeTick(message: TickMessage): void {
    const tick = unpackTick(message);
    // what the collector had no time to take is overwritten; what is read or happens seldom is not lost with it
    if (latest) miss(latest.tick);
    latest = latest
      ? {
          ...tick,
          processes: tick.processes ?? latest.processes,
          mig: tick.mig ?? latest.mig,
          events: [...latest.events, ...tick.events],
        }
      : tick;
  }

  function takeNews(message: Exclude<FromWorker, TickMessage>): void {
    switch (message.type) {
      case 'opened':
        if (message.code === NVML_SUCCESS) {
          ({ driver, nvml } = message);
          block = layFrameBlock(message.buffer, message.gpus.length);
          gpus = message.gpus;
        }
        return resolveStarted(message);
      case 'no-library':
      case 'all-asleep':
        return resolveStarted(message);
      case 'closed':
        return resolveClosed(true);
    }
  }

  const die = (why: string): void => {
    ended ??= why; // an error is followed by the end that it causes
    clearTimeout(openTimer);
    resolveStarted(undefined);
    resolveClosed(true);
    if (!closing) onSign();
  };
  worker.unref();
  worker.on('message', (message: FromWorker) => {
    lastSignMs = clock.monoMs();
    clearTimeout(openTimer);
    if ('type' in message) takeNews(message);
    else takeTick(message);
    onSign();
  });
  worker.on('error', (error) => die(error.message));
  worker.on('exit', () => die('the thread has ended'));
  worker.postMessage({ type: 'start', ...start, bell } satisfies ToWorker);

  return {
    gpus: () => gpus,
    versions: () => ({ driver, nvml }),
    take() {
      const tick = latest;
      latest = undefined;
      return tick;
    },
    framesOf(tick) {
      if (!block) return [];
      const frames = copyFrameBlock(block, tick);
      if (frames.includes(undefined)) miss(tick);
      return frames;
    },
    inside() {
      if (!block) return undefined;
      const { begun, done } = block;
      const position = begun.findIndex((tick, i) => Atomics.load(done, i) !== tick);
      return position < 0 ? undefined : { tick: Atomics.load(begun, position), position };
    },
    silentMs: () => clock.monoMs() - lastSignMs,
    dead: () => ended,
    configure: (settings) => send({ type: 'settings', settings }),
    started,
    async close() {
      closing = true;
      send({ type: 'close' });
      const timer = setTimeout(() => resolveClosed(false), CLOSE_DEADLINE_MS);
      // a thread inside a hanging driver call cannot be ended; it is unreferenced and goes with the process
      if (await closed) await worker.terminate();
      clearTimeout(timer);
    },
  };
}

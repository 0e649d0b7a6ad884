import { Worker } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import type { Frame } from '../../metrics/frame.ts';
import { copyFrames, layFrameRing, RING_TICKS, type FrameRing } from '../frame-block.ts';
import type { SourceSettings } from '../source.ts';
import { createWakeSignal, wake } from './wake-signal.ts';
import type { Card } from './cards.ts';
import { createPlace, readPlace, type Place } from './place.ts';
import { unpackTick, type FromWorker, type NvmlTick, type TickMessage, type ToWorker } from './protocol.ts';
import type { ReaderGpu } from './reader.ts';
import { NVML_SUCCESS } from './return-codes.ts';

/** The answer to `start`: opened (or a code), no library, or not opened yet because all GPUs sleep. */
export type NvmlStart = Extract<FromWorker, { type: 'opened' | 'no-library' | 'all-asleep' }>;

/** GPUs and their frames, by position; a frame is undefined if it is missing or torn. */
export type Frames = { readonly gpus: readonly ReaderGpu[]; readonly frames: readonly (Frame | undefined)[] };

/** A tick with its readings. `current`: it covers the cards that the thread was assigned last. */
export type TakenTick = NvmlTick & Frames & { readonly current: boolean };

/** A thread that reads NVML on its own grid of ticks. While it hangs inside the driver, it is silent and cannot be ended. */
export type NvmlThread = {
  readonly gpus: () => readonly ReaderGpu[];
  readonly versions: () => { readonly driver: string | undefined; readonly nvml: string | undefined };
  /** The oldest tick that was not taken yet. At ten ticks per second they are kept for three seconds. */
  readonly take: () => TakenTick | undefined;
  /** what it has read so far in a tick that has not finished */
  readonly partOf: (tick: number) => Frames;
  readonly place: () => Place;
  /** whether it has read the cards that it was assigned last */
  readonly answered: () => boolean;
  /** ms since its last message */
  readonly silentMs: () => number;
  /** why it ended, if it ended without `close` */
  readonly dead: () => string | undefined;
  /** Assigns it other cards, from its next tick on. */
  readonly assign: (only: readonly Card[] | undefined) => void;
  readonly configure: (settings: SourceSettings) => void;
  /** Has it take a tick now, beside its grid. */
  readonly sampleNow: () => void;
  /** Resolves to the answer to `start`, or to undefined if the thread ended without one. */
  readonly started: Promise<NvmlStart | undefined>;
  readonly close: () => Promise<void>;
};

export type ThreadOptions = {
  readonly clock: Clock;
  readonly workerUrl: URL;
  readonly start: Omit<Extract<ToWorker, { type: 'start' }>, 'type' | 'wakeSignal' | 'place'>;
  /** called after each message, and at the end of the thread */
  readonly onNews: () => void;
};

const CLOSE_DEADLINE_MS = 2_000;
/** A few hundred kilobytes live from tick to tick: a small young generation keeps the heap that small. */
const SMALL = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/** A list of GPUs as the thread opened it, and the memory into which it writes their readings. */
type Opened = { readonly gpus: readonly ReaderGpu[]; readonly ring: FrameRing };

export function startThread({ clock, workerUrl, start, onNews }: ThreadOptions): NvmlThread {
  const worker = new Worker(workerUrl, { resourceLimits: SMALL });
  const wakeSignal = createWakeSignal();
  const place = createPlace();
  function send(message: ToWorker): void {
    worker.postMessage(message);
    wake(wakeSignal);
  }
  let opened: Opened = { gpus: [], ring: [] };
  let driver: string | undefined;
  let nvml: string | undefined;
  let queue: { readonly tick: NvmlTick; readonly of: Opened; readonly assigned: number }[] = [];
  let assigned = 0; // how often it was assigned other cards
  let confirmed = 0; // how often it has confirmed that
  let answered = false;
  let lastMessageMs = clock.monoMs();
  let ended: string | undefined;
  let closing = false;
  let resolveStarted: (answer: NvmlStart | undefined) => void;
  let resolveClosed: (closed: boolean) => void;
  const started = new Promise<NvmlStart | undefined>((resolve) => (resolveStarted = resolve));
  const closed = new Promise<boolean>((resolve) => (resolveClosed = resolve));

  let missedTick = 0;
  function miss(tick: number): void {
    if (tick <= missedTick) return; // already reported; a thread that hangs needs one message only
    missedTick = tick;
    send({ type: 'missed', tick });
  }

  function takeTick(message: TickMessage): void {
    answered ||= confirmed === assigned;
    queue.push({ tick: unpackTick(message), of: opened, assigned: confirmed });
    if (queue.length < RING_TICKS) return;
    // the next tick overwrites the oldest: keep its events, and have rarely read metrics read again
    const [{ tick: oldest }, next, ...rest] = queue as [(typeof queue)[0], (typeof queue)[0]];
    miss(oldest.tick);
    queue = [{ ...next, tick: { ...next.tick, events: [...oldest.events, ...next.tick.events] } }, ...rest];
  }

  function receive(message: Exclude<FromWorker, TickMessage>): void {
    switch (message.type) {
      case 'opened':
        if (message.code === NVML_SUCCESS) {
          ({ driver, nvml } = message);
          opened = { gpus: message.gpus, ring: layFrameRing(message.buffer, message.gpus.length) };
        }
        return resolveStarted(message);
      case 'no-library':
      case 'all-asleep':
        return resolveStarted(message);
      case 'cards-assigned':
        confirmed++;
        return;
      case 'closed':
        return resolveClosed(true);
    }
  }

  function framesOf({ gpus, ring }: Opened, tick: number): Frames {
    if (ring.length === 0) return { gpus, frames: [] };
    return { gpus, frames: copyFrames(ring, tick) };
  }

  const die = (why: string): void => {
    ended ??= why; // 'exit' follows 'error': keep the cause
    resolveStarted(undefined);
    resolveClosed(true);
    if (!closing) onNews();
  };
  worker.unref();
  worker.on('message', (message: FromWorker) => {
    lastMessageMs = clock.monoMs();
    if ('type' in message) receive(message);
    else takeTick(message);
    onNews();
  });
  worker.on('error', (error) => die(error.message));
  worker.on('exit', () => die('the thread has ended'));
  worker.postMessage({ type: 'start', ...start, wakeSignal, place } satisfies ToWorker);

  return {
    gpus: () => opened.gpus,
    versions: () => ({ driver, nvml }),
    take() {
      const next = queue.shift();
      if (!next) return undefined;
      const { tick, of } = next;
      const current = next.assigned === assigned;
      if (tick.code !== NVML_SUCCESS) return { ...tick, gpus: of.gpus, frames: [], current };
      const read = framesOf(of, tick.tick);
      if (read.frames.includes(undefined)) miss(tick.tick);
      return { ...tick, ...read, current };
    },
    partOf: (tick) => framesOf(opened, tick),
    place: () => readPlace(place),
    answered: () => answered,
    silentMs: () => clock.monoMs() - lastMessageMs,
    dead: () => ended,
    assign(only) {
      assigned++;
      answered = false;
      send({ type: 'cards', only });
    },
    configure: (settings) => send({ type: 'settings', settings }),
    sampleNow: () => send({ type: 'sample' }),
    started,
    async close() {
      closing = true;
      send({ type: 'close' });
      const timer = setTimeout(() => resolveClosed(false), CLOSE_DEADLINE_MS);
      // a thread inside a hanging driver call cannot be ended; it is unreferenced and ends with the process
      if (await closed) await worker.terminate();
      clearTimeout(timer);
    },
  };
}

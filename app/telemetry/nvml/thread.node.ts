import { Worker } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import type { Frame } from '../../metrics/frame.ts';
import { copyFrames, layFrameRing, RING_TICKS, type FrameRing } from '../frame-block.ts';
import type { SourceSettings } from '../source.ts';
import { createBell, ring } from './wake-signal.ts';
import type { Card } from './cards.ts';
import { createPlace, readPlace, type Place } from './place.ts';
import { unpackTick, type FromWorker, type NvmlTick, type TickMessage, type ToWorker } from './protocol.ts';
import type { ReaderGpu } from './reader.ts';
import { NVML_SUCCESS } from './return-codes.ts';

/** How NVML could be opened: 0 with GPUs, a code, no library, or not yet because all GPUs sleep. */
export type NvmlStart = Extract<FromWorker, { type: 'opened' | 'no-library' | 'all-asleep' }>;

/** GPUs with what a thread has read of them, by position; undefined where a reading is missing or torn. */
export type Frames = { readonly gpus: readonly ReaderGpu[]; readonly frames: readonly (Frame | undefined)[] };

/** A tick with its readings; `current`: of the cards that the thread was given last. */
export type TakenTick = NvmlTick & Frames & { readonly current: boolean };

/** A thread that reads NVML on its own grid. It may hang inside the driver: then it is silent, and cannot be ended. */
export type NvmlThread = {
  readonly gpus: () => readonly ReaderGpu[];
  readonly versions: () => { readonly driver: string | undefined; readonly nvml: string | undefined };
  /** The oldest tick that was not taken yet. Those that wait are kept for three seconds at ten a second. */
  readonly take: () => TakenTick | undefined;
  /** what it has read so far in a tick that has not ended */
  readonly partOf: (tick: number) => Frames;
  readonly place: () => Place;
  /** has read the cards that it was given last */
  readonly answered: () => boolean;
  /** ms since it last said anything */
  readonly silentMs: () => number;
  /** why it has ended, when it did so unasked */
  readonly dead: () => string | undefined;
  /** Gives it other cards, from its next tick on. */
  readonly assign: (only: readonly Card[] | undefined) => void;
  readonly configure: (settings: SourceSettings) => void;
  /** Resolves to the answer to its start, or to undefined when it ended without one. */
  readonly started: Promise<NvmlStart | undefined>;
  readonly close: () => Promise<void>;
};

export type ThreadOptions = {
  readonly clock: Clock;
  readonly workerUrl: URL;
  readonly start: Omit<Extract<ToWorker, { type: 'start' }>, 'type' | 'bell' | 'place'>;
  /** called after each of its messages, and at its end */
  readonly onSign: () => void;
};

const CLOSE_DEADLINE_MS = 2_000;
/** What lives from tick to tick is a few hundred kilobytes: a small young generation keeps it so. */
const SMALL = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/** A list of GPUs as the thread opened it, and the memory into which it writes their readings. */
type Opened = { readonly gpus: readonly ReaderGpu[]; readonly ring: FrameRing };

export function startThread({ clock, workerUrl, start, onSign }: ThreadOptions): NvmlThread {
  const worker = new Worker(workerUrl, { resourceLimits: SMALL });
  const bell = createBell();
  const place = createPlace();
  function send(message: ToWorker): void {
    worker.postMessage(message);
    ring(bell);
  }
  let opened: Opened = { gpus: [], ring: [] };
  let driver: string | undefined;
  let nvml: string | undefined;
  let queue: { readonly tick: NvmlTick; readonly of: Opened; readonly assigned: number }[] = [];
  let assigned = 0; // how often it was given other cards
  let taken = 0; // how often it has said so
  let answered = false;
  let lastSignMs = clock.monoMs();
  let ended: string | undefined;
  let closing = false;
  let resolveStarted: (answer: NvmlStart | undefined) => void;
  let resolveClosed: (closed: boolean) => void;
  const started = new Promise<NvmlStart | undefined>((resolve) => (resolveStarted = resolve));
  const closed = new Promise<boolean>((resolve) => (resolveClosed = resolve));

  let missedTick = 0;
  function miss(tick: number): void {
    if (tick <= missedTick) return; // told of; a thread that hangs is not told again and again
    missedTick = tick;
    send({ type: 'missed', tick });
  }

  function takeTick(message: TickMessage): void {
    answered ||= taken === assigned;
    queue.push({ tick: unpackTick(message), of: opened, assigned: taken });
    if (queue.length < RING_TICKS) return;
    // the next tick overwrites the oldest; what is read or happens seldom is not lost with it
    const [{ tick: oldest }, next, ...rest] = queue as [(typeof queue)[0], (typeof queue)[0]];
    miss(oldest.tick);
    queue = [{ ...next, tick: { ...next.tick, events: [...oldest.events, ...next.tick.events] } }, ...rest];
  }

  function takeNews(message: Exclude<FromWorker, TickMessage>): void {
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
      case 'cards-taken':
        taken++;
        return;
      case 'closed':
        return resolveClosed(true);
    }
  }

  function framesOf({ gpus, ring: blocks }: Opened, tick: number): Frames {
    if (blocks.length === 0) return { gpus, frames: [] };
    return { gpus, frames: copyFrames(blocks, tick) };
  }

  const die = (why: string): void => {
    ended ??= why; // an error is followed by the end that it causes
    resolveStarted(undefined);
    resolveClosed(true);
    if (!closing) onSign();
  };
  worker.unref();
  worker.on('message', (message: FromWorker) => {
    lastSignMs = clock.monoMs();
    if ('type' in message) takeNews(message);
    else takeTick(message);
    onSign();
  });
  worker.on('error', (error) => die(error.message));
  worker.on('exit', () => die('the thread has ended'));
  worker.postMessage({ type: 'start', ...start, bell, place } satisfies ToWorker);

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
    silentMs: () => clock.monoMs() - lastSignMs,
    dead: () => ended,
    assign(only) {
      assigned++;
      answered = false;
      send({ type: 'cards', only });
    },
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

import type { GpuProcess, MigInstance, SourceSettings } from '../source.ts';
import type { Bell } from './wake-signal.ts';
import type { Card } from './cards.ts';
import type { ReaderGpu } from './reader.ts';

/** How long things are waited for, in ms. Everything but `slowMs` and `rareMs` is about faults and sleep. */
export type Patience = {
  /** between readings of what is dear, and of what changes seldom */
  readonly slowMs: number;
  readonly rareMs: number;
  /** idle for so long, a GPU is let go so that it can fall asleep */
  readonly graceMs: number;
  /** until NVML is opened anew */
  readonly reopenMs: number;
  /** inside one GPU for so long, the others are read by other threads */
  readonly hangMs: number;
  /** the same at the first start: without persistence mode the driver wakes each card when it is opened */
  readonly openMs: number;
  /** nothing has changed for so long: what several threads read is given to one again */
  readonly calmMs: number;
  /** until a thread that has ended is started again */
  readonly restartMs: number;
};

export const patience: Patience = {
  slowMs: 5_000,
  rareMs: 60_000,
  graceMs: 60_000,
  reopenMs: 2_000,
  hangMs: 400,
  openMs: 5_000,
  calmMs: 5_000,
  restartMs: 5_000,
};

/**
 * Messages between the collector and the thread that owns NVML. The thread sets the pace: one message a tick. Between
 * ticks it sleeps on the bell: whoever sends it a message after `start` rings.
 */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly library: string | undefined;
      readonly settings: SourceSettings;
      readonly patience: Patience;
      /** where the system lists PCI devices, when not in the usual place */
      readonly pciDevices: string | undefined;
      /** where the kernel's log is, when not in the usual place */
      readonly kernelLog: string | undefined;
      /** Windows' performance library, when not the system's own */
      readonly pdh: string | undefined;
      /** the cards to read; undefined: all that the driver lists */
      readonly only: readonly Card[] | undefined;
      /** monotonic time of a moment of the grid that all threads share */
      readonly gridMs: number;
      readonly bell: Bell;
      /** where the thread says which card it is in (place.ts) */
      readonly place: SharedArrayBuffer;
    }
  /** reads other cards from its next tick on, and says `cards-taken` before it */
  | { readonly type: 'cards'; readonly only: readonly Card[] | undefined }
  | { readonly type: 'settings'; readonly settings: SourceSettings }
  /** a tick was overwritten before its readings were taken, or while they were */
  | { readonly type: 'missed'; readonly tick: number }
  | { readonly type: 'close' };

/** A GPU that is left alone: asleep, or let go so that it can fall asleep. */
export type LeftAlone = { readonly busId: string; readonly state: 'asleep' | 'released' };

/** An XID error: of a GPU, as NVML tells it, or of a slot without the function, as the kernel does. */
export type WorkerEvent = {
  readonly uuid?: string;
  readonly slot?: string;
  readonly code: number;
  readonly text?: string;
  readonly tsMs: number;
};

export type FromWorker =
  | { readonly type: 'no-library'; readonly message: string; readonly next: string | undefined }
  /** NVML was opened, or opened anew: the GPUs now, and the memory into which their readings are written */
  | {
      readonly type: 'opened';
      /** 0, or why it could not be opened: then there is no GPU */
      readonly code: number;
      readonly gpus: readonly ReaderGpu[];
      readonly buffer: SharedArrayBuffer;
      readonly driver: string | undefined;
      readonly nvml: string | undefined;
    }
  /** all GPUs sleep: NVML is not opened until one is woken */
  | { readonly type: 'all-asleep' }
  | { readonly type: 'cards-taken' }
  | { readonly type: 'closed' }
  | TickMessage;

/** One reading of all GPUs: when, how it went, and what came with it. The readings are in the shared memory. */
export type NvmlTick = {
  /** number of the tick in the shared memory */
  readonly tick: number;
  /** 0, or why NVML has to be opened anew: then there are no readings */
  readonly code: number;
  readonly tsMs: number;
  readonly monoMs: number;
  readonly tookMs: number;
  /** time between samples now: longer than asked for when reading takes too long */
  readonly intervalMs: number;
} & TickExtras;

type TickExtras = {
  /** by position in the list of GPUs; only on the slow cadence */
  readonly processes?: readonly (readonly GpuProcess[] | undefined)[] | undefined;
  readonly mig?: readonly (readonly MigInstance[] | undefined)[] | undefined;
  readonly leftAlone: readonly LeftAlone[];
  readonly events: readonly WorkerEvent[];
};

/** A tick as it crosses threads: numbers in a row, because most have nothing else, and names would cost more than they do. */
export type TickMessage = readonly [
  tick: number,
  code: number,
  tsMs: number,
  monoMs: number,
  tookMs: number,
  intervalMs: number,
  extras?: TickExtras,
];

export function packTick({ tick, code, tsMs, monoMs, tookMs, intervalMs, ...extras }: NvmlTick): TickMessage {
  const { processes, mig, leftAlone, events } = extras;
  const numbers = [tick, code, tsMs, monoMs, tookMs, intervalMs] as const;
  return processes || mig || leftAlone.length > 0 || events.length > 0 ? [...numbers, extras] : numbers;
}

export function unpackTick([tick, code, tsMs, monoMs, tookMs, intervalMs, extras]: TickMessage): NvmlTick {
  return { tick, code, tsMs, monoMs, tookMs, intervalMs, ...(extras ?? { leftAlone: [], events: [] }) };
}

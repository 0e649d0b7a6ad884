import type { GpuProcess, MigInstance, SourceSettings } from '../source.ts';
import type { WakeSignal } from './wake-signal.ts';
import type { Card } from './cards.ts';
import type { ReaderGpu } from './reader.ts';

/** Intervals and timeouts, ms. All but `slowMs` and `rareMs` are about faults and sleep. */
export type Patience = {
  /** between readings of metrics that are expensive, and of those that rarely change */
  readonly slowMs: number;
  readonly rareMs: number;
  /** a GPU idle for this long is released so that it can fall asleep */
  readonly graceMs: number;
  /** until NVML is reopened */
  readonly reopenMs: number;
  /** after a call about one GPU has taken this long, other threads read the other GPUs */
  readonly hangMs: number;
  /** the same at the first start: without persistence mode the driver wakes each card to open it */
  readonly openMs: number;
  /** after this long without changes, one thread reads all cards again */
  readonly calmMs: number;
  /** until a thread that has ended is restarted */
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
 * Messages between the collector and the thread that owns NVML. The thread sets the pace: one message per tick. Between
 * ticks it blocks on the wake signal, so every message after `start` must be followed by `wake(signal)`.
 */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly library: string | undefined;
      readonly settings: SourceSettings;
      readonly patience: Patience;
      /** where the system lists PCI devices, if not in the usual place */
      readonly pciDevices: string | undefined;
      /** where the kernel's log is, if not in the usual place */
      readonly kernelLog: string | undefined;
      /** Windows' performance library, if not the system's own */
      readonly pdh: string | undefined;
      /** the cards to read; undefined: all that the driver lists */
      readonly only: readonly Card[] | undefined;
      /** monotonic time of a moment of the grid that all threads share */
      readonly gridMs: number;
      readonly wakeSignal: WakeSignal;
      /** where the thread publishes which card it is calling the driver about (place.ts) */
      readonly place: SharedArrayBuffer;
    }
  /** read these cards from the next tick on; the thread answers `cards-assigned` before that tick */
  | { readonly type: 'cards'; readonly only: readonly Card[] | undefined }
  | { readonly type: 'settings'; readonly settings: SourceSettings }
  /** take a tick now, beside the grid */
  | { readonly type: 'sample' }
  /** a tick was overwritten before or while its readings were copied */
  | { readonly type: 'missed'; readonly tick: number }
  | { readonly type: 'close' };

/** A GPU that is not read: asleep, or released so that it can fall asleep. */
export type LeftAlone = { readonly busId: string; readonly state: 'asleep' | 'released' };

/** An XID error. NVML reports the GPU's UUID; the kernel reports its slot without the function. */
export type WorkerEvent = {
  readonly uuid?: string;
  readonly slot?: string;
  readonly code: number;
  readonly text?: string;
  readonly tsMs: number;
};

export type FromWorker =
  | { readonly type: 'no-library'; readonly message: string; readonly next: string | undefined }
  /** NVML was opened or reopened: the GPUs, and the shared memory into which their readings are written */
  | {
      readonly type: 'opened';
      /** 0, or the NVML code with which opening failed: then `gpus` is empty */
      readonly code: number;
      readonly gpus: readonly ReaderGpu[];
      readonly buffer: SharedArrayBuffer;
      readonly driver: string | undefined;
      readonly nvml: string | undefined;
    }
  /** all GPUs are asleep: NVML is not opened until one wakes */
  | { readonly type: 'all-asleep' }
  | { readonly type: 'cards-assigned' }
  | { readonly type: 'closed' }
  | TickMessage;

/** One tick over all GPUs. Its readings are in the shared memory. */
export type NvmlTick = {
  /** number of the tick in the shared memory */
  readonly tick: number;
  /** 0, or the NVML code that requires reopening: then there are no readings */
  readonly code: number;
  readonly tsMs: number;
  readonly monoMs: number;
  readonly tookMs: number;
  /** current time between samples, ms: longer than requested if reading takes too long */
  readonly intervalMs: number;
} & TickExtras;

type TickExtras = {
  /** by position in the list of GPUs; only on the slow cadence */
  readonly processes?: readonly (readonly GpuProcess[] | undefined)[] | undefined;
  readonly mig?: readonly (readonly MigInstance[] | undefined)[] | undefined;
  readonly leftAlone: readonly LeftAlone[];
  readonly events: readonly WorkerEvent[];
};

/** A tick as it crosses threads. A tuple, because most ticks are only numbers and cloning property names costs more. */
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

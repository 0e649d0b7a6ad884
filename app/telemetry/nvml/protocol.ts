import type { GpuProcess, MigInstance, SourceSettings } from '../source.ts';
import type { ReaderGpu } from './reader.ts';

/** Messages between the collector and the thread that owns NVML. The thread sets the pace: one message a tick. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly library: string | undefined;
      readonly settings: SourceSettings;
      /** where the system lists PCI devices, when not in the usual place */
      readonly pciDevices: string | undefined;
      /** where the kernel's log is, when not in the usual place */
      readonly kernelLog: string | undefined;
      /** slots of the GPUs to read, when another thread hangs in one; undefined: all */
      readonly only: readonly string[] | undefined;
    }
  | { readonly type: 'settings'; readonly settings: SourceSettings }
  | { readonly type: 'close' };

/** A GPU that is left alone: asleep, or let go so that it can fall asleep. */
export type LeftAlone = { readonly busId: string; readonly state: 'asleep' | 'released' };

/** An XID error, by the GPU's place in the list or by its slot without the function. */
export type WorkerEvent = {
  readonly position?: number;
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
  | {
      readonly type: 'tick';
      /** number of the tick in the shared memory */
      readonly tick: number;
      /** 0, or why NVML has to be opened anew: then there are no readings */
      readonly code: number;
      readonly tsMs: number;
      readonly monoMs: number;
      readonly tookMs: number;
      /** time between samples now: longer than asked for when reading takes too long */
      readonly intervalMs: number;
      /** by position in the list of GPUs; only on the slow cadence */
      readonly processes: readonly (readonly GpuProcess[] | undefined)[] | undefined;
      readonly mig: readonly (readonly MigInstance[] | undefined)[] | undefined;
      readonly leftAlone: readonly LeftAlone[];
      readonly events: readonly WorkerEvent[];
    }
  | { readonly type: 'closed' };

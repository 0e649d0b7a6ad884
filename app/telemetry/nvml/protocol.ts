import type { GpuProcess } from '../source.ts';
import type { ReaderGpu } from './reader.ts';

/** Messages between the collector and the thread that owns NVML. The thread sets the pace: one message a tick. */
export type ToWorker =
  | { readonly type: 'start'; readonly library: string | undefined; readonly intervalMs: number }
  | { readonly type: 'interval'; readonly intervalMs: number }
  | { readonly type: 'close' };

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
  | {
      readonly type: 'tick';
      /** number of the tick in the shared memory */
      readonly tick: number;
      /** 0, or why NVML has to be opened anew: then there are no readings */
      readonly code: number;
      readonly tsMs: number;
      readonly monoMs: number;
      readonly tookMs: number;
      /** processes by position in the list of GPUs; only on the slow cadence */
      readonly processes: readonly (readonly GpuProcess[] | undefined)[] | undefined;
    }
  | { readonly type: 'closed' };

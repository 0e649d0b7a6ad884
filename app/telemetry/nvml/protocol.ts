import type { Cadence } from '../../metrics.ts';
import type { GpuProcess } from '../source.ts';
import type { ReaderGpu } from './reader.ts';

/** Messages between the collector and the thread that owns NVML. */
export type ToWorker =
  | { readonly type: 'open'; readonly library?: string }
  | { readonly type: 'read'; readonly tick: number; readonly cadences: readonly Cadence[] }
  | { readonly type: 'close' };

export type FromWorker =
  | {
      readonly type: 'opened';
      readonly code: number;
      readonly gpus: readonly ReaderGpu[];
      /** frames of `gpus`, in their order */
      readonly buffer: SharedArrayBuffer;
      readonly driver: string | undefined;
      readonly nvml: string | undefined;
    }
  | { readonly type: 'no-library'; readonly message: string; readonly next: string | undefined }
  /** code: 0, or why NVML must be opened anew */
  | {
      readonly type: 'done';
      readonly tick: number;
      readonly code: number;
      /** processes by position in the list of GPUs; only on the slow cadence */
      readonly processes: readonly (readonly GpuProcess[] | undefined)[];
    }
  | { readonly type: 'closed' };

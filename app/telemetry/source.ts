import type { Result } from '../core/result.ts';
import type { GpuEvent, GpuSample, SourceFault, SourceInfo } from './schema.ts';

export type { GpuEvent, GpuIdentity, GpuProcess, GpuSample, MigInstance, SourceFault, SourceInfo } from './schema.ts';

/** What the UUID of each simulated card begins with. */
export const SIMULATED = 'SIM-';

export const processTypes = ['compute', 'graphics', 'both'] as const;
export type ProcessType = (typeof processTypes)[number];

/** Who told of an event: the driver's library, the kernel's log, or both. */
export const witnesses = ['nvml', 'kernel', 'both'] as const;
export type Witness = (typeof witnesses)[number];

/** What a person can change while a source reads. */
export type SourceSettings = {
  /** time between samples; a recording has its own */
  readonly intervalMs: number;
  /** read the `request` cadence too: PCIe traffic, which costs 40 ms per card */
  readonly pcieThroughput: boolean;
};

/** One answer of a source, for all GPUs. */
export type SourceSample = {
  readonly gpus: readonly GpuSample[];
  /** wall clock of the measurement, ms since 1970 */
  readonly tsMs: number;
  /** monotonic clock of the measurement, ms */
  readonly monoMs: number;
  /** how long the reading itself took, ms */
  readonly tookMs: number;
  readonly fault?: SourceFault;
  /** what the driver reported since the previous sample */
  readonly events?: readonly GpuEvent[];
  /** a recording was played to its end: there are no more samples */
  readonly ended?: boolean;
};

/**
 * Where telemetry comes from. A source sets its own pace: `read` waits for its next sample. It never throws, and never
 * waits longer than `deadlineMs` past the moment a sample was due: GPUs that did not answer are `stalled` or `lost`, the
 * others have their readings. Handles never leave the adapter.
 */
export type TelemetrySource = {
  readonly info: () => SourceInfo;
  readonly read: (deadlineMs: number) => Promise<SourceSample>;
  readonly configure: (settings: SourceSettings) => void;
  /** Takes a sample outside the pace, which continues as before. Absent: the source cannot; its pace is its program's. */
  readonly sampleNow?: () => void;
  /** Ends a read that is waiting. */
  readonly close: () => Promise<void>;
};

export type OpenedSource = Result<TelemetrySource>;

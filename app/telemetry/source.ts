import type { Frame } from '../reading.ts';
import type { Result } from '../result.ts';

export type SourceKind = 'nvml' | 'nvidia-smi' | 'replay' | 'simulator';

/** Who a GPU is. The UUID is its identity for ever; the index is for display and may change between boots. */
export type GpuIdentity = {
  readonly uuid: string;
  readonly index: number;
  readonly name: string;
  /** domain:bus:device.function as the driver prints it, or '' when the source does not say */
  readonly pciBusId: string;
  readonly vbios?: string;
};

/** A process that holds memory or a context on a GPU. */
export type GpuProcess = { readonly pid: number; readonly name: string; readonly vramBytes?: number };

export type GpuSample = {
  readonly gpu: GpuIdentity;
  readonly frame: Frame;
  /** only on ticks of the slow cadence, and only where the source can tell */
  readonly processes?: readonly GpuProcess[];
};

/** Something that concerns the source as a whole: no driver, no answer, recording ended. Cleared by a clean sample. */
export type SourceFault = { readonly code: string; readonly message: string; readonly next?: string };

/** What the source is, for banners, report headings and the "source" line beside every number. */
export type SourceInfo = {
  readonly kind: SourceKind;
  /** for people: "NVML 12.575.57", "nvidia-smi 535.86", "Recording hot-3090.jsonl" */
  readonly label: string;
  readonly driverVersion?: string;
  /** true when the numbers do not come from a card in this machine */
  readonly simulated: boolean;
  /** why a preferred source was not taken, when `auto` chose */
  readonly because?: string;
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
  /** a recording was played to its end: nothing more will come */
  readonly ended?: boolean;
};

/**
 * Where telemetry comes from. A source sets its own pace: `read` waits for its next sample. It never throws, and never
 * waits longer than `deadlineMs` past the moment a sample was due: what did not answer comes back `stalled` or `lost`,
 * the rest with its readings. Handles never leave the adapter.
 */
export type TelemetrySource = {
  readonly info: () => SourceInfo;
  readonly read: (deadlineMs: number) => Promise<SourceSample>;
  /** time between samples; a recording has its own */
  readonly setInterval: (intervalMs: number) => void;
  /** Ends a read that is waiting. */
  readonly close: () => Promise<void>;
};

export type OpenedSource = Result<TelemetrySource>;

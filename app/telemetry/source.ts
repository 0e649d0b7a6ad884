import type { Frame } from '../metrics/frame.ts';
import type { Result } from '../core/result.ts';

export type SourceKind = 'nvml' | 'nvidia-smi' | 'replay' | 'simulator';

/** The identity of a GPU. The UUID is permanent; the index is for display and may change between boots. */
export type GpuIdentity = {
  readonly uuid: string;
  readonly index: number;
  readonly name: string;
  /** domain:bus:device.function as the driver prints it, or '' when the source does not say */
  readonly pciBusId: string;
  readonly vbios?: string;
  /** "Ampere", "Ada Lovelace": what the driver calls the design */
  readonly architecture?: string;
};

export const processTypes = ['compute', 'graphics', 'both'] as const;
export type ProcessType = (typeof processTypes)[number];

/** A process that holds memory or a context on a GPU. */
export type GpuProcess = {
  readonly pid: number;
  readonly name: string;
  readonly type?: ProcessType;
  readonly vramBytes?: number;
  /** share of the SMs' time in the last period that the driver measured, % */
  readonly smPct?: number;
  /** under WDDM NVML has no memory and on some cards no load by process: these are Windows' own counters */
  readonly countedBy?: 'windows';
};

/** A slice of a card in MIG mode. Utilisation is not measurable for it. */
export type MigInstance = {
  readonly index: number;
  readonly uuid?: string;
  readonly vramUsedBytes?: number;
  readonly vramTotalBytes?: number;
};

/** Who reported an event: the driver's library, the kernel's log, or both. */
export const witnesses = ['nvml', 'kernel', 'both'] as const;
export type Witness = (typeof witnesses)[number];

/** Something the driver reported once: an XID error. */
export type GpuEvent = {
  readonly gpuUuid: string;
  readonly tsMs: number;
  readonly kind: 'xid';
  readonly code: number;
  /** the kernel's own words, where it has any */
  readonly text?: string;
  readonly witness: Witness;
};

export type GpuSample = {
  readonly gpu: GpuIdentity;
  readonly frame: Frame;
  /** only on ticks of the slow cadence, and only if the source reports them */
  readonly processes?: readonly GpuProcess[];
  /** only in MIG mode, and on ticks on which it is read */
  readonly mig?: readonly MigInstance[];
};

/** A fault of the whole source: no driver, no answer, end of a recording. A sample without a fault clears it. */
export type SourceFault = {
  readonly code: string;
  readonly message: string;
  readonly next?: string;
  /** only a warning: no readings are missing */
  readonly level?: 'warn';
};

/** What the user can change while a source reads. */
export type SourceSettings = {
  /** time between samples; a recording has its own */
  readonly intervalMs: number;
  /** read the `request` cadence too: PCIe traffic, which costs 40 ms per card */
  readonly pcieThroughput: boolean;
};

/** What the source is, for banners, report headings and the source of every number. */
export type SourceInfo = {
  readonly kind: SourceKind;
  /** for people: "NVML 12.575.57", "nvidia-smi 535.86", "Recording hot-3090.jsonl" */
  readonly label: string;
  readonly driverVersion?: string;
  /** true when the numbers do not come from a card in this machine */
  readonly simulated: boolean;
  /** which of the catalogue's lists of names a frame's `via` points into; absent where the source has no names */
  readonly names?: 'nvml' | 'xml' | 'csv';
  /** why `auto` did not choose a preferred source */
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
  /** Ends a read that is waiting. */
  readonly close: () => Promise<void>;
};

export type OpenedSource = Result<TelemetrySource>;

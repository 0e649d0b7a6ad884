import type { Cadence, MetricKey } from '../../metrics.ts';
import { setValue, type Frame } from '../../reading.ts';
import type { Argument, Parameter } from './library.ts';

/** One way to ask NVML for something: a symbol, how it is called, and what its answer means. */
export type Variant = {
  readonly symbol: string;
  readonly parameters: readonly Parameter[];
  /** size of the answer in bytes */
  readonly size: number;
  /** versioned structs carry size | version << 24 in their first word */
  readonly version?: number;
  readonly args: (device: number, out: ArrayBuffer) => Argument[];
  readonly decode: (view: DataView, frame: Frame) => void;
};

/** A question about a GPU: the metrics it answers, and its variants, newest first. */
export type Getter = {
  readonly metrics: readonly MetricKey[];
  readonly cadence: Cadence;
  readonly variants: readonly Variant[];
};

const LE = true;
const u32 = (view: DataView, at = 0) => view.getUint32(at, LE);
const u64 = (view: DataView, at: number) => Number(view.getBigUint64(at, LE));

/** device → one or more unsigned ints in a row */
const plain = (symbol: string, size: number, decode: Variant['decode']): Variant => ({
  symbol,
  parameters: ['device', 'out'],
  size,
  args: (device, out) => [device, out],
  decode,
});

/** device, selector → one unsigned int */
const selected = (symbol: string, selector: number, decode: Variant['decode']): Variant => ({
  symbol,
  parameters: ['device', 'uint', 'out'],
  size: 4,
  args: (device, out) => [device, selector, out],
  decode,
});

const milliwatts = (key: MetricKey, symbol: string, cadence: Cadence): Getter => ({
  metrics: [key],
  cadence,
  variants: [plain(symbol, 4, (view, frame) => setValue(frame, key, u32(view) / 1000))],
});

const threshold = (key: MetricKey, type: number): Getter => ({
  metrics: [key],
  cadence: 'slow',
  variants: [
    selected('nvmlDeviceGetTemperatureThreshold', type, (view, frame) => setValue(frame, key, view.getInt32(0, LE))),
  ],
});

const clock = (key: MetricKey, type: number): Getter => ({
  metrics: [key],
  cadence: 'tick',
  variants: [selected('nvmlDeviceGetClockInfo', type, (view, frame) => setValue(frame, key, u32(view)))],
});

/** A mask is 8 bytes in NVML; all known bits are in the low word. */
const reasonMask = (symbol: string): Variant =>
  plain(symbol, 8, (view, frame) => setValue(frame, 'throttleReasons', u32(view)));

const structVersion = (size: number, version: number) => size | (version << 24);

/**
 * Every call the reader makes for a GPU, in order. Struct layouts and units are those of nvml.h (CUDA 13.3); fields
 * that are read in one batch are in field-values.ts.
 */
export const getters: readonly Getter[] = [
  {
    metrics: ['coreTempC'],
    cadence: 'tick',
    variants: [
      selected('nvmlDeviceGetTemperature', 0, (view, frame) => setValue(frame, 'coreTempC', view.getInt32(0, LE))),
    ],
  },
  milliwatts('powerW', 'nvmlDeviceGetPowerUsage', 'tick'),
  {
    metrics: ['energyMj'],
    cadence: 'tick',
    variants: [
      plain('nvmlDeviceGetTotalEnergyConsumption', 8, (view, frame) => setValue(frame, 'energyMj', u64(view, 0))),
    ],
  },
  {
    metrics: ['gpuUtilPct', 'memUtilPct'],
    cadence: 'tick',
    variants: [
      plain('nvmlDeviceGetUtilizationRates', 8, (view, frame) => {
        setValue(frame, 'gpuUtilPct', u32(view));
        setValue(frame, 'memUtilPct', u32(view, 4));
      }),
    ],
  },
  {
    metrics: ['vramUsedBytes', 'vramTotalBytes'],
    cadence: 'tick',
    variants: [
      {
        ...plain('nvmlDeviceGetMemoryInfo_v2', 40, (view, frame) => {
          setValue(frame, 'vramTotalBytes', u64(view, 8));
          setValue(frame, 'vramUsedBytes', u64(view, 32));
        }),
        version: structVersion(40, 2),
      },
      plain('nvmlDeviceGetMemoryInfo', 24, (view, frame) => {
        setValue(frame, 'vramTotalBytes', u64(view, 0));
        setValue(frame, 'vramUsedBytes', u64(view, 16));
      }),
    ],
  },
  clock('graphicsClockMhz', 0),
  clock('smClockMhz', 1),
  clock('memClockMhz', 2),
  {
    metrics: ['pstate'],
    cadence: 'tick',
    variants: [plain('nvmlDeviceGetPerformanceState', 4, (view, frame) => setValue(frame, 'pstate', u32(view)))],
  },
  {
    metrics: ['throttleReasons'],
    cadence: 'tick',
    variants: [
      reasonMask('nvmlDeviceGetCurrentClocksEventReasons'),
      reasonMask('nvmlDeviceGetCurrentClocksThrottleReasons'),
    ],
  },
  {
    metrics: ['tempMarginK'],
    cadence: 'tick',
    variants: [
      {
        ...plain('nvmlDeviceGetMarginTemperature', 8, (view, frame) =>
          setValue(frame, 'tempMarginK', view.getInt32(4, LE)),
        ),
        version: structVersion(8, 1),
      },
    ],
  },
  {
    metrics: ['fanPct'],
    cadence: 'slow',
    variants: [
      selected('nvmlDeviceGetFanSpeed_v2', 0, (view, frame) => setValue(frame, 'fanPct', u32(view))),
      plain('nvmlDeviceGetFanSpeed', 4, (view, frame) => setValue(frame, 'fanPct', u32(view))),
    ],
  },
  threshold('tempShutdownC', 0),
  threshold('tempSlowdownC', 1),
  threshold('tempMaxC', 3),
  threshold('tempTargetC', 5),
  milliwatts('powerLimitW', 'nvmlDeviceGetEnforcedPowerLimit', 'slow'),
  milliwatts('powerDefaultLimitW', 'nvmlDeviceGetPowerManagementDefaultLimit', 'slow'),
  {
    metrics: ['powerMinLimitW', 'powerMaxLimitW'],
    cadence: 'slow',
    variants: [
      {
        symbol: 'nvmlDeviceGetPowerManagementLimitConstraints',
        parameters: ['device', 'out', 'out'],
        size: 8,
        // two unsigned ints behind two pointers
        args: (device, out) => [device, out, new Uint8Array(out, 4)],
        decode: (view, frame) => {
          setValue(frame, 'powerMinLimitW', u32(view) / 1000);
          setValue(frame, 'powerMaxLimitW', u32(view, 4) / 1000);
        },
      },
    ],
  },
];

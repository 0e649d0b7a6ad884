import type { Cadence, MetricKey } from '../../metrics.ts';
import { setValue } from '../../reading.ts';
import { i32, pair, plain, selected, single, u32, u64, versioned, type Getter, type Variant } from './getter.ts';

const MILLI = 1e-3;

const threshold = (key: MetricKey, type: number): Getter => ({
  metrics: [key],
  cadence: 'slow',
  variants: [selected('nvmlDeviceGetTemperatureThreshold', [type], (view, frame) => setValue(frame, key, i32(view)))],
});

const clock = (key: MetricKey, symbol: string, type: number, cadence: Cadence): Getter => ({
  metrics: [key],
  cadence,
  variants: [selected(symbol, [type], (view, frame) => setValue(frame, key, u32(view)))],
});

/** A mask is 8 bytes in NVML; all known bits are in the low word. */
const reasonMask = (symbol: string): Variant =>
  plain(symbol, 8, (view, frame) => setValue(frame, 'throttleReasons', u32(view)));

/** Share of a unit's time; the second number is the sampling period. */
const unit = (key: MetricKey, symbol: string): Getter => ({
  metrics: [key],
  cadence: 'slow',
  variants: [pair(symbol, (view, frame) => setValue(frame, key, u32(view)))],
});

const fan = (key: MetricKey, index: number): Getter => ({
  metrics: [key],
  cadence: 'slow',
  ofSeveral: true,
  variants: [selected('nvmlDeviceGetFanSpeed_v2', [index], (view, frame) => setValue(frame, key, u32(view)))],
});

/** nvmlMemoryErrorType_t 0 corrected, 1 uncorrected; nvmlEccCounterType_t 0 volatile, 1 aggregate */
const eccTotal = (key: MetricKey, error: 0 | 1, counter: 0 | 1): Getter => ({
  metrics: [key],
  cadence: 'rare',
  variants: [
    selected('nvmlDeviceGetTotalEccErrors', [error, counter], (view, frame) => setValue(frame, key, u64(view)), 8),
  ],
});

/** KB/s; the call blocks for the 20 ms it measures */
const throughput = (key: MetricKey, counter: 0 | 1): Getter => ({
  metrics: [key],
  cadence: 'request',
  variants: [
    selected('nvmlDeviceGetPcieThroughput', [counter], (view, frame) => setValue(frame, key, u32(view) * 1000)),
  ],
});

const banks = ['remapBanksMax', 'remapBanksHigh', 'remapBanksPartial', 'remapBanksLow', 'remapBanksNone'] as const;

/**
 * Every call the reader makes for a GPU, in order. Struct layouts and units are those of nvml.h (CUDA 13.3); fields
 * that are read in one batch are in field-values.ts, questions that need several calls in processes.ts, nvlink.ts and
 * mig.ts.
 */
export const getters: readonly Getter[] = [
  {
    metrics: ['coreTempC'],
    cadence: 'tick',
    variants: [selected('nvmlDeviceGetTemperature', [0], (view, frame) => setValue(frame, 'coreTempC', i32(view)))],
  },
  single('powerW', 'nvmlDeviceGetPowerUsage', 'tick', MILLI),
  {
    metrics: ['energyMj'],
    cadence: 'tick',
    variants: [
      plain('nvmlDeviceGetTotalEnergyConsumption', 8, (view, frame) => setValue(frame, 'energyMj', u64(view))),
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
    metrics: ['vramUsedBytes', 'vramReservedBytes', 'vramFreeBytes', 'vramTotalBytes'],
    cadence: 'tick',
    variants: [
      versioned('nvmlDeviceGetMemoryInfo_v2', 40, 2, (view, frame) => {
        setValue(frame, 'vramTotalBytes', u64(view, 8));
        setValue(frame, 'vramReservedBytes', u64(view, 16));
        setValue(frame, 'vramFreeBytes', u64(view, 24));
        setValue(frame, 'vramUsedBytes', u64(view, 32));
      }),
      plain('nvmlDeviceGetMemoryInfo', 24, (view, frame) => {
        setValue(frame, 'vramTotalBytes', u64(view, 0));
        setValue(frame, 'vramFreeBytes', u64(view, 8));
        setValue(frame, 'vramUsedBytes', u64(view, 16));
      }),
    ],
  },
  clock('graphicsClockMhz', 'nvmlDeviceGetClockInfo', 0, 'tick'),
  clock('smClockMhz', 'nvmlDeviceGetClockInfo', 1, 'tick'),
  clock('memClockMhz', 'nvmlDeviceGetClockInfo', 2, 'tick'),
  single('pstate', 'nvmlDeviceGetPerformanceState', 'tick'),
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
      versioned('nvmlDeviceGetMarginTemperature', 8, 1, (view, frame) => setValue(frame, 'tempMarginK', i32(view, 4))),
    ],
  },

  clock('videoClockMhz', 'nvmlDeviceGetClockInfo', 3, 'slow'),
  unit('encoderUtilPct', 'nvmlDeviceGetEncoderUtilization'),
  unit('decoderUtilPct', 'nvmlDeviceGetDecoderUtilization'),
  unit('jpegUtilPct', 'nvmlDeviceGetJpgUtilization'),
  unit('ofaUtilPct', 'nvmlDeviceGetOfaUtilization'),
  {
    metrics: ['bar1UsedBytes', 'bar1TotalBytes'],
    cadence: 'slow',
    variants: [
      plain('nvmlDeviceGetBAR1MemoryInfo', 24, (view, frame) => {
        setValue(frame, 'bar1TotalBytes', u64(view, 0));
        setValue(frame, 'bar1UsedBytes', u64(view, 16));
      }),
    ],
  },
  {
    ...fan('fanPct', 0),
    variants: [
      ...fan('fanPct', 0).variants,
      plain('nvmlDeviceGetFanSpeed', 4, (view, frame) => setValue(frame, 'fanPct', u32(view))),
    ],
  },
  fan('fan2Pct', 1),
  fan('fan3Pct', 2),
  fan('fan4Pct', 3),
  {
    metrics: ['fanRpm'],
    cadence: 'slow',
    variants: [versioned('nvmlDeviceGetFanSpeedRPM', 12, 1, (view, frame) => setValue(frame, 'fanRpm', u32(view, 8)))],
  },
  threshold('tempShutdownC', 0),
  threshold('tempSlowdownC', 1),
  threshold('memMaxTempC', 2),
  threshold('tempMaxC', 3),
  threshold('tempTargetC', 5),
  single('powerLimitW', 'nvmlDeviceGetEnforcedPowerLimit', 'slow', MILLI),
  single('powerRequestedLimitW', 'nvmlDeviceGetPowerManagementLimit', 'slow', MILLI),
  single('powerDefaultLimitW', 'nvmlDeviceGetPowerManagementDefaultLimit', 'slow', MILLI),
  {
    metrics: ['powerMinLimitW', 'powerMaxLimitW'],
    cadence: 'slow',
    variants: [
      pair('nvmlDeviceGetPowerManagementLimitConstraints', (view, frame) => {
        setValue(frame, 'powerMinLimitW', u32(view) * MILLI);
        setValue(frame, 'powerMaxLimitW', u32(view, 4) * MILLI);
      }),
    ],
  },
  single('pcieGen', 'nvmlDeviceGetCurrPcieLinkGeneration', 'slow'),
  single('pcieWidth', 'nvmlDeviceGetCurrPcieLinkWidth', 'slow'),
  single('pcieReplays', 'nvmlDeviceGetPcieReplayCounter', 'slow'),

  single('pcieMaxGen', 'nvmlDeviceGetMaxPcieLinkGeneration', 'rare'),
  single('pcieMaxWidth', 'nvmlDeviceGetMaxPcieLinkWidth', 'rare'),
  clock('maxGraphicsClockMhz', 'nvmlDeviceGetMaxClockInfo', 0, 'rare'),
  clock('maxSmClockMhz', 'nvmlDeviceGetMaxClockInfo', 1, 'rare'),
  clock('maxMemClockMhz', 'nvmlDeviceGetMaxClockInfo', 2, 'rare'),
  clock('maxVideoClockMhz', 'nvmlDeviceGetMaxClockInfo', 3, 'rare'),
  {
    metrics: ['eccMode'],
    cadence: 'rare',
    variants: [pair('nvmlDeviceGetEccMode', (view, frame) => setValue(frame, 'eccMode', u32(view)))],
  },
  eccTotal('eccCorrectedVolatile', 0, 0),
  eccTotal('eccUncorrectedVolatile', 1, 0),
  eccTotal('eccCorrectedAggregate', 0, 1),
  eccTotal('eccUncorrectedAggregate', 1, 1),
  {
    metrics: ['sramThresholdExceeded'],
    cadence: 'rare',
    variants: [
      versioned('nvmlDeviceGetSramEccErrorStatus', 104, 1, (view, frame) =>
        setValue(frame, 'sramThresholdExceeded', u32(view, 96)),
      ),
    ],
  },
  {
    metrics: banks,
    cadence: 'rare',
    variants: [
      plain('nvmlDeviceGetRowRemapperHistogram', 20, (view, frame) =>
        banks.forEach((key, i) => setValue(frame, key, u32(view, 4 * i))),
      ),
    ],
  },
  single('persistenceMode', 'nvmlDeviceGetPersistenceMode', 'rare'),
  {
    metrics: ['migMode'],
    cadence: 'rare',
    variants: [pair('nvmlDeviceGetMigMode', (view, frame) => setValue(frame, 'migMode', u32(view)))],
  },

  throughput('pcieTxBytesPerS', 0),
  throughput('pcieRxBytesPerS', 1),
];

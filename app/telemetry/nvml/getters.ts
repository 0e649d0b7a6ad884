import type { Cadence, MetricKey } from '../../metrics/metrics.ts';
import { setAbsent } from '../../metrics/frame.ts';
import { each, i32, into, pair, plain, selected, single, u32, u64, versioned, type Getter } from './getter.ts';

const MILLI = 1e-3;

const threshold = (key: MetricKey, type: number): Getter => ({
  metrics: [key],
  cadence: 'slow',
  variants: [selected('nvmlDeviceGetTemperatureThreshold', type, into(key, u32))],
});

const clock = (key: MetricKey, symbol: string, type: number, cadence: Cadence): Getter => ({
  metrics: [key],
  cadence,
  variants: [selected(symbol, type, into(key, u32))],
});

/** A mask is 8 bytes in NVML; all known bits are in the low word, so that all ones in both is no mask. */
const reasonMask = into('throttleReasons', u64);

const PSTATE_UNKNOWN = 32; // NVML_PSTATE_UNKNOWN
const pstate = into('pstate', u32);

/** Share of a unit's time; the second number is the sampling period. */
const unit = (key: MetricKey, symbol: string): Getter => ({
  metrics: [key],
  cadence: 'slow',
  variants: [pair(symbol, into(key, u32))],
});

const fan = (key: MetricKey, index: number): Getter => ({
  metrics: [key],
  cadence: 'slow',
  variants: [
    {
      ...selected('nvmlDeviceGetFanSpeed_v2', index, into(key, u32)),
      ofSeveral: true,
    },
  ],
});

/** nvmlMemoryErrorType_t 0 corrected, 1 uncorrected; nvmlEccCounterType_t 0 volatile, 1 aggregate */
const eccTotal = (key: MetricKey, error: 0 | 1, counter: 0 | 1): Getter => ({
  metrics: [key],
  cadence: 'rare',
  variants: [
    {
      symbol: 'nvmlDeviceGetTotalEccErrors',
      parameters: ['device', 'uint', 'uint', 'out'],
      size: 8,
      invoke: (call, device, out) => call(device, error, counter, out),
      decode: into(key, u64),
    },
  ],
});

/** KB/s; the call blocks for the 20 ms it measures */
const throughput = (key: MetricKey, counter: 0 | 1): Getter => ({
  metrics: [key],
  cadence: 'request',
  variants: [selected('nvmlDeviceGetPcieThroughput', counter, into(key, u32, 0, 1000))],
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
    variants: [selected('nvmlDeviceGetTemperature', 0, into('coreTempC', u32))],
  },
  single('powerW', 'nvmlDeviceGetPowerUsage', 'tick', MILLI),
  {
    metrics: ['energyMj'],
    cadence: 'tick',
    variants: [plain('nvmlDeviceGetTotalEnergyConsumption', 8, into('energyMj', u64))],
  },
  {
    metrics: ['gpuUtilPct', 'memUtilPct'],
    cadence: 'tick',
    variants: [plain('nvmlDeviceGetUtilizationRates', 8, each(into('gpuUtilPct', u32), into('memUtilPct', u32, 4)))],
  },
  {
    metrics: ['vramUsedBytes', 'vramReservedBytes', 'vramFreeBytes', 'vramTotalBytes'],
    cadence: 'tick',
    variants: [
      versioned(
        'nvmlDeviceGetMemoryInfo_v2',
        40,
        2,
        each(
          into('vramTotalBytes', u64, 8),
          into('vramReservedBytes', u64, 16),
          into('vramFreeBytes', u64, 24),
          into('vramUsedBytes', u64, 32),
        ),
      ),
      plain(
        'nvmlDeviceGetMemoryInfo',
        24,
        each(into('vramTotalBytes', u64, 0), into('vramFreeBytes', u64, 8), into('vramUsedBytes', u64, 16)),
      ),
    ],
  },
  clock('graphicsClockMhz', 'nvmlDeviceGetClockInfo', 0, 'tick'),
  clock('smClockMhz', 'nvmlDeviceGetClockInfo', 1, 'tick'),
  clock('memClockMhz', 'nvmlDeviceGetClockInfo', 2, 'tick'),
  {
    metrics: ['pstate'],
    cadence: 'tick',
    variants: [
      plain('nvmlDeviceGetPerformanceState', 4, (view, frame) => {
        if (u32(view) === PSTATE_UNKNOWN) setAbsent(frame, 'pstate', 'unsupported');
        else pstate(view, frame);
      }),
    ],
  },
  {
    metrics: ['throttleReasons'],
    cadence: 'tick',
    variants: [
      plain('nvmlDeviceGetCurrentClocksEventReasons', 8, reasonMask),
      plain('nvmlDeviceGetCurrentClocksThrottleReasons', 8, reasonMask),
    ],
  },
  {
    metrics: ['tempMarginK'],
    cadence: 'slow', // the limit less the core temperature, and 1.2 ms of kernel time on an H100
    variants: [versioned('nvmlDeviceGetMarginTemperature', 8, 1, into('tempMarginK', i32, 4))],
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
      plain('nvmlDeviceGetBAR1MemoryInfo', 24, each(into('bar1TotalBytes', u64, 0), into('bar1UsedBytes', u64, 16))),
    ],
  },
  {
    ...fan('fanPct', 0),
    variants: [...fan('fanPct', 0).variants, plain('nvmlDeviceGetFanSpeed', 4, into('fanPct', u32))],
  },
  fan('fan2Pct', 1),
  fan('fan3Pct', 2),
  fan('fan4Pct', 3),
  {
    metrics: ['fanRpm'],
    cadence: 'slow',
    variants: [{ ...versioned('nvmlDeviceGetFanSpeedRPM', 12, 1, into('fanRpm', u32, 8)), ofSeveral: true }],
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
      pair(
        'nvmlDeviceGetPowerManagementLimitConstraints',
        each(into('powerMinLimitW', u32, 0, MILLI), into('powerMaxLimitW', u32, 4, MILLI)),
      ),
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
    variants: [pair('nvmlDeviceGetEccMode', into('eccMode', u32))],
  },
  eccTotal('eccCorrectedVolatile', 0, 0),
  eccTotal('eccUncorrectedVolatile', 1, 0),
  eccTotal('eccCorrectedAggregate', 0, 1),
  eccTotal('eccUncorrectedAggregate', 1, 1),
  {
    metrics: ['sramThresholdExceeded'],
    cadence: 'rare',
    variants: [versioned('nvmlDeviceGetSramEccErrorStatus', 104, 1, into('sramThresholdExceeded', u32, 96))],
  },
  {
    metrics: banks,
    cadence: 'rare',
    variants: [plain('nvmlDeviceGetRowRemapperHistogram', 20, each(...banks.map((key, i) => into(key, u32, 4 * i))))],
  },
  single('persistenceMode', 'nvmlDeviceGetPersistenceMode', 'rare'),
  {
    metrics: ['migMode'],
    cadence: 'rare',
    variants: [pair('nvmlDeviceGetMigMode', into('migMode', u32))],
  },

  throughput('pcieTxBytesPerS', 0),
  throughput('pcieRxBytesPerS', 1),
];

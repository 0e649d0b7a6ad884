import { describe, expect, it } from 'vitest';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { channels, pushes, type Channel, type Push } from '../../app/contract/channels.ts';
import type { OwnCost } from '../../app/core/own-cost.ts';
import type { AppError } from '../../app/core/result.ts';
import type { GovernorStatus } from '../../app/governor/schema.ts';
import type { LastReadings } from '../../app/history/last-readings.ts';
import type { Range, StoredEvent, StoredGpu, StoredXid } from '../../app/history/schema.ts';
import type { JobState } from '../../app/jobs/jobs.ts';
import type { StressTestStatus } from '../../app/load/messages.ts';
import type { SettingsReport } from '../../app/settings/read-settings.ts';
import { defaultSettings, settingsSlices } from '../../app/settings/settings.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import type { PriceBook } from '../../app/workload/prices/market.ts';
import { frameWith, testGpu } from '../support/frames.ts';

// Schemas strip fields that they do not name. Each value here has every field of its type, so what is stripped is missed.

const START = Date.UTC(2026, 2, 1);
const { uuid: gpuUuid, name: gpuName } = testGpu();

type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

const error: Filled<AppError> = { code: 'busy', message: 'Busy.', next: 'Wait.' };
const gap = { fromMs: START, toMs: START + 1, reason: 'stalled' } as const;
const event = { gpuUuid, tsMs: START, code: 79, text: 'GPU has fallen off the bus.', witness: 'both' } as const;

const tick: Filled<Tick> = {
  seq: 7,
  tsMs: START,
  dtMs: 1000,
  axisMs: 7000,
  gap,
  gpus: [
    {
      gpu: { ...testGpu(), vbios: '94.02', architecture: 'Ampere' },
      frame: frameWith({ coreTempC: 67, memTempC: 'lost' }),
      processes: [{ pid: 1, name: 'python', type: 'compute', vramBytes: 1, smPct: 2, countedBy: 'windows' }],
      mig: [{ index: 0, uuid: 'MIG-1', vramUsedBytes: 1, vramTotalBytes: 2 }],
    },
  ],
  source: { kind: 'nvml', label: 'NVML', driverVersion: '575', simulated: false, names: 'nvml', because: 'asked for' },
  fault: { code: 'stalled', message: 'Late.', next: 'Wait.', level: 'warn' },
  events: [{ ...event, kind: 'xid' }],
  readMs: 0.4,
};
const alert: Filled<StoredAlert> = {
  gpuIndex: 2,
  toldMs: 4,
  acknowledgedMs: 5,
  snoozedUntilMs: 6,
  id: 1,
  gpuUuid,
  gpuName,
  rule: 'core-at-slowdown',
  severity: 'act',
  firedMs: START,
  clearedMs: START + 1,
  value: 93,
  threshold: 90,
  peak: 95,
};
const job: Filled<JobState> = { id: 1, kind: 'check', state: 'failed', share: 1, path: '/x', problems: ['y'], error };
const stressTest: Filled<StressTestStatus> = {
  running: true,
  phase: 'soak',
  shape: 'diffusion',
  elapsedMs: 1,
  load: 1,
  adapter: 'NVIDIA',
  software: false,
  gflop: 1,
  gbyte: 1,
  soak: { gflop: 1, gbyte: 1, ms: 1 },
  energyJ: 1,
  tempC: 70,
  peakTempC: 71,
  elsewhere: 'Other card',
  ending: 'failed',
  error: 'lost',
};
const cost: Filled<OwnCost> = {
  cpuPct: 1,
  rssBytes: 1,
  readMs: 1,
  cpuMsATick: 1,
  kept: 1,
  lost: 1,
  intervalMs: 1000,
};
const status = {
  state: 'failed',
  restarts: 1,
  error,
  setAside: '/old.db',
  notice: { message: 'm', next: 'n' },
  dataFolder: '/data',
} as const;
const report: Filled<SettingsReport> = {
  file: '/settings.json',
  problems: [{ field: 'theme', line: 2, message: 'm', next: 'n' }],
  former: [{ field: 'old', line: 3, now: 'theme' }],
  suspended: ['retentionDays'],
  copy: '/copy.json',
};

const prices: Filled<PriceBook> = {
  version: 1,
  currency: 'EUR',
  segments: [{ fromMs: 1, stepMs: 900_000, perKwh: [-0.01, 0.2] }],
  imports: [{ file: 'a.csv', format: 'entsoe', series: 'AT', importedMs: 1, fromMs: 1, toMs: 2, count: 2 }],
};

const pushed: Record<Push, unknown> = {
  tick,
  collector: status,
  settings: defaultSettings,
  settingsReport: report,
  alerts: [alert],
  prices: { book: prices },
  job,
  stressTest,
  sessions: undefined,
  cost: { collector: cost, application: { cpuPct: 1, memoryBytes: 2 } },
  show: { page: 'alerts' },
};

const gpu: Filled<StoredGpu> = { ...testGpu(), vbios: '94', architecture: 'Ada', id: 1, firstSeenMs: 1, lastSeenMs: 2 };
const xid: Filled<StoredXid> = { ...event, id: 1, gpuName };
const last: Filled<LastReadings> = {
  atMs: 1,
  values: {
    powerW: 575,
    coreTempC: 71,
    memTempC: 84,
    graphicsClockMhz: 2520,
    memClockMhz: 10501,
    gpuUtilPct: 99,
    powerLimitW: 600,
  },
  peakW: 580,
  loaded: true,
};
const stored: Filled<StoredEvent> = {
  id: 1,
  gpuUuid,
  kind: 'lost',
  fromMs: 1,
  toMs: 2,
  detail: 'xid 79',
  last,
  times: { count: 2, lowW: 540, highW: 575 },
};
const numbers = (): Float64Array => Float64Array.of(1, Number.NaN);
const range: Filled<Range> = {
  fromMs: 1,
  stepMs: 2,
  series: { coreTempC: { min: numbers(), mean: numbers(), max: numbers() } },
  counts: numbers(),
  gaps: [gap],
  resolution: 'minute',
};
const governor: Filled<GovernorStatus> = {
  enabled: true,
  held: [{ program: 'ComfyUI', why: 'stress', sinceMs: 1 }],
  powerLimits: [{ gpuUuid, limitW: 200, by: 'hand' }],
  pending: [{ gpuUuid, limitW: 210, untilMs: 2 }],
  log: [{ tsMs: 1, gpuUuid, what: 'held', why: 'stress', limitW: 200, program: 'ComfyUI', message: 'm' }],
};
const limit = { suspended: true, inForce: 365, pending: { value: 30, fromMs: 1 } };
const timeRange = { fromMs: 1, toMs: 2 };

/** Sessions and wear pages are checked in channels.spec.ts, with the answers of a recorded history. */
const answered: Partial<Record<Channel, unknown>> = {
  'desktop.get': { startsAtLogin: false, showsTray: true, serviceRecords: false },
  'desktop.startAtLogin': { startsAtLogin: true, showsTray: false, serviceRecords: true },
  'settings.get': defaultSettings,
  'settings.report': report,
  'collector.status': status,
  'alerts.firing': [alert],
  'alerts.newest': [alert],
  'live.latest': tick,
  'stressTest.status': stressTest,
  'gpus.list': [gpu],
  'history.extent': timeRange,
  'history.range': range,
  'history.marks': { alerts: [alert], sessions: [], gaps: [gap], xids: [xid], events: [stored] },
  'history.totals': {
    ...timeRange,
    observedMs: 1,
    asleepMs: 2,
    unobservedMs: 3,
    energyJ: 4,
    throttled: {
      'power-cap': { ms: 1, knownMs: 4 },
      heat: { ms: 2, knownMs: 4 },
      'power-brake': { ms: 3, knownMs: 4 },
    },
    olderUntilMs: null,
  },
  'history.storage': {
    storage: {
      fileBytes: 1,
      freeBytes: 2,
      openRows: 3,
      gpus: [{ gpuUuid, gpuName, samples: 1, bytes: 2, rollupBytes: 3, fromMs: 1, toMs: 2 }],
    },
    preview: { bytes: 1, samples: 2, hours: 3, gpus: 4, beforeMs: 5 },
    limits: { retentionDays: limit, historyCapMb: limit },
  },
  'jobs.list': [job],
  'xids.newest': [xid],
  'incidents.newest': [stored],
  'prices.get': { book: prices },
  'governor.status': governor,
};

describe('in transit nothing is stripped', () => {
  it.each(Object.keys(pushed) as Push[])('from the push %s', (name) => {
    expect(pushes[name].parse(structuredClone(pushed[name]))).toEqual(pushed[name]);
  });

  it.each(Object.keys(answered) as Channel[])('from the answer of %s', (name) => {
    expect(channels[name].response.parse(structuredClone(answered[name]))).toEqual(answered[name]);
  });
});

it('no setting is declared by two domains', () => {
  const keys = Object.values(settingsSlices).flatMap((slice) => Object.keys(slice));
  expect(keys.sort()).toEqual(Object.keys(defaultSettings).sort());
});

import { BORDERLINE_RETIRED_PAGES } from '../health/memory.ts';
import { flag, HOUR_MS, MINUTE_MS, type AlertRuleRow } from './rule-row.ts';

/**
 * Laptop cards report a "maximum operating temperature" far below the slowdown limit (75 against 102 °C on an RTX 3060
 * Laptop) and work above it every day, so it only counts where it lies this close to the slowdown limit.
 */
const NEAR_K = 5;
const CELSIUS = [30, 120] as const;

/**
 * The rules of a card; those that cover others come first. A new rule is a row here and its texts in `alerts.rule` of each
 * language.
 *
 * Temperatures are compared with a limit that the card itself reports: cards differ by 30 °C in what they tolerate, so a
 * fixed number would alert too early on one card and too late on another.
 */
export const cardRules = [
  { ...flag, id: 'gpu-lost', severity: 'act', watches: 'gpuLost', holdMs: 10_000, clearMs: 60_000, covers: 'all' },
  { ...flag, id: 'gpu-stalled', severity: 'act', watches: 'gpuStalled', holdMs: 30_000, clearMs: 60_000 },
  // the driver may need a moment to call a card lost after the Xid that says why
  { ...flag, id: 'xid-critical', severity: 'act', watches: 'criticalXid', holdMs: 5_000, clearMs: 0 },
  { ...flag, id: 'ecc-uncorrected', severity: 'act', watches: 'eccUncorrectedVolatile', holdMs: 0, clearMs: 60_000 },
  {
    ...flag,
    id: 'remap-failed',
    severity: 'act',
    watches: 'remapFailure',
    holdMs: 0,
    clearMs: 60_000,
    covers: ['remap-pending'],
  },
  { ...flag, id: 'remap-pending', severity: 'warn', watches: 'remapPending', holdMs: 0, clearMs: 60_000 },
  {
    id: 'pages-retired',
    severity: 'warn',
    watches: 'retiredPages',
    condition: 'at-least',
    limit: BORDERLINE_RETIRED_PAGES,
    range: [1, 64],
    holdMs: 0,
    hysteresis: 1,
    clearMs: 60_000,
  },
  { ...flag, id: 'pages-pending', severity: 'warn', watches: 'retiredPagesPending', holdMs: 0, clearMs: 60_000 },
  {
    id: 'core-at-slowdown',
    severity: 'act',
    watches: 'coreTempC',
    condition: 'at-least',
    limit: (limits) => limits('tempSlowdownC'),
    range: CELSIUS,
    holdMs: 5_000,
    hysteresis: 3,
    clearMs: 30_000,
    covers: ['core-near-slowdown', 'core-fixed'],
  },
  {
    id: 'core-near-slowdown',
    severity: 'warn',
    watches: 'coreTempC',
    condition: 'at-least',
    limit(limits) {
      const [max, slowdown] = [limits('tempMaxC'), limits('tempSlowdownC')];
      return slowdown === undefined ? max : Math.max(slowdown - NEAR_K, Math.min(max ?? -Infinity, slowdown));
    },
    range: CELSIUS,
    holdMs: 30_000,
    hysteresis: 3,
    clearMs: 30_000,
  },
  {
    id: 'core-fixed',
    severity: 'warn',
    watches: 'coreTempC',
    condition: 'at-least',
    limit: 85,
    range: CELSIUS,
    holdMs: 60_000,
    hysteresis: 3,
    clearMs: 60_000,
    on: false,
  },
  {
    id: 'memory-at-limit',
    severity: 'act',
    watches: 'memTempC',
    condition: 'at-least',
    limit: (limits) => limits('memMaxTempC'),
    range: CELSIUS,
    holdMs: 30_000,
    hysteresis: 3,
    clearMs: 60_000,
  },
  {
    id: 'fans-off-hot',
    severity: 'act',
    watches: 'coreTempFansOffC',
    condition: 'at-least',
    limit: 75,
    range: CELSIUS,
    holdMs: 60_000,
    hysteresis: 5,
    clearMs: 60_000,
  },
  {
    id: 'hw-thermal',
    severity: 'act',
    watches: 'hwThermalMin',
    condition: 'at-least',
    limit: 5,
    range: [1, 10],
    holdMs: 0,
    hysteresis: 4,
    clearMs: 5 * MINUTE_MS,
  },
  {
    id: 'sw-thermal',
    severity: 'warn',
    watches: 'swThermalMin',
    condition: 'at-least',
    limit: 30,
    range: [1, 60],
    holdMs: 0,
    hysteresis: 20,
    clearMs: 5 * MINUTE_MS,
  },
  {
    id: 'power-brake',
    severity: 'warn',
    watches: 'powerBrakeMin',
    condition: 'at-least',
    limit: 1,
    range: [0.1, 60],
    holdMs: 0,
    hysteresis: 0.9,
    clearMs: 5 * MINUTE_MS,
  },
  {
    id: 'above-usual',
    severity: 'warn',
    watches: 'aboveUsualK',
    condition: 'at-least',
    limit: 5,
    range: [1, 40],
    holdMs: 10 * MINUTE_MS,
    hysteresis: 3,
    clearMs: 10 * MINUTE_MS,
  },
  {
    id: 'cooling-worse',
    severity: 'warn',
    watches: 'coolingWorseK',
    condition: 'at-least',
    limit: 3,
    range: [1, 40],
    holdMs: 0,
    hysteresis: 1,
    clearMs: 0,
  },
  {
    id: 'idle-model',
    severity: 'warn',
    watches: 'idleModelW',
    condition: 'at-least',
    limit: 30,
    range: [5, 300],
    holdMs: 2 * HOUR_MS,
    hysteresis: 5,
    clearMs: 60_000,
  },
] as const satisfies readonly AlertRuleRow[];

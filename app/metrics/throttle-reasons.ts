import type { MetricKey } from './metrics.ts';

/**
 * Why clocks are throttled: the bits of nvmlClocksEventReasons (nvml.h, NVML API 13). The tags are those of
 * `nvidia-smi -q -x`, which drivers before 535 print with the prefix clocks_throttle_reason_.
 *
 * `cause` groups the bits for people. 0x8 alone is `unclear`: nvml.h lists temperature, an external power brake, a fast
 * power trigger and a P-state change as its causes, so it is never reported as heat.
 */
export type ThrottleCause = 'idle' | 'setting' | 'power-cap' | 'heat' | 'power-brake' | 'unclear';

export type ThrottleReason = {
  readonly bit: number;
  readonly name: string;
  readonly tag: string;
  readonly cause: ThrottleCause;
  /** how long it has throttled the clocks since the driver was loaded, on cards that count it */
  readonly counter?: MetricKey;
};

export const throttleReasons = [
  { bit: 0x1, name: 'GpuIdle', tag: 'gpu_idle', cause: 'idle' },
  { bit: 0x2, name: 'ApplicationsClocksSetting', tag: 'applications_clocks_setting', cause: 'setting' },
  { bit: 0x4, name: 'SwPowerCap', tag: 'sw_power_cap', cause: 'power-cap', counter: 'throttledSwPowerUs' },
  { bit: 0x8, name: 'HwSlowdown', tag: 'hw_slowdown', cause: 'unclear' },
  { bit: 0x10, name: 'SyncBoost', tag: 'sync_boost', cause: 'setting', counter: 'throttledSyncBoostUs' },
  { bit: 0x20, name: 'SwThermalSlowdown', tag: 'sw_thermal_slowdown', cause: 'heat', counter: 'throttledSwThermalUs' },
  { bit: 0x40, name: 'HwThermalSlowdown', tag: 'hw_thermal_slowdown', cause: 'heat', counter: 'throttledHwThermalUs' },
  {
    bit: 0x80,
    name: 'HwPowerBrakeSlowdown',
    tag: 'hw_power_brake_slowdown',
    cause: 'power-brake',
    counter: 'throttledPowerBrakeUs',
  },
  { bit: 0x100, name: 'DisplayClockSetting', tag: 'display_clocks_setting', cause: 'setting' },
] as const satisfies readonly ThrottleReason[];

export type NamedReason = (typeof throttleReasons)[number]['name'];

export const throttleMask = throttleReasons.reduce((mask, { bit }) => mask | bit, 0);

const severity: readonly ThrottleCause[] = ['heat', 'power-brake', 'power-cap', 'unclear', 'setting', 'idle'];

/** All known reasons that are set in a mask. */
export const reasonsIn = (mask: number): readonly ThrottleReason[] =>
  throttleReasons.filter(({ bit }) => (mask & bit) !== 0);

/** The most severe cause in a mask; undefined if the clocks are not throttled. */
export function leadingCause(mask: number): ThrottleCause | undefined {
  const causes = new Set<ThrottleCause>(reasonsIn(mask).map(({ cause }) => cause));
  return severity.find((cause) => causes.has(cause));
}

// Evaluators of hard facts and field evidence.
import { capturedLimitsOf, type CapturedLimits } from '../../app/health/captured-limits.ts';
import {
  crudeRate,
  deltaFleets,
  hoursBetweenErrors,
  llamaInterruptions,
  titan,
} from '../../app/health/field-evidence.ts';
import { pageRetirementResult, rowRemapAction } from '../../app/health/memory.ts';
import { maxReplaysPerMinute } from '../../app/health/pcie.ts';
import { xidOf } from '../../app/health/xid.ts';
import { fieldIds } from '../../app/telemetry/nvml/field-ids.ts';
import { throttleMask, throttleReasons } from '../../app/metrics/throttle-reasons.ts';
import { failuresNeeded } from '../../app/wear/distributions.ts';
import type { Evaluator } from './inputs.ts';

const HOURS_A_YEAR = 8760;

export const healthEvaluators: Readonly<Record<string, Evaluator>> = {
  clock_event_reasons: ({ raw }) => ({
    bits: () =>
      (raw('names') as string[]).map(
        (wanted) => `0x${throttleReasons.find(({ name }) => name === wanted)?.bit.toString(16) ?? '?'}`,
      ),
    all_mask: () => `0x${throttleMask.toString(16)}`,
    thermal_mask: () =>
      `0x${throttleReasons.reduce((mask, { bit, cause }) => (cause === 'heat' ? mask | bit : mask), 0).toString(16)}`,
  }),
  pcie_replay: ({ raw }) => ({
    max_replays_per_min: () =>
      (raw('gen_lanes') as [number, number][]).map(([gen, lanes]) => maxReplaysPerMinute(gen, lanes)),
  }),
  page_retirement: ({ raw }) => ({
    result: () =>
      (raw('cases') as [number, number, number][]).map(([doubleBit, singleBit, doubleBitWeekAgo]) =>
        // 0 a week ago means that the card was not recorded then
        pageRetirementResult({ doubleBit, singleBit, doubleBitWeekAgo: doubleBitWeekAgo || undefined }),
      ),
  }),
  row_remap: ({ raw }) => ({
    action: () =>
      (raw('cases') as { failed: boolean; unc: number; pending: boolean }[]).map(({ failed, unc, pending }) =>
        rowRemapAction({ failed, pending, uncorrectable: unc }),
      ),
  }),
  xid: ({ nums }) => ({
    immediate: () => nums('xid').map((code) => xidOf(code).immediate ?? 'NONE'),
    dcgm_health: () => nums('xid').map((code) => xidOf(code).dcgm ?? 'PASS'),
    origin: () => nums('xid').map((code) => xidOf(code).origin),
  }),
  nvml_fields: ({ raw }) => ({ ids: () => (raw('names') as string[]).map((name) => fieldIds[name] ?? null) }),
  thermal_thresholds: ({ num, raw, text }) => {
    const captured = (key: Exclude<keyof CapturedLimits, 'card'>) => () => capturedLimitsOf(text('gpu'))?.[key];
    const margin = () => Number(raw('T_limit')); // kelvins, but a difference
    // Ada and later report margins: absolute = temperature + margin − offset (our inference, good to 1–2 °C)
    const derived = (offset: string) => () => num('T_gpu') + margin() - num(offset);
    return {
      shutdown: captured('shutdown'),
      slowdown: captured('slowdown'),
      gpu_max: captured('gpuMax'),
      mem_max: captured('memMax'),
      target: captured('target'),
      gpu_max_abs: derived('max_tlimit'),
      slowdown_abs: derived('slow_tlimit'),
      shutdown_abs: derived('shutdown_tlimit'),
    };
  },
  field_mtbe: ({ num, has }) => {
    const fleet = () => deltaFleets.find(({ cards, days }) => cards === num('gpus') && days === num('days'));
    const each = () => hoursBetweenErrors(num('gpus'), num('days'), num('errors'));
    const memoryGb = () => {
      const known = has('GB') ? num('GB') : fleet()?.memoryGb;
      if (known === undefined) throw new Error('input GB is missing and the fleet is not a known one');
      return known;
    };
    return {
      per_gpu_MTBE: each,
      per_GB_MTBE: () => each() * memoryGb(),
      ratio_to_H100: () => {
        const h100 = deltaFleets[1];
        return each() / hoursBetweenErrors(h100.cards, h100.days, h100.errors);
      },
      FIT: () => 1e9 / each(),
    };
  },
  field_interruptions: ({ num, nums }) => {
    const total = () => nums('counts').reduce((sum, count) => sum + count, 0);
    // the rows of the table are known by their place in it
    const ofGpus = () => nums('counts').reduce((sum, count, i) => (llamaInterruptions[i]?.gpu ? sum + count : sum), 0);
    const hours = () => num('days') * 24;
    return {
      total,
      hours_between_interruptions: () => hours() / total(),
      gpu_category_count: ofGpus,
      gpu_share_from_counts: () => ofGpus() / total(),
      faulty_gpu_share_from_counts: () => nums('counts')[0]! / total(),
      gpu_hours_per_gpu_interruption: () => (num('gpus') * hours()) / ofGpus(),
    };
  },
  field_titan: ({ num }) => {
    const batch = (name: 'old' | 'new') => titan[name];
    return {
      n_gpus: () => titan.old.cards + titan.new.cards,
      gpu_years: () => titan.old.years + titan.new.years,
      ...Object.fromEntries(
        (['old', 'new'] as const).flatMap((name) => [
          [`${name}_n`, () => batch(name).cards],
          [`${name}_dead`, () => batch(name).dead],
          [`${name}_gpu_years`, () => batch(name).years],
          [`${name}_rate`, () => crudeRate(batch(name))],
          [`${name}_crude_rate`, () => crudeRate(batch(name))],
          [`${name}_rate_per_year`, () => crudeRate(batch(name))],
          [`${name}_FIT`, () => (crudeRate(batch(name)) / HOURS_A_YEAR) * 1e9],
        ]),
      ),
      ratio_old_to_new: () => crudeRate(titan.old) / crudeRate(titan.new),
      rate_per_year: () => num('dead') / num('gpu_years'),
    };
  },
  calibration_power: ({ num }) => {
    const events = () => failuresNeeded(num('HR'), num('alpha_two_sided', 0.05), num('power', 0.8), num('split', 0.5));
    return {
      events,
      // the percentages are Titan's two crude rates, rounded
      'gpu_years_at_0.25pct': () => events() / crudeRate(titan.new),
      'gpu_years_at_6.6pct': () => events() / crudeRate(titan.old),
    };
  },
};

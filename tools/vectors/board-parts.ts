// Evaluators of solder, fans, capacitors and cooling.
import {
  COOLING_LIMITS,
  convectiveResistance,
  coolingLevel,
  fitLine,
  resistanceOf,
} from '../../app/wear/cooling/resistance.ts';
import { CYCLE_GATE_K, REFERENCE, SOLDER, type SolderSet } from '../../app/wear/model.ts';
import { factorPer10K, fanTestHours, lifeAt } from '../../app/wear/board-parts.ts';
import {
  coffinManson,
  endurance,
  fidesCycleRate,
  minerSum,
  norrisLandzberg,
  referenceCycles,
  type SwingReference,
} from '../../app/wear/solder.ts';
import { gatedCycles } from './exposure.ts';
import type { Evaluator } from './inputs.ts';

/** Solder sets as a vector writes them: [name, q, m, Q]. */
const setsOf = (rows: unknown): SolderSet[] =>
  (rows as [string, number, number, number][]).map(([name, rangeExponent, dwellExponent, activationK]) => ({
    name,
    rangeExponent,
    dwellExponent,
    activationK,
  }));

/** The damage of a cycle never falls with its swing, its dwell or its highest temperature, for any set. */
function neverFalls(): boolean {
  const steps = Array.from({ length: 60 }, (_, i) => i);
  const rising = (of: (step: number) => number): boolean =>
    steps.every((step) => step === 0 || of(step) >= of(step - 1));
  return SOLDER.every(
    (set) =>
      rising((step) => referenceCycles(25, step / 10, 65, set)) &&
      rising((step) => referenceCycles(step, 1, 65, set)) &&
      rising((step) => referenceCycles(25, 1, 20 + step, set)),
  );
}

export const partEvaluators: Readonly<Record<string, Evaluator>> = {
  miner: ({ num, nums, has }) => {
    const cycles = () => nums('ranges').map((range) => endurance(range, num('Sc'), num('Nc'), num('m')));
    const counts = () => (has('counts') ? nums('counts') : []);
    return {
      endurance: () => cycles(),
      miner_sum: () => minerSum(cycles().map((cyclesToFailure, i) => ({ count: counts()[i] ?? 1, cyclesToFailure }))),
    };
  },
  coffin_manson: ({ num }) => ({ AF: () => coffinManson(num('dT_test'), num('dT_use'), num('n')) }),
  norris_landzberg: ({ num }) => {
    const test = () => ({ rangeK: num('dT_test'), perDay: num('f_test'), maxTempC: num('Tmax_test') });
    const use = () => ({ rangeK: num('dT_use'), perDay: num('f_use'), maxTempC: num('Tmax_use') });
    const set = () => ({ rangeExponent: num('n'), dwellExponent: num('m'), activationK: num('Q') });
    return {
      AF: () => norrisLandzberg(test(), use(), set()),
      // the number that an upside-down frequency term gives: computed to show that the model's is another
      wrong_if_frequency_inverted: () =>
        norrisLandzberg({ ...test(), perDay: num('f_use') }, { ...use(), perDay: num('f_test') }, set()),
      holds: neverFalls,
    };
  },
  norris_landzberg_fides: ({ num }) => ({
    rate: () =>
      fidesCycleRate({
        cycles: num('n_cycles'),
        hours: num('t'),
        dwellHours: num('theta'),
        rangeK: num('dT'),
        maxTempC: num('Tmax'),
      }),
  }),
  // the range term alone
  solder_damage: (inputs) => ({
    reference_cycles: () =>
      inputs
        .nums('q')
        .map((q) =>
          gatedCycles(inputs, CYCLE_GATE_K).reduce(
            (sum, { range, count }) => sum + count * (range / inputs.num('dT_ref', REFERENCE.rangeK)) ** q,
            0,
          ),
        ),
  }),
  model_solder_day: (inputs) => {
    const { num, raw, has } = inputs;
    const dwellHours = (): number => {
      const theta = has('theta') ? raw('theta') : undefined;
      return typeof theta === 'number' ? theta : REFERENCE.dwellHours;
    };
    const reference = (): SwingReference => ({
      rangeK: num('dT_ref', REFERENCE.rangeK),
      maxTempC: num('Tmax_ref', REFERENCE.maxTempC),
      dwellHours: REFERENCE.dwellHours,
    });
    const cycles = () =>
      (has('sets') ? setsOf(raw('sets')) : SOLDER).map((set) =>
        gatedCycles(inputs, CYCLE_GATE_K).reduce(
          (sum, { range, mean, count }) =>
            sum + count * referenceCycles(range, dwellHours(), mean + range / 2, set, reference()),
          0,
        ),
      );
    const days = () => num('duration') / 24;
    return {
      reference_cycles: () => cycles(),
      relative_rate: () => cycles().map((count) => count / num('ref_cycles_per_day', REFERENCE.cyclesPerDay) / days()),
    };
  },
  fan_life: ({ num, has }) => {
    const factor = () => (has('doubling') ? 2 ** (10 / num('doubling')) : num('factor_per_10C'));
    const mttf = () => num('MTTF_over_L10', 7) * num('L10');
    return {
      L: () =>
        has('L_hot')
          ? lifeAt(num('L_hot'), num('T_hot'), num('T'), factor())
          : lifeAt(num('L_ref'), num('T_ref'), num('T'), factor()),
      factor_per_10C: () => (has('L1') ? factorPer10K(num('L1'), num('T1'), num('L2'), num('T2')) : factor()),
      AF: () => 1 / lifeAt(1, num('T_ref'), num('T'), factor()),
      MTTF: mttf,
      T1: () => fanTestHours(mttf(), num('chi'), num('n'), num('exp'), num('AF')),
    };
  },
  capacitor_life: ({ num, nums }) => ({
    L: () =>
      nums('T').map((tempC) => lifeAt(num('rated_life'), num('rated_T'), tempC, num('factor', 2), num('per_K', 10))),
  }),
  thermal_resistance: ({ num, nums, has }) => {
    const line = () => {
      const fitted = fitLine(nums('P'), nums('T'));
      if (!fitted) throw new Error('all powers are the same: no slope');
      return fitted;
    };
    return {
      R: () =>
        has('rpm')
          ? nums('rpm').map((rpm) => convectiveResistance(num('R_cond'), num('C'), rpm, num('beta')))
          : resistanceOf(num('T_gpu'), num('T_amb'), num('P')),
      slope_R: () => line().slope,
      intercept_Tamb_eff: () => line().intercept,
    };
  },
  cooling_degradation: ({ num }) => {
    const ratio = () => num('R_now') / num('R_baseline');
    const words = { ok: 'OK', watch: 'WARN', act: 'ALERT' } as const;
    return {
      ratio,
      level: () =>
        words[
          coolingLevel(ratio(), true, {
            watch: num('warn_ratio', COOLING_LIMITS.watch),
            act: num('alert_ratio', COOLING_LIMITS.act),
          })
        ],
    };
  },
};

// Evaluators of the thermal families: Arrhenius, equivalent hours, rainflow and the model's own rates.
import {
  acceleration,
  BOLTZMANN_EV_K,
  effectiveTemperature,
  equivalentHours,
  voltageLifeFactor,
  type ProfileStep,
} from '../../app/wear/arrhenius.ts';
import { failureRateFit } from '../../app/wear/distributions.ts';
import { CYCLE_GATE_K, REFERENCE, SILICON } from '../../app/wear/model.ts';
import { fourPoint, rainflow, type Cycle } from '../../app/wear/rainflow.ts';
import {
  biasShiftRatio,
  blackAllowedCurrent,
  blackLifeRatio,
  breakdownLogLife,
  type Breakdown,
} from '../../app/wear/unseen.ts';
import { agreed, type Evaluator, type Inputs } from './inputs.ts';

const rateOf = (ea: number, refC: number, profile: readonly ProfileStep[]): number => {
  const hours = profile.reduce((sum, step) => sum + step.hours, 0);
  return equivalentHours(ea, refC, profile).reduce((sum, eq) => sum + eq, 0) / hours;
};

const lowHigh = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];

const grouped = (cycles: readonly { range: number; count: number }[]): [number, number][] => {
  const sums = new Map<number, number>();
  for (const { range, count } of cycles) sums.set(range, (sums.get(range) ?? 0) + count);
  return [...sums].sort(([a], [b]) => a - b);
};

/** Cycles of the input `series`, those below the gate left out. */
export const gatedCycles = ({ nums, num }: Inputs, gate = 0): Cycle[] =>
  rainflow(nums('series')).filter(({ range }) => range >= num('gate', gate));

const arrhenius: Evaluator = ({ num, nums, has }) => {
  const af = () => acceleration(num('Ea'), num('T_use'), num('T_stress'));
  return {
    AF: af,
    acceleration_factor: af,
    equivalent_use_hours: () => num('hours') * af(),
    Ea: () => (BOLTZMANN_EV_K * Math.log(num('AF'))) / (1 / (num('T_use') + 273.15) - 1 / (num('T_stress') + 273.15)),
    derating_DR: () => nums('T_j').map((tempC) => acceleration(num('Ea'), tempC, num('T_ref'))),
    relative_rate: () =>
      nums('Ea').flatMap((ea) =>
        nums('T').map((tempC) => acceleration(ea, has('T_ref') ? num('T_ref') : REFERENCE.coreTempC, tempC)),
      ),
  };
};

const equivalent: Evaluator = ({ has, num, nums, profile }) => {
  const steps = profile('profile');
  const voltage = has('gamma_V') ? { gamma: num('gamma_V'), refVolts: num('V_ref') } : undefined;
  const refC = has('T_ref') ? num('T_ref') : num('T_stress', REFERENCE.coreTempC);
  const rows = (ea: number) => equivalentHours(ea, refC, steps, voltage);
  const total = (ea: number) => rows(ea).reduce((sum, hours) => sum + hours, 0);
  const forEachEa = (of: (ea: number) => number) => agreed(nums('Ea').map(of));
  return {
    eq_hours_rows: () => rows(num('Ea')),
    eq_hours_total: () => forEachEa(total),
    eq_hours_at_stress: () => forEachEa(total),
    eq_hours: () => forEachEa(total),
    T_eff: () => forEachEa((ea) => effectiveTemperature(ea, steps)),
    relative_rate: () => forEachEa((ea) => rateOf(ea, refC, steps)),
  };
};

export const exposureEvaluators: Readonly<Record<string, Evaluator>> = {
  arrhenius,
  arrhenius_fit: ({ num }) => ({
    FIT: () => failureRateFit(num('devices'), num('hours'), num('failures'), num('UCL'), num('AF', 1)),
    MTTF: () => 1e9 / failureRateFit(num('devices'), num('hours'), num('failures'), num('UCL'), num('AF', 1)),
  }),
  equivalent_hours: equivalent,
  mean_kinetic_temperature: ({ num, nums, has }) => {
    const hours = has('hours') ? nums('hours') : [];
    const steps = nums('T').map((tempC, i) => ({ hours: hours[i] ?? 1, tempC }));
    const mkt = () => effectiveTemperature(num('dH_over_R') * BOLTZMANN_EV_K, steps);
    return {
      MKT: mkt,
      MKT_lower_bound: mkt,
      arithmetic_mean: () => steps.reduce((sum, { tempC }) => sum + tempC, 0) / steps.length,
    };
  },
  voltage_acceleration: ({ num, nums }) => ({
    VAF_life: () => nums('V').map((volts) => voltageLifeFactor(num('gamma_V'), num('V_ref'), volts)),
    VAF_rate: () => nums('V').map((volts) => 1 / voltageLifeFactor(num('gamma_V'), num('V_ref'), volts)),
  }),
  electromigration: ({ num, has }) => {
    const life = () =>
      blackLifeRatio(
        num('n', 2),
        num('j_ratio', 1),
        num('Ea', 0),
        num('T', 0),
        has('T_ref') ? num('T_ref') : num('T', 0),
      );
    return {
      allowed_current_ratio_at_equal_MTTF: () => blackAllowedCurrent(num('Ea'), num('n'), num('T'), num('T_ref')),
      MTTF_ratio: life,
      relative_rate: () => 1 / life(),
    };
  },
  tddb: (inputs) => {
    const { num } = inputs;
    const at = (tempC: number) => {
      const constants: Breakdown = { a: num('a'), b: num('b'), x: num('X'), y: num('Y'), z: num('Zc') };
      return breakdownLogLife(constants, num('V', 1), tempC);
    };
    return { MTTF_ratio_T1_over_T2: () => Math.exp(at(num('T1')) - at(num('T2'))) };
  },
  nbti: ({ num, has }) => ({
    dVth_ratio_T2_over_T1: () =>
      biasShiftRatio(
        num('E_aa'),
        { tempC: num('T1'), ...(has('V1') ? { volts: num('V1') } : {}) },
        { tempC: num('T2'), ...(has('V2') ? { volts: num('V2') } : {}) },
        num('alpha', 9.5),
        num('n', 0.4),
      ),
  }),
  rainflow: (inputs) => {
    const cycles = () => rainflow(inputs.nums('series'));
    return {
      counts: () => grouped(cycles()),
      counts_after_gate: () => grouped(gatedCycles(inputs, CYCLE_GATE_K)),
      cycles: () => cycles().map(({ range, mean, count, startAt, endAt }) => [range, mean, count, startAt, endAt]),
      closed_cycles: () => fourPoint(inputs.nums('reversals')).closed,
      residue: () => fourPoint(inputs.nums('reversals')).residue,
      sum_counts: () => cycles().reduce((sum, { count }) => sum + count, 0),
    };
  },
  model_silicon_rate: ({ has, num, nums, profile }) => {
    const named = () => nums('Ea_low_mid_high');
    const mid = () => (has('Ea_low_mid_high') ? named()[named().length >> 1]! : num('Ea', SILICON.mid));
    const energies = () => (has('Ea_grid') ? nums('Ea_grid') : has('Ea_low_mid_high') ? named() : SILICON.grid);
    const rates = () => energies().map((ea) => rateOf(ea, num('T_ref', REFERENCE.coreTempC), profile('profile')));
    return {
      rate_mid: () => rateOf(mid(), num('T_ref', REFERENCE.coreTempC), profile('profile')),
      band: () => lowHigh(rates()),
      argmin_Ea: () => energies()[rates().indexOf(Math.min(...rates()))],
      argmax_Ea: () => energies()[rates().indexOf(Math.max(...rates()))],
    };
  },
  model_band_coherence: ({ num, nums, profile }) => ({
    coherent_band: () => lowHigh(nums('Ea').map((ea) => rateOf(ea, num('T_ref'), profile('profile')))),
    // what taking the extremes sample by sample would give: computed to show that it is not what the model does
    incoherent_band_must_not_be_used: () => {
      const steps = profile('profile');
      const hours = steps.reduce((sum, step) => sum + step.hours, 0);
      const extremes = steps.map((step) =>
        lowHigh(nums('Ea').map((ea) => step.hours * acceleration(ea, num('T_ref'), step.tempC))),
      );
      return [0, 1].map((end) => extremes.reduce((sum, extreme) => sum + extreme[end]!, 0) / hours);
    },
  }),
  model_aggregate: ({ raw, has }) => {
    const rates = raw('family_rates') as Record<string, number>;
    const weights = has('weights') ? (raw('weights') as Record<string, number>) : undefined;
    const values = Object.values(rates);
    // a formula of the vectors alone: the product shows no combined figure, because nothing calibrates its weights
    const weightOf = (name: string) => weights?.[name] ?? 1 / values.length;
    return {
      headline_rate: () => Object.entries(rates).reduce((sum, [name, rate]) => sum + rate * weightOf(name), 0),
      envelope: () => lowHigh(values),
    };
  },
};

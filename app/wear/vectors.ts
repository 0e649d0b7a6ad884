import * as z from 'zod';
import { err, ok, type Result } from '../result.ts';
import { throttleMask, throttleReasons } from '../telemetry/throttle-reasons.ts';
import { counterEnergy, trapezoidJ } from '../workload/energy.ts';
import {
  acceleration,
  BOLTZMANN_EV_K,
  celsius,
  effectiveTemperature,
  equivalentHours,
  voltageLifeFactor,
  type ProfileStep,
} from './arrhenius.ts';
import { SILICON } from './model.ts';
import { fourPoint, rainflow } from './rainflow.ts';

/** A file of test vectors: published and computed numbers that the model must reproduce. */
const quantity = z.object({ value: z.unknown(), unit: z.string().optional() });
const vectorSchema = z.object({
  id: z.string(),
  mechanism: z.string(),
  inputs: z.record(z.string(), quantity),
  expected: z.record(z.string(), quantity),
  tolerance: z.object({ type: z.string(), value: z.unknown() }),
});
const fileSchema = z.object({ vectors: z.array(vectorSchema) });
export type Vector = z.infer<typeof vectorSchema>;

export type Verdict = {
  readonly id: string;
  readonly outcome: 'pass' | 'FAIL' | 'not built';
  readonly expected: string;
  readonly got: string;
};

export function parseVectors(text: string): Result<readonly Vector[]> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    return err('invalid-argument', `The vector file is not JSON: ${String(thrown)}`);
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return ok(parsed.data.vectors);
  return err('invalid-argument', `The vector file has another form: ${z.prettifyError(parsed.error)}`);
}

/** Inputs of a vector, with temperatures in °C. */
type Inputs = {
  readonly has: (name: string) => boolean;
  readonly num: (name: string) => number;
  readonly nums: (name: string) => number[];
  readonly profile: (name: string) => ProfileStep[];
  readonly raw: (name: string) => unknown;
};
/** Computes each output by its name. */
type Outputs = Readonly<Record<string, () => unknown>>;

function inputsOf(vector: Vector): Inputs {
  const raw = (name: string): unknown => {
    const found = vector.inputs[name];
    if (!found) throw new Error(`input ${name} is missing`);
    return found.value;
  };
  const convert = (name: string, value: unknown): number => {
    if (typeof value !== 'number') throw new Error(`input ${name} is not a number`);
    return vector.inputs[name]?.unit === 'K' && name.startsWith('T') ? celsius(value) : value;
  };
  return {
    raw,
    has: (name) => name in vector.inputs,
    num: (name) => convert(name, raw(name)),
    nums: (name) => [raw(name)].flat().map((value) => convert(name, value)),
    profile: (name) =>
      (raw(name) as number[][]).map(([hours, tempC, volts]) => ({
        hours: hours!,
        tempC: tempC!,
        ...(volts === undefined ? {} : { volts }),
      })),
  };
}

/** A list of one is a number again: vectors write single values plainly. */
const unwrap = (values: number[]): number | number[] => (values.length === 1 ? values[0]! : values);

const rateOf = (ea: number, refC: number, profile: readonly ProfileStep[]): number => {
  const hours = profile.reduce((sum, step) => sum + step.hours, 0);
  return equivalentHours(ea, refC, profile).reduce((sum, eq) => sum + eq, 0) / hours;
};

const bandOf = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];

const grouped = (cycles: readonly { range: number; count: number }[]): [number, number][] => {
  const sums = new Map<number, number>();
  for (const { range, count } of cycles) sums.set(range, (sums.get(range) ?? 0) + count);
  return [...sums].sort(([a], [b]) => a - b);
};

const evaluators: Readonly<Record<string, (inputs: Inputs) => Outputs>> = {
  arrhenius: ({ num, nums }) => ({
    AF: () => acceleration(num('Ea'), num('T_use'), num('T_stress')),
    derating_DR: () => unwrap(nums('T_j').map((tempC) => acceleration(num('Ea'), tempC, num('T_ref')))),
    relative_rate: () =>
      unwrap(nums('Ea').flatMap((ea) => nums('T').map((tempC) => acceleration(ea, num('T_ref'), tempC)))),
  }),
  equivalent_hours: ({ has, num, nums, profile }) => {
    const steps = profile('profile');
    const voltage = has('gamma_V') ? { gamma: num('gamma_V'), refVolts: num('V_ref') } : undefined;
    const refC = num(has('T_ref') ? 'T_ref' : 'T_stress');
    const rows = (ea: number) => equivalentHours(ea, refC, steps, voltage);
    const total = (ea: number) => rows(ea).reduce((sum, hours) => sum + hours, 0);
    // one number where all activation energies agree (at the reference), else one for each
    const forEachEa = (of: (ea: number) => number) => {
      const values = nums('Ea').map(of);
      return values.every((value) => Math.abs(value - values[0]!) < 1e-9 * Math.abs(values[0]!)) ? values[0] : values;
    };
    return {
      eq_hours_rows: () => rows(num('Ea')),
      eq_hours_total: () => total(num('Ea')),
      eq_hours_at_stress: () => total(num('Ea')),
      eq_hours: () => forEachEa(total),
      T_eff: () => forEachEa((ea) => effectiveTemperature(ea, steps)),
      relative_rate: () => forEachEa((ea) => rateOf(ea, refC, steps)),
    };
  },
  mean_kinetic_temperature: ({ num, nums }) => {
    const steps = nums('T').map((tempC) => ({ hours: 1, tempC }));
    const mkt = () => effectiveTemperature(num('dH_over_R') * BOLTZMANN_EV_K, steps);
    return {
      MKT: mkt,
      MKT_lower_bound: mkt,
      arithmetic_mean: () => steps.reduce((sum, { tempC }) => sum + tempC, 0) / steps.length,
    };
  },
  voltage_acceleration: ({ num, nums }) => ({
    VAF_life: () => unwrap(nums('V').map((volts) => voltageLifeFactor(num('gamma_V'), num('V_ref'), volts))),
  }),
  rainflow: ({ has, num, nums }) => {
    const cycles = () => rainflow(nums('series'));
    return {
      counts: () => grouped(cycles()),
      counts_after_gate: () => grouped(cycles().filter(({ range }) => range >= (has('gate') ? num('gate') : 0))),
      cycles: () => cycles().map(({ range, mean, count, startAt, endAt }) => [range, mean, count, startAt, endAt]),
      closed_cycles: () => fourPoint(nums('reversals')).closed,
      residue: () => fourPoint(nums('reversals')).residue,
      sum_counts: () => cycles().reduce((sum, { count }) => sum + count, 0),
    };
  },
  model_silicon_rate: ({ has, num, nums, profile }) => {
    const energies = () => nums(has('Ea_grid') ? 'Ea_grid' : 'Ea_low_mid_high');
    const rates = () => energies().map((ea) => rateOf(ea, num('T_ref'), profile('profile')));
    return {
      rate_mid: () => rateOf(SILICON.mid, num('T_ref'), profile('profile')),
      band: () => bandOf(rates()),
      argmin_Ea: () => energies()[rates().indexOf(Math.min(...rates()))],
    };
  },
  model_band_coherence: ({ num, nums, profile }) => ({
    coherent_band: () => bandOf(nums('Ea').map((ea) => rateOf(ea, num('T_ref'), profile('profile')))),
    // what taking the extremes sample by sample would give: computed to show that it is not what the model does
    incoherent_band_must_not_be_used: () => {
      const steps = profile('profile');
      const hours = steps.reduce((sum, step) => sum + step.hours, 0);
      const extremes = steps.map((step) =>
        bandOf(nums('Ea').map((ea) => step.hours * acceleration(ea, num('T_ref'), step.tempC))),
      );
      return [0, 1].map((end) => extremes.reduce((sum, extreme) => sum + extreme[end]!, 0) / hours);
    },
  }),
  clock_event_reasons: ({ raw }) => ({
    bits: () =>
      (raw('names') as string[]).map(
        (wanted) => `0x${throttleReasons.find(({ name }) => name === wanted)?.bit.toString(16) ?? '?'}`,
      ),
    all_mask: () => `0x${throttleMask.toString(16)}`,
  }),
  energy_trapezoid: ({ nums }) => ({
    E: () => {
      const [t, p] = [nums('t'), nums('P')];
      return t.slice(1).reduce((sum, _, i) => sum + trapezoidJ(p[i]!, p[i + 1]!, (t[i + 1]! - t[i]!) * 1000), 0);
    },
  }),
  energy_counter: ({ nums }) => {
    const energy = () => counterEnergy(nums('readings'));
    return {
      E_observed: () => energy().observedJ,
      E_since_reload_unattributed: () => energy().unattributedJ,
      resets: () => energy().resets,
    };
  },
};

/** The tolerance for one output: a mixed tolerance names it, as in eq_hours_total_rel. */
function toleranceFor(vector: Vector, output: string): { readonly type: string; readonly value: number } {
  const { type, value } = vector.tolerance;
  if (typeof value === 'number') return { type, value };
  const entries = Object.entries((value ?? {}) as Record<string, number>);
  const entry =
    entries.find(([name]) => name === `${output}_rel` || name === `${output}_abs`) ??
    entries.find(([name]) => output.startsWith(name.replace(/_(rel|abs)$/, '')));
  return entry ? { type: entry[0].endsWith('_abs') ? 'abs' : 'rel', value: entry[1] } : { type: 'exact', value: 0 };
}

function near(expected: unknown, got: unknown, tolerance: { readonly type: string; readonly value: number }): boolean {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(got) && got.length === expected.length && expected.every((item, i) => near(item, got[i], tolerance))
    );
  }
  if (typeof expected !== 'number') return JSON.stringify(expected) === JSON.stringify(got);
  if (typeof got !== 'number' || !Number.isFinite(got)) return false;
  const difference = Math.abs(got - expected);
  if (tolerance.type === 'rel') return difference <= tolerance.value * Math.abs(expected) || difference === 0;
  return tolerance.type === 'abs'
    ? difference <= tolerance.value
    : difference <= 1e-12 * Math.max(1, Math.abs(expected));
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** Evaluates one vector with the product's own code. */
export function checkVector(vector: Vector): Verdict {
  const wanted = Object.fromEntries(Object.entries(vector.expected).map(([name, { value }]) => [name, value]));
  const expected = show(wanted);
  const evaluate = Object.hasOwn(evaluators, vector.mechanism) ? evaluators[vector.mechanism] : undefined;
  if (!evaluate) return { id: vector.id, outcome: 'not built', expected, got: 'nothing' };
  try {
    const outputs = evaluate(inputsOf(vector));
    const got = Object.fromEntries(Object.keys(wanted).map((name) => [name, outputs[name]?.()]));
    const passed = Object.entries(wanted).every(([name, value]) => {
      const tolerance = name.endsWith('_lower_bound') ? undefined : toleranceFor(vector, name);
      return tolerance ? near(value, got[name], tolerance) : Number(got[name]) >= Number(value);
    });
    return { id: vector.id, outcome: passed ? 'pass' : 'FAIL', expected, got: show(got) };
  } catch (thrown) {
    return { id: vector.id, outcome: 'FAIL', expected, got: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

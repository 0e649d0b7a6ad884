import * as z from 'zod';
import { celsius, type ProfileStep } from '../../app/wear/arrhenius.ts';

/** A test vector: published and computed numbers that the model must reproduce. */
const quantity = z.object({ value: z.unknown(), unit: z.string().optional() });
export const vectorSchema = z.object({
  id: z.string(),
  mechanism: z.string(),
  inputs: z.record(z.string(), quantity),
  expected: z.record(z.string(), quantity),
  tolerance: z.object({ type: z.string(), value: z.unknown() }),
});
export type Vector = z.infer<typeof vectorSchema>;

/** Inputs of a vector, with temperatures in °C. A missing one, or one of another kind, throws: the vector fails. */
export type Inputs = {
  readonly has: (name: string) => boolean;
  readonly num: (name: string, otherwise?: number) => number;
  readonly nums: (name: string) => number[];
  readonly text: (name: string) => string;
  readonly profile: (name: string) => ProfileStep[];
  readonly raw: (name: string) => unknown;
};

/** Computes each output by its name. */
export type Outputs = Readonly<Record<string, () => unknown>>;
export type Evaluator = (inputs: Inputs) => Outputs;

/** A temperature, not a difference of two and not a margin. */
const isTemperature = (name: string): boolean => /^(?:rated_)?T/.test(name) && !name.endsWith('limit');
const inCelsius = (value: number, unit: string | undefined): number =>
  unit === 'K' ? celsius(value) : unit === 'degF' ? (value - 32) / 1.8 : value;

export function inputsOf(vector: Vector): Inputs {
  const has = (name: string): boolean => Object.hasOwn(vector.inputs, name);
  const raw = (name: string): unknown => {
    if (!has(name)) throw new Error(`input ${name} is missing`);
    return vector.inputs[name]!.value;
  };
  const convert = (name: string, value: unknown): number => {
    if (typeof value !== 'number') throw new Error(`input ${name} is not a number`);
    return isTemperature(name) ? inCelsius(value, vector.inputs[name]?.unit) : value;
  };
  return {
    raw,
    has,
    num: (name, otherwise) => (otherwise !== undefined && !has(name) ? otherwise : convert(name, raw(name))),
    nums: (name) => [raw(name)].flat().map((value) => convert(name, value)),
    text: (name) => {
      const value = raw(name);
      if (typeof value !== 'string') throw new Error(`input ${name} is not a text`);
      return value;
    },
    profile: (name) =>
      (raw(name) as number[][]).map(([hours, temp, volts]) => ({
        hours: hours!,
        tempC: inCelsius(temp!, /\bK\b/.test(vector.inputs[name]?.unit ?? '') ? 'K' : undefined),
        ...(volts === undefined ? {} : { volts }),
      })),
  };
}

/** One number where all of a list agree, else the list. */
export const agreed = (values: readonly number[]): number | readonly number[] =>
  values.every((value) => Math.abs(value - values[0]!) <= 1e-9 * Math.abs(values[0]!)) ? values[0]! : values;

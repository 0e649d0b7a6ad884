import * as z from 'zod';
import { err, ok, type Result } from '../result.ts';
import { energyEvaluators } from './vectors/energy.ts';
import { exposureEvaluators } from './vectors/exposure.ts';
import { healthEvaluators } from './vectors/health.ts';
import { inputsOf, vectorSchema, type Evaluator, type Vector } from './vectors/inputs.ts';
import { partEvaluators } from './vectors/parts.ts';

export type { Vector } from './vectors/inputs.ts';

const fileSchema = z.object({ vectors: z.array(vectorSchema) });

export type Verdict = {
  readonly id: string;
  readonly outcome: 'pass' | 'FAIL';
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

/** What the product computes, by mechanism. */
const evaluators: Readonly<Record<string, Evaluator>> = {
  ...exposureEvaluators,
  ...partEvaluators,
  ...healthEvaluators,
  ...energyEvaluators,
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

/** Evaluates one vector with the product's own code. A mechanism that no code evaluates is a failure. */
export function checkVector(vector: Vector): Verdict {
  const wanted = Object.fromEntries(Object.entries(vector.expected).map(([name, { value }]) => [name, value]));
  const expected = show(wanted);
  const evaluate = Object.hasOwn(evaluators, vector.mechanism) ? evaluators[vector.mechanism] : undefined;
  if (!evaluate) return { id: vector.id, outcome: 'FAIL', expected, got: `no code for ${vector.mechanism}` };
  try {
    const outputs = evaluate(inputsOf(vector));
    const got = Object.fromEntries(
      Object.keys(wanted).map((name) => [name, Object.hasOwn(outputs, name) ? outputs[name]!() : undefined]),
    );
    const passed = Object.entries(wanted).every(([name, value]) => {
      const tolerance = name.endsWith('_lower_bound') ? undefined : toleranceFor(vector, name);
      return tolerance ? near(value, got[name], tolerance) : Number(got[name]) >= Number(value);
    });
    return { id: vector.id, outcome: passed ? 'pass' : 'FAIL', expected, got: show(got) };
  } catch (thrown) {
    return { id: vector.id, outcome: 'FAIL', expected, got: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

import * as z from 'zod';
import { err, messageOf, ok, type Result } from '../../app/core/result.ts';
import { energyEvaluators } from './energy.ts';
import { exposureEvaluators } from './exposure.ts';
import { healthEvaluators } from './health.ts';
import { splitList } from './split.ts';
import { inputsOf, vectorSchema, type Evaluator, type Vector } from './inputs.ts';
import { partEvaluators } from './board-parts.ts';

export type { Vector } from './inputs.ts';

const outlineSchema = z.object({
  /** anything that is not an object: a vector file has only objects here, which were split off */
  vectors: z.array(z.never()),
  counts: z.object({ total: z.number().optional() }).optional(),
});

export type Verdict = {
  readonly id: string;
  /** not built: a mechanism that no code evaluates, a failure like any other */
  readonly outcome: 'pass' | 'FAIL' | 'not built';
  readonly expected: string;
  readonly got: string;
};

const FORM = 'It is a JSON object with a list "vectors" of { id, mechanism, inputs, expected, tolerance }.';

function parseJson(text: string): Result<unknown> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch (thrown) {
    return err('invalid-argument', `The vector file is not JSON: ${messageOf(thrown)}.`, FORM);
  }
}

function otherForm(at: string, { path, message }: z.core.$ZodIssue): Result<never> {
  const what = path.join('.') || 'the whole';
  return err('invalid-argument', `The vector file has another form${at}: ${what}: ${message}.`, FORM);
}

/**
 * Reads a vector file piece by piece and passes on each vector. A file without vectors, or with a different number than it
 * states, proves nothing and is an error.
 * @param pieces the text of the file, in pieces of any length
 * @returns the number of vectors
 */
export function readVectors(pieces: Iterable<string>, onVector: (vector: Vector) => void): Result<number> {
  let count = 0;
  let failed: Result<never> | undefined;
  const splitter = splitList('vectors', (json) => {
    if (failed) return;
    count++;
    const element = parseJson(json);
    const vector = element.ok ? vectorSchema.safeParse(element.value) : undefined;
    if (!element.ok) failed = element;
    else if (vector?.success) onVector(vector.data);
    else failed = otherForm(`, vector ${count}`, vector!.error.issues[0]!);
  });
  let first = true;
  for (const piece of pieces) {
    splitter.feed(first ? piece.replace(/^\uFEFF/, '') : piece);
    first = false;
    if (failed) return failed;
  }
  const json = parseJson(splitter.outline());
  if (!json.ok) return json;
  const outline = outlineSchema.safeParse(json.value);
  if (!outline.success) return otherForm('', outline.error.issues[0]!);
  if (count === 0) return err('invalid-argument', 'The vector file holds no vector.', FORM);
  const total = outline.data.counts?.total;
  if (total !== undefined && total !== count) {
    return err('invalid-argument', `The vector file says that it holds ${total} vectors and has ${count}.`);
  }
  return ok(count);
}

/** All vectors of a text. */
export function parseVectors(text: string): Result<readonly Vector[]> {
  const vectors: Vector[] = [];
  const read = readVectors([text], (vector) => vectors.push(vector));
  return read.ok ? ok(vectors) : read;
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
  switch (tolerance.type) {
    case 'rel':
      return difference <= tolerance.value * Math.abs(expected);
    case 'abs':
      return difference <= tolerance.value;
    case 'exact': // to what sums of doubles leave
      return difference <= 1e-12 * Math.max(1, Math.abs(expected));
    default:
      throw new Error(`a tolerance of the kind ${tolerance.type} is not known`);
  }
}

/** Vectors write a single value plainly or as a list of one: what was computed takes the form of what is expected. */
function shapedLike(expected: unknown, got: unknown): unknown {
  if (Array.isArray(expected)) return Array.isArray(got) ? got : [got];
  return Array.isArray(got) && got.length === 1 ? got[0] : got;
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** Evaluates one vector with the product's own code. A mechanism that no code evaluates is a failure. */
export function checkVector(vector: Vector): Verdict {
  const wanted = Object.fromEntries(Object.entries(vector.expected).map(([name, { value }]) => [name, value]));
  const expected = show(wanted);
  const evaluate = Object.hasOwn(evaluators, vector.mechanism) ? evaluators[vector.mechanism] : undefined;
  if (!evaluate) return { id: vector.id, outcome: 'not built', expected, got: `no code for ${vector.mechanism}` };
  try {
    const outputs = evaluate(inputsOf(vector));
    if (Object.keys(wanted).length === 0) throw new Error('it expects nothing');
    const got = Object.fromEntries(
      Object.entries(wanted).map(([name, value]) => {
        if (!Object.hasOwn(outputs, name)) throw new Error(`no code for ${name} of ${vector.mechanism}`);
        return [name, shapedLike(value, outputs[name]!())];
      }),
    );
    const passed = Object.entries(wanted).every(([name, value]) => {
      const tolerance = name.endsWith('_lower_bound') ? undefined : toleranceFor(vector, name);
      return tolerance ? near(value, got[name], tolerance) : Number(got[name]) >= Number(value);
    });
    return { id: vector.id, outcome: passed ? 'pass' : 'FAIL', expected, got: show(got) };
  } catch (thrown) {
    return { id: vector.id, outcome: 'FAIL', expected, got: messageOf(thrown) };
  }
}

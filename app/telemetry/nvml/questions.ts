import { metricIndex, metricOf, type Cadence, type MetricKey } from '../../metrics/metrics.ts';
import { setAbsentAt, type Frame } from '../../metrics/frame.ts';
import type { Getter, Variant } from './getter.ts';
import type { NativeCall, Symbols } from './library.ts';
import {
  NVML_FUNCTION_NOT_FOUND,
  NVML_INVALID_ARGUMENT,
  NVML_NOT_SUPPORTED,
  NVML_SUCCESS,
  returnCode,
} from './return-codes.ts';

/** A variant that this library has. All GPUs share the memory of its answer. */
type Bound = Pick<Variant, 'prepare' | 'invoke' | 'decode' | 'ofSeveral'> & {
  readonly call: NativeCall;
  readonly out: ArrayBuffer;
  readonly view: DataView;
  /** which of the catalogue's names it is, for the metrics of which it is not the first */
  readonly via: readonly { readonly slot: number; readonly name: number }[];
};

type Asked = { readonly getter: Getter; readonly slots: readonly number[]; readonly variants: readonly Bound[] };

/** A getter with what is known about one GPU's answers to it. */
export type Question = Asked & {
  /** how many of its variants this GPU has refused: the next one is tried */
  skipped: number;
  /** the code with which this GPU has refused them all; 0: it has not */
  refusal: number;
};

export function byCadence<T extends { readonly cadence: Cadence }>(all: readonly T[]): Record<Cadence, readonly T[]> {
  const of = (cadence: Cadence) => all.filter((one) => one.cadence === cadence);
  return { tick: of('tick'), slow: of('slow'), rare: of('rare'), request: of('request') };
}

/** Looks up which variants of the getters a library has. @returns a function that makes the questions for one GPU */
export function bindGetters({ bind }: Symbols, getters: readonly Getter[]): () => Record<Cadence, Question[]> {
  const asked = getters.map((getter): Asked & { readonly cadence: Cadence } => {
    const { metrics: keys, cadence, variants } = getter;
    return { getter, cadence, slots: keys.map((key) => metricIndex[key]), variants: variants.flatMap(bindVariant) };

    function bindVariant(variant: Variant): Bound[] {
      const call = bind(variant.symbol, variant.parameters);
      if (!call) return [];
      const out = new ArrayBuffer(variant.size);
      const via = keys.flatMap((key) => {
        const name = metricOf(key).nvml.indexOf(variant.symbol);
        return name > 0 ? [{ slot: metricIndex[key], name }] : [];
      });
      const { prepare, invoke, decode, ofSeveral } = variant;
      return [{ prepare, invoke, decode, ofSeveral, call, out, view: new DataView(out), via }];
    }
  });
  const fresh = (all: readonly Asked[]): Question[] =>
    all.map((one) => ({ ...one, skipped: 0, refusal: NVML_SUCCESS }));
  const of = byCadence(asked);
  return () => ({ tick: fresh(of.tick), slow: fresh(of.slow), rare: fresh(of.rare), request: fresh(of.request) });
}

export function markAbsent(frame: Frame, keys: readonly MetricKey[], code: number): void {
  markSlots(
    frame,
    keys.map((key) => metricIndex[key]),
    code,
  );
}

function markSlots(frame: Frame, slots: readonly number[], code: number): void {
  const { means } = returnCode(code);
  for (const slot of slots) setAbsentAt(frame, slot, means, code);
}

/** Asks a GPU and puts values, or the reason why there are none, into its frame. @returns the driver's code */
export function ask(question: Question, device: number, frame: Frame): number {
  const { slots, variants } = question;
  if (question.refusal !== NVML_SUCCESS) {
    markSlots(frame, slots, question.refusal);
    return NVML_SUCCESS;
  }
  let code = NVML_FUNCTION_NOT_FOUND;
  for (let i = question.skipped; i < variants.length; i++) {
    const { prepare, invoke, decode, ofSeveral, call, out, view, via } = variants[i]!;
    prepare?.(view);
    code = invoke(call, device, out);
    if (code === NVML_SUCCESS) {
      // metrics that the answer does not contain are not available with this driver
      if (slots.length > 1) markSlots(frame, slots, NVML_NOT_SUPPORTED);
      decode(view, frame);
      for (const { slot, name } of via) frame.via[slot] = name;
      return code;
    }
    if (code === NVML_INVALID_ARGUMENT && ofSeveral) code = NVML_NOT_SUPPORTED;
    if (returnCode(code).means !== 'unsupported') break;
    question.skipped = i + 1; // an older name may still work
  }
  markSlots(frame, slots, code);
  // asked again on the rare cadence: a metric that is unsupported now is hardly supported on the next tick
  if (returnCode(code).means === 'unsupported') question.refusal = code;
  return code;
}

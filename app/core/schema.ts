import { identifier } from './identifier.ts';
import { errorCodes, type Result } from './result.ts';
import { z } from './zod.ts';

type Leaf = Float64Array | Uint8Array | Uint16Array;
/** The type of a value that is shared or was copied from another process: readonly at every depth. */
export type Plain<T> = T extends Leaf ? T : T extends object ? { readonly [K in keyof T]: Plain<T[K]> } : T;
/** The type that a schema describes. */
export type TypeOf<S extends z.ZodType> = Plain<z.output<S>>;

/** A GPU of the history. It is only looked up as a bound parameter, so any stored identifier is allowed. */
export const gpuUuid = z.string().min(1).max(128);
/** A GPU that something is done to: it may reach the limit helper. */
export const controlledGpu = z.string().regex(identifier, 'not the identifier of a GPU');

/** ms since 1970: any moment that a Date can hold */
export const moment = z.number().min(-8.64e15).max(8.64e15);
export const ordered = <T extends { fromMs: number; toMs: number }>(range: T): boolean => range.toMs > range.fromMs;
export const timeRange = z.strictObject({ fromMs: moment, toMs: moment }).refine(ordered, 'toMs must be after fromMs');

// not z.instanceof: its type would refuse arrays over shared memory, which are copied like any other
export const float64Array = z.custom<Float64Array>((value) => value instanceof Float64Array);
export const uint16Array = z.custom<Uint16Array>((value) => value instanceof Uint16Array);
export const uint8Array = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const appError = z.object({ code: z.enum(errorCodes), message: z.string(), next: z.string().optional() });

/** Every answer across a process boundary: a value of the channel's own schema, or a coded error. */
export const resultOf = <T extends z.ZodType>(value: T): z.ZodType<Result<z.output<T>>> =>
  z.union([
    z.object({ ok: z.literal(true), value }),
    z.object({ ok: z.literal(false), error: appError }),
  ]) as unknown as z.ZodType<Result<z.output<T>>>;

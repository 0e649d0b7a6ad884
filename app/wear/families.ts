import type { Band } from './exposure-schema.ts';

/** The lowest and the highest result of the parameter sets. Each set was applied to the whole history. */
export const bandOf = (values: readonly number[], mid: number): Band => ({
  low: Math.min(...values),
  mid,
  high: Math.max(...values),
});

export const scaleBand = ({ low, mid, high }: Band, by: number): Band => ({
  low: low * by,
  mid: mid * by,
  high: high * by,
});

import type { Band, Combined } from './exposure-schema.ts';

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

/** Families combined into one number and its envelope. Weights are equal where none is given. */
export function combine(families: readonly { readonly band: Band; readonly weight?: number | undefined }[]): Combined {
  const mids = families.map(({ band }) => band.mid);
  return {
    headline: families.reduce((sum, { band, weight }) => sum + band.mid * (weight ?? 1 / families.length), 0),
    envelope: { low: Math.min(...mids), high: Math.max(...mids) },
    band: {
      low: Math.min(...families.map(({ band }) => band.low)),
      high: Math.max(...families.map(({ band }) => band.high)),
    },
  };
}

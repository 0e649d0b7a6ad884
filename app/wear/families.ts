/** A result and the range in which it lies for all parameter sets. */
export type Band = { readonly low: number; readonly mid: number; readonly high: number };

/** The lowest and the highest of what the parameter sets gave: each was run through the whole history. */
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

export type Combined = {
  /** weighted sum of the families' middles; uncalibrated: equal weights are a convention, no data */
  readonly headline: number;
  /** smallest and largest middle: what any other weights could give */
  readonly envelope: { readonly low: number; readonly high: number };
  /** lowest and highest end of all bands */
  readonly band: { readonly low: number; readonly high: number };
};

/** Families in one number, which never stands without its envelope. Weights are equal where none is given. */
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

/** The last few minutes of one GPU, for the strips: a window over time, oldest first. NaN where there was no value. */
export type Strip = { readonly times: readonly number[]; readonly values: readonly (readonly (number | null)[])[] };

export type Stretch = { readonly times: readonly number[]; readonly columns: readonly (readonly number[])[] };

export type Ring = {
  /** a gap before this sample is kept as a gap */
  readonly push: (tsMs: number, values: readonly (number | undefined)[], gap: boolean) => void;
  /** Replaces the content by that of the history: stretches without a gap inside. NaN: no value. */
  readonly replace: (stretches: readonly Stretch[]) => void;
  readonly read: () => Strip;
  readonly newestMs: () => number | undefined;
};

/** Keeps `spanMs` of samples in plain arrays; what is too old is cut off now and then, not at every push. */
export function createRing(columns: number, spanMs: number): Ring {
  let times: number[] = [];
  let values: (number | null)[][] = Array.from({ length: columns }, () => []);

  const append = (tsMs: number, sample: readonly (number | null)[]): void => {
    times.push(tsMs);
    values.forEach((column, i) => column.push(sample[i] ?? null));
  };
  const trim = (): void => {
    const oldest = times.at(-1)! - spanMs;
    const keepFrom = times.findIndex((tsMs) => tsMs >= oldest);
    if (keepFrom < times.length / 4) return;
    times = times.slice(keepFrom);
    values = values.map((column) => column.slice(keepFrom));
  };

  return {
    push(tsMs, sample, gap) {
      if (times.length > 0 && tsMs <= times.at(-1)!) return; // the clock was set back: wait until it has caught up
      if (gap && times.length > 0) append(tsMs - 1, []);
      append(
        tsMs,
        sample.map((value) => value ?? null),
      );
      trim();
    },
    replace(stretches) {
      times = [];
      values = values.map(() => []);
      for (const stretch of stretches) {
        if (times.length > 0) append(stretch.times[0]! - 1, []);
        stretch.times.forEach((tsMs, i) =>
          append(
            tsMs,
            stretch.columns.map((column) => (Number.isNaN(column[i]) ? null : column[i]!)),
          ),
        );
      }
    },
    read: () => ({ times, values }),
    newestMs: () => times.at(-1),
  };
}

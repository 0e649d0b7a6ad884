// What schema 2 knew of metrics and readings.

/** Columns of schema 1, by metric id − 1, with the scale that they were written at. */
export const columns = [
  ['core_temp_c', 10],
  ['mem_temp_c', 10],
  ['temp_shutdown_c', 10],
  ['temp_slowdown_c', 10],
  ['temp_max_c', 10],
  ['temp_target_c', 10],
  ['temp_margin_k', 10],
  ['power_w', 1000],
  ['power_average_w', 1000],
  ['power_instant_w', 1000],
  ['power_limit_w', 1000],
  ['power_default_limit_w', 1000],
  ['power_min_limit_w', 1000],
  ['power_max_limit_w', 1000],
  ['energy_mj', 1],
  ['gpu_util_pct', 10],
  ['mem_util_pct', 10],
  ['vram_used_bytes', 1],
  ['vram_total_bytes', 1],
  ['graphics_clock_mhz', 10],
  ['sm_clock_mhz', 10],
  ['mem_clock_mhz', 10],
  ['pstate', 1],
  ['throttle_reasons', 1],
  ['fan_pct', 10],
  ['throttled_sw_power_us', 1],
  ['throttled_sw_thermal_us', 1],
  ['throttled_hw_thermal_us', 1],
  ['throttled_power_brake_us', 1],
] as const;

export const ids = {
  coreTemp: 1,
  power: 8,
  energy: 15,
  gpuUtil: 16,
  vramUsed: 18,
  throttleReasons: 24,
  throttledSwPower: 26,
  throttledSwThermal: 27,
  throttledHwThermal: 28,
  throttledPowerBrake: 29,
} as const;

export const scaleOf = (metricId: number): number => columns[metricId - 1]?.[1] ?? 1;

/** Reading states, as bytes. */
export const VALUE = 1;
export const ASLEEP = 4;

/** One metric of some samples: what each reading was, and its value (NaN where there was none). */
export type MetricColumn = { readonly codes: Float64Array; readonly values: Float64Array };

/** Samples of one GPU in order of arrival, column by column, metrics by id. */
export type SampleColumns = {
  /** the order of arrival */
  readonly seq: Float64Array;
  /** ms since 1970 */
  readonly tsMs: Float64Array;
  /** ms since the sample before by the monotonic clock; NaN after a gap */
  readonly dtMs: Float64Array;
  readonly metrics: ReadonlyMap<number, MetricColumn>;
};

/** A row of schema 1. */
export type SampleRow = {
  readonly id: number;
  readonly gpu_id: number;
  readonly ts_ms: number;
  readonly dt_ms: number | null;
  readonly states: Uint8Array;
} & Readonly<Record<string, number | null>>;

/** State and derived flag of a reading in one number. Bit 7 of a state byte says that the value was derived. */
const codeOf = (byte: number): number => (byte & 0x7f) + 32 * (byte >> 7);

export function columnsOf(rows: readonly SampleRow[]): SampleColumns {
  const of = (pick: (row: SampleRow) => number): Float64Array => Float64Array.from(rows, pick);
  const metric = (name: string, i: number): [number, MetricColumn] => [
    i + 1,
    {
      codes: of(({ states }) => codeOf(states[i] ?? 0)),
      values: of((row) => (((row.states[i] ?? 0) & 0x7f) === VALUE ? (row[name] ?? 0) : Number.NaN)),
    },
  ];
  return {
    seq: of(({ id }) => id),
    tsMs: of(({ ts_ms }) => ts_ms),
    dtMs: of(({ dt_ms }) => dt_ms ?? Number.NaN),
    metrics: new Map(columns.map(([name], i) => metric(name, i))),
  };
}

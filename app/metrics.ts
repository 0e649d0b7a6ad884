/**
 * THE metric catalogue. Decoders, history columns, chart labels, CSV headers and docs/metrics.md are read from it.
 * Adding a metric is adding a row here and a case to the decoders that can read it.
 *
 * `nvml`, `xml` and `csv` list names newest first: drivers rename things, so the first one present wins.
 * XML paths are below <gpu>; CSV names are those of `nvidia-smi --query-gpu`.
 */

/** How often a metric is read: every tick, or on the slow cadence because it is costly or rarely changes. */
export type Cadence = 'tick' | 'slow';

export type MetricRow = {
  readonly key: string;
  /** stable number under which histories keep it: never reused */
  readonly id: number;
  readonly label: string;
  readonly unit: '°C' | 'K' | 'W' | 'mJ' | '%' | 'B' | 'MHz' | 'µs' | '';
  /** gauge: a level; counter: only grows until it is reset; state: a code or bit mask, never averaged */
  readonly kind: 'gauge' | 'counter' | 'state';
  readonly cadence: Cadence;
  /** stored as the integer round(value × scale) */
  readonly scale: number;
  /** outside it a value cannot be true; bounds are generous, they catch sentinels rather than judge */
  readonly range: readonly [number, number];
  /** decimals shown */
  readonly digits: number;
  readonly nvml: readonly string[];
  readonly xml: readonly string[];
  readonly csv: readonly string[];
  /** where the meaning is documented, and what to know about it */
  readonly doc: string;
};

const TEMPERATURE = [-40, 150] as const; // a GDDR junction may pass 110 °C; 255 °C is a known sentinel
const POWER = [0, 3000] as const; // largest modules are near 1,400 W
const PERCENT = [0, 100] as const;
const CLOCK = [0, 40_000] as const; // GDDR7 reads 14,001 MHz
const BYTES = [0, 2 ** 44] as const; // 16 TiB; WSL has reported 17179869184 GiB
const COUNTER = [0, 2 ** 53 - 1] as const;

const celsius = { unit: '°C', kind: 'gauge', scale: 10, range: TEMPERATURE, digits: 0 } as const;
const watts = { unit: 'W', kind: 'gauge', scale: 1000, range: POWER, digits: 0 } as const;
const percent = { unit: '%', kind: 'gauge', scale: 10, range: PERCENT, digits: 0 } as const;
const megahertz = { unit: 'MHz', kind: 'gauge', scale: 10, range: CLOCK, digits: 0 } as const;
const bytes = { unit: 'B', kind: 'gauge', scale: 1, range: BYTES, digits: 1 } as const;
const throttled = { unit: 'µs', kind: 'counter', scale: 1, range: COUNTER, digits: 0, cadence: 'tick' } as const;

export const metrics = [
  {
    ...celsius,
    key: 'coreTempC',
    id: 1,
    label: 'Core temperature',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetTemperature'],
    xml: ['temperature/gpu_temp'],
    csv: ['temperature.gpu'],
    doc: 'nvml.h: NVML_TEMPERATURE_GPU, the die sensor. Hot-spot temperature is not in NVML.',
  },
  {
    ...celsius,
    key: 'memTempC',
    id: 2,
    label: 'Memory temperature',
    cadence: 'tick',
    nvml: ['NVML_FI_DEV_MEMORY_TEMP'],
    xml: ['temperature/memory_temp'],
    csv: ['temperature.memory'],
    doc: 'nvml.h: field 82. Reported by HBM cards; GeForce cards do not offer it.',
  },
  {
    ...celsius,
    key: 'tempShutdownC',
    id: 3,
    label: 'Shutdown limit',
    cadence: 'slow',
    nvml: ['nvmlDeviceGetTemperatureThreshold'],
    xml: ['temperature/gpu_temp_max_threshold'],
    csv: [],
    doc: 'nvml.h: NVML_TEMPERATURE_THRESHOLD_SHUTDOWN. Ada and later report margins instead: then derived as temperature + margin − offset, good to 1–2 °C.',
  },
  {
    ...celsius,
    key: 'tempSlowdownC',
    id: 4,
    label: 'Slowdown limit',
    cadence: 'slow',
    nvml: ['nvmlDeviceGetTemperatureThreshold'],
    xml: ['temperature/gpu_temp_slow_threshold'],
    csv: [],
    doc: 'nvml.h: NVML_TEMPERATURE_THRESHOLD_SLOWDOWN: the hardware slows itself here. Derived on Ada and later.',
  },
  {
    ...celsius,
    key: 'tempMaxC',
    id: 5,
    label: 'Maximum operating temperature',
    cadence: 'slow',
    nvml: ['nvmlDeviceGetTemperatureThreshold'],
    xml: ['temperature/gpu_temp_max_gpu_threshold'],
    csv: [],
    doc: 'nvml.h: NVML_TEMPERATURE_THRESHOLD_GPU_MAX. Derived on Ada and later.',
  },
  {
    ...celsius,
    key: 'tempTargetC',
    id: 6,
    label: 'Target temperature',
    cadence: 'slow',
    nvml: ['nvmlDeviceGetTemperatureThreshold'],
    xml: ['supported_gpu_target_temp/gpu_target_temperature', 'temperature/gpu_target_temperature'],
    csv: [],
    doc: 'nvml.h: NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_CURR: what the fan control and the clocks aim at.',
  },
  {
    ...celsius,
    key: 'tempMarginK',
    unit: 'K',
    id: 7,
    label: 'Margin to the thermal limit',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetMarginTemperature'],
    xml: ['temperature/gpu_temp_tlimit'],
    csv: ['temperature.gpu.tlimit'],
    doc: 'nvml.h: T.Limit, degrees left. Ada and later.',
  },
  {
    ...watts,
    key: 'powerW',
    id: 8,
    label: 'Power',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetPowerUsage'],
    xml: [
      'gpu_power_readings/average_power_draw',
      'gpu_power_readings/power_draw',
      'gpu_power_readings/instant_power_draw',
      'power_readings/power_draw',
    ],
    csv: ['power.draw'],
    doc: 'nvml.h: board power; a 1 s average on Ampere (except GA100) and later, instantaneous before. Good to ±5 %.',
  },
  {
    ...watts,
    key: 'powerAverageW',
    id: 9,
    label: 'Power, 1 s average',
    cadence: 'tick',
    nvml: ['NVML_FI_DEV_POWER_AVERAGE'],
    xml: ['gpu_power_readings/average_power_draw'],
    csv: ['power.draw.average'],
    doc: 'nvml.h: field 185. Ampere (except GA100) and later.',
  },
  {
    ...watts,
    key: 'powerInstantW',
    id: 10,
    label: 'Power, instant',
    cadence: 'tick',
    nvml: ['NVML_FI_DEV_POWER_INSTANT'],
    xml: ['gpu_power_readings/instant_power_draw'],
    csv: ['power.draw.instant'],
    doc: 'nvml.h: field 186. Its own averaging window is 25 ms of each 100 ms on A100 and H100 (arXiv 2312.02741).',
  },
  {
    ...watts,
    key: 'powerLimitW',
    id: 11,
    label: 'Power limit',
    cadence: 'slow',
    nvml: ['nvmlDeviceGetEnforcedPowerLimit'],
    xml: [
      'gpu_power_readings/current_power_limit',
      'gpu_power_readings/power_limit',
      'power_readings/enforced_power_limit',
      'power_readings/power_limit',
    ],
    csv: ['enforced.power.limit', 'power.limit'],
    doc: 'nvml.h: the limit in force, after all other limits are considered.',
  },
  {
    ...watts,
    key: 'powerDefaultLimitW',
    id: 12,
    label: 'Default power limit',
    cadence: 'slow',
    nvml: ['nvmlDeviceGetPowerManagementDefaultLimit'],
    xml: ['gpu_power_readings/default_power_limit', 'power_readings/default_power_limit'],
    csv: ['power.default_limit'],
    doc: 'nvml.h: the limit the card boots with.',
  },
  {
    ...watts,
    key: 'powerMinLimitW',
    id: 13,
    label: 'Lowest power limit',
    cadence: 'slow',
    nvml: ['nvmlDeviceGetPowerManagementLimitConstraints'],
    xml: ['gpu_power_readings/min_power_limit', 'power_readings/min_power_limit'],
    csv: ['power.min_limit'],
    doc: 'nvml.h: the lowest limit that can be set.',
  },
  {
    ...watts,
    key: 'powerMaxLimitW',
    id: 14,
    label: 'Highest power limit',
    cadence: 'slow',
    nvml: ['nvmlDeviceGetPowerManagementLimitConstraints'],
    xml: ['gpu_power_readings/max_power_limit', 'power_readings/max_power_limit'],
    csv: ['power.max_limit'],
    doc: 'nvml.h: the highest limit that can be set.',
  },
  {
    key: 'energyMj',
    id: 15,
    label: 'Energy counter',
    unit: 'mJ',
    kind: 'counter',
    cadence: 'tick',
    scale: 1,
    range: COUNTER,
    digits: 0,
    nvml: ['nvmlDeviceGetTotalEnergyConsumption'],
    xml: [],
    csv: [],
    doc: 'nvml.h: energy since the driver was loaded, Volta and later. Starts again at 0 when the driver is reloaded.',
  },
  {
    ...percent,
    key: 'gpuUtilPct',
    id: 16,
    label: 'GPU utilisation',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetUtilizationRates'],
    xml: ['utilization/gpu_util'],
    csv: ['utilization.gpu'],
    doc: 'nvml.h: share of the last sample period in which a kernel ran, not how many units were busy.',
  },
  {
    ...percent,
    key: 'memUtilPct',
    id: 17,
    label: 'Memory utilisation',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetUtilizationRates'],
    xml: ['utilization/memory_util'],
    csv: ['utilization.memory'],
    doc: 'nvml.h: share of the last sample period in which memory was read or written, not how full it is.',
  },
  {
    ...bytes,
    key: 'vramUsedBytes',
    id: 18,
    label: 'VRAM used',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetMemoryInfo_v2', 'nvmlDeviceGetMemoryInfo'],
    xml: ['fb_memory_usage/used'],
    csv: ['memory.used'],
    doc: 'nvml.h: allocated memory; the older call counts the driver’s reserve as used too.',
  },
  {
    ...bytes,
    key: 'vramTotalBytes',
    id: 19,
    label: 'VRAM',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetMemoryInfo_v2', 'nvmlDeviceGetMemoryInfo'],
    xml: ['fb_memory_usage/total'],
    csv: ['memory.total'],
    doc: 'nvml.h: physical memory of the card.',
  },
  {
    ...megahertz,
    key: 'graphicsClockMhz',
    id: 20,
    label: 'Graphics clock',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetClockInfo'],
    xml: ['clocks/graphics_clock'],
    csv: ['clocks.current.graphics', 'clocks.gr'],
    doc: 'nvml.h: NVML_CLOCK_GRAPHICS.',
  },
  {
    ...megahertz,
    key: 'smClockMhz',
    id: 21,
    label: 'SM clock',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetClockInfo'],
    xml: ['clocks/sm_clock'],
    csv: ['clocks.current.sm', 'clocks.sm'],
    doc: 'nvml.h: NVML_CLOCK_SM.',
  },
  {
    ...megahertz,
    key: 'memClockMhz',
    id: 22,
    label: 'Memory clock',
    cadence: 'tick',
    nvml: ['nvmlDeviceGetClockInfo'],
    xml: ['clocks/mem_clock'],
    csv: ['clocks.current.memory', 'clocks.mem'],
    doc: 'nvml.h: NVML_CLOCK_MEM.',
  },
  {
    key: 'pstate',
    id: 23,
    label: 'Performance state',
    unit: '',
    kind: 'state',
    cadence: 'tick',
    scale: 1,
    range: [0, 15],
    digits: 0,
    nvml: ['nvmlDeviceGetPerformanceState'],
    xml: ['performance_state'],
    csv: ['pstate'],
    doc: 'nvml.h: P0 (fastest) to P15; 32 means unknown.',
  },
  {
    key: 'throttleReasons',
    id: 24,
    label: 'Clock event reasons',
    unit: '',
    kind: 'state',
    cadence: 'tick',
    scale: 1,
    range: [0, 2 ** 32 - 1],
    digits: 0,
    nvml: ['nvmlDeviceGetCurrentClocksEventReasons', 'nvmlDeviceGetCurrentClocksThrottleReasons'],
    xml: ['clocks_event_reasons', 'clocks_throttle_reasons'],
    csv: ['clocks_event_reasons.active', 'clocks_throttle_reasons.active'],
    doc: 'nvml.h: nvmlClocksEventReasons, a bit mask; see app/telemetry/throttle-reasons.ts.',
  },
  {
    ...percent,
    key: 'fanPct',
    id: 25,
    label: 'Fan, commanded speed',
    cadence: 'slow',
    range: [0, 200],
    nvml: ['nvmlDeviceGetFanSpeed_v2', 'nvmlDeviceGetFanSpeed'],
    xml: ['fan_speed'],
    csv: ['fan.speed'],
    doc: 'nvml.h: the intended speed, not a measured one: a blocked fan still shows it. May exceed 100 %.',
  },
  {
    ...throttled,
    key: 'throttledSwPowerUs',
    id: 26,
    label: 'Slowed by the power cap',
    nvml: ['NVML_FI_DEV_PERF_POLICY_POWER'],
    xml: ['clocks_event_reasons_counters/clocks_event_reasons_counters_sw_power_cap'],
    csv: ['clocks_event_reasons_counters.sw_power_cap'],
    doc: 'nvml.h: field 74, time since driver load that clocks were held down by the power cap.',
  },
  {
    ...throttled,
    key: 'throttledSwThermalUs',
    id: 27,
    label: 'Slowed by heat (driver)',
    nvml: ['NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN'],
    xml: ['clocks_event_reasons_counters/clocks_event_reasons_counters_sw_therm_slowdown'],
    csv: ['clocks_event_reasons_counters.sw_thermal_slowdown'],
    doc: 'nvml.h: field 269.',
  },
  {
    ...throttled,
    key: 'throttledHwThermalUs',
    id: 28,
    label: 'Slowed by heat (hardware)',
    nvml: ['NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN'],
    xml: ['clocks_event_reasons_counters/clocks_event_reasons_counters_hw_therm_slowdown'],
    csv: ['clocks_event_reasons_counters.hw_thermal_slowdown'],
    doc: 'nvml.h: field 270.',
  },
  {
    ...throttled,
    key: 'throttledPowerBrakeUs',
    id: 29,
    label: 'Slowed by the external power brake',
    nvml: ['NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN'],
    xml: ['clocks_event_reasons_counters/clocks_event_reasons_counters_hw_power_brake'],
    csv: ['clocks_event_reasons_counters.hw_power_brake_slowdown'],
    doc: 'nvml.h: field 271.',
  },
] as const satisfies readonly MetricRow[];

export type MetricKey = (typeof metrics)[number]['key'];
export type Metric = MetricRow & { readonly key: MetricKey };

/** Position of each metric in the catalogue, and so in a Frame. */
export const metricIndex = Object.fromEntries(metrics.map((metric, index) => [metric.key, index])) as Record<
  MetricKey,
  number
>;

export const metricOf = (key: MetricKey): Metric => metrics[metricIndex[key]]!;

export const isMetricKey = (key: string): key is MetricKey => Object.hasOwn(metricIndex, key);

/** SQL column of a metric: coreTempC → core_temp_c. */
export const columnOf = (key: MetricKey): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What charts can draw: levels, not codes or counters. */
export const gauges: readonly Metric[] = metrics.filter((metric) => metric.kind === 'gauge');

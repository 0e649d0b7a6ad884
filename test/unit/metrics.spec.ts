import fs from 'node:fs';
import { expect, it } from 'vitest';
import { cadences, columnOf, metrics, type Metric } from '../../app/metrics/metrics.ts';
import { fields } from '../../app/telemetry/nvml/field-values.ts';
import { getters } from '../../app/telemetry/nvml/getters.ts';
import { en } from '../../app/core/locales/en.ts';
import { figuresTable, metricsPage, readmeWith } from '../../scripts/docs.mjs';
import { catalogueFaults, incompleteMetrics, unnamedMetrics } from '../support/catalogue.ts';
import { recordings } from '../support/shared.ts';

const unique = (values: readonly unknown[]) => new Set(values).size === values.length;

it('says in one sentence what a metric lacks', () => {
  expect(catalogueFaults()).toEqual([]);
  const gspMode = { key: 'gspMode', nvml: ['nvmlDeviceGetGspFirmwareMode'], csv: [], doc: 'nvml.h' };
  expect(incompleteMetrics([gspMode])).toEqual(['metric `gspMode` has no XML path: add one or write `xml: []`']);
  expect(unnamedMetrics([gspMode], 'en', {})).toEqual([
    'metric `gspMode` has no name: add `metric.gspMode` to app/core/locales/en.ts',
  ]);
});

it('gives every metric its own key, storage id and column', () => {
  expect(unique(metrics.map(({ key }) => key))).toBe(true);
  expect(unique(metrics.map(({ id }) => id))).toBe(true);
  expect(unique(metrics.map(({ key }) => columnOf(key)))).toBe(true);
});

it('names a way to read each metric and where its meaning is documented', () => {
  for (const { key, nvml, xml, doc } of metrics) {
    expect(nvml.length + xml.length, key).toBeGreaterThan(0);
    expect(doc.length, key).toBeGreaterThan(10);
  }
});

/** Metrics that histories already hold, in the order of their numbers. A number never gets another meaning. */
const frozen = [
  ...['coreTempC', 'memTempC', 'tempShutdownC', 'tempSlowdownC', 'tempMaxC', 'tempTargetC', 'tempMarginK', 'powerW'],
  ...['powerAverageW', 'powerInstantW', 'powerLimitW', 'powerDefaultLimitW', 'powerMinLimitW', 'powerMaxLimitW'],
  ...['energyMj', 'gpuUtilPct', 'memUtilPct', 'vramUsedBytes', 'vramTotalBytes', 'graphicsClockMhz', 'smClockMhz'],
  ...['memClockMhz', 'pstate', 'throttleReasons', 'fanPct', 'throttledSwPowerUs', 'throttledSwThermalUs'],
  ...['throttledHwThermalUs', 'throttledPowerBrakeUs'],
];

it('keeps the numbers of metrics in histories, and gives new numbers to new metrics', () => {
  const byId = new Map<number, string>(metrics.map(({ id, key }) => [id, key]));
  expect(frozen.map((_, i) => byId.get(i + 1))).toEqual(frozen);
  expect(metrics.map(({ id }) => id).sort((a, b) => a - b)).toEqual(metrics.map((_, i) => i + 1));
});

it.each(metrics as readonly Metric[])('describes $key so that no source can misread it', (metric) => {
  const { range, scale, words, kind, unit, cadence, xml, csv, nvml } = metric;
  expect(range[0]).toBeLessThan(range[1]);
  expect(Number.isSafeInteger(Math.round(range[1] * scale))).toBe(true); // histories store it as an integer
  expect(cadences).toContain(cadence);
  for (const names of [nvml, xml, csv]) expect(unique(names)).toBe(true);
  for (const name of csv) expect(name).toMatch(/^[a-z][\w.]+$/i);
  for (const path of xml.flatMap((sum) => sum.split(' + '))) expect(path).toMatch(/^[a-z]\w*(\/[a-z]\w*)*$/);
  if (words) {
    expect([kind, unit]).toEqual(['state', '']);
    const codes = Object.values(words);
    expect(unique(codes)).toBe(true);
    expect([Math.min(...codes), Math.max(...codes)]).toEqual([...range]);
  }
});

/** NVML_FI_DEV_… by number, as in nvml.h. */
const fieldNames: Readonly<Record<number, string>> = {
  29: 'NVML_FI_DEV_RETIRED_SBE',
  30: 'NVML_FI_DEV_RETIRED_DBE',
  31: 'NVML_FI_DEV_RETIRED_PENDING',
  74: 'NVML_FI_DEV_PERF_POLICY_POWER',
  76: 'NVML_FI_DEV_PERF_POLICY_SYNC_BOOST',
  82: 'NVML_FI_DEV_MEMORY_TEMP',
  91: 'NVML_FI_DEV_NVLINK_LINK_COUNT',
  142: 'NVML_FI_DEV_REMAPPED_COR',
  143: 'NVML_FI_DEV_REMAPPED_UNC',
  144: 'NVML_FI_DEV_REMAPPED_PENDING',
  145: 'NVML_FI_DEV_REMAPPED_FAILURE',
  185: 'NVML_FI_DEV_POWER_AVERAGE',
  186: 'NVML_FI_DEV_POWER_INSTANT',
  230: 'NVML_FI_DEV_GET_GPU_RECOVERY_ACTION',
  269: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN',
  270: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN',
  271: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN',
};

it('names the NVML calls and fields that are read for each metric, at the cadence of the catalogue', () => {
  // metrics that take several calls, such as the number of links or instances, have no getter
  const several = ['nvlink', 'mig'].map((file) => fs.readFileSync(`app/telemetry/nvml/${file}.ts`, 'utf8')).join();
  for (const { key, nvml, cadence } of metrics) {
    const asked = getters.filter((getter) => (getter.metrics as readonly string[]).includes(key));
    const read = fields.filter(({ metric }) => metric === key);
    const made = [
      ...asked.flatMap(({ variants }) => variants.map(({ symbol }) => symbol)),
      ...read.map(({ id }) => fieldNames[id]),
    ];
    for (const question of [...asked, ...read]) expect(question.cadence, key).toBe(cadence);
    if (made.length === 0) for (const name of nvml) expect(several, key).toContain(`'${name}'`);
    else for (const name of nvml) expect(made, key).toContain(name);
  }
});

const helps = recordings((name) => /help-query-gpu\.txt$|fields\.txt$/.test(name));

it('names CSV fields that nvidia-smi lists, if a recorded list is available', () => {
  const listed = new Set(helps.flatMap(({ file }) => fs.readFileSync(file, 'utf8').match(/"[\w.]+"/g) ?? []));
  const unknown = metrics.flatMap(({ csv }) => csv).filter((name) => !listed.has(`"${name}"`));
  expect(helps.length === 0 ? [] : unknown).toEqual([]);
});

it('matches docs/metrics.md', () => {
  expect(fs.readFileSync('docs/metrics.md', 'utf8')).toBe(metricsPage(metrics, en.metric));
});

it('has the figures of the benchmark in the README', () => {
  const readme = fs.readFileSync('README.md', 'utf8');
  const results = JSON.parse(fs.readFileSync('bench/results.json', 'utf8'));
  expect(readme).toBe(readmeWith(readme, figuresTable(results)));
});

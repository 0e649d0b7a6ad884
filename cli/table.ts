import { joined } from '../app/core/format.ts';
import { type Formatter } from '../app/metrics/format.ts';
import type { Translate } from '../app/core/i18n.ts';
import { metricOf, type MetricKey } from '../app/metrics/metrics.ts';
import { readingOf, valueOf, type Frame } from '../app/metrics/frame.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { statusOf } from '../app/telemetry/status.ts';

/** Readings of the slow cadence, remembered between their turns. */
export type Remembered = Map<string, Map<MetricKey, number>>;

const SLOW: readonly MetricKey[] = ['tempSlowdownC', 'powerLimitW', 'fanPct'];

const recall = (remembered: Remembered, uuid: string, frame: Frame): Map<MetricKey, number> => {
  const known = remembered.get(uuid) ?? new Map<MetricKey, number>();
  remembered.set(uuid, known);
  for (const key of SLOW) {
    const reading = readingOf(frame, key);
    if (reading.state === 'value') known.set(key, reading.value);
    else if (reading.state !== 'unread') known.delete(key);
  }
  return known;
};

/** One row a GPU, for the terminal. An absent reading is a word or a dash, never a number. */
export function monitorTable(tick: Tick, remembered: Remembered, t: Translate, format: Formatter): string[] {
  const heading = [
    t('cli.gpu'),
    t('cli.temp'),
    t('cli.power'),
    t('cli.load'),
    t('cli.vram'),
    t('cli.fan'),
    t('cli.status'),
  ];
  const rows = tick.gpus.map(({ gpu, frame }) => {
    const known = recall(remembered, gpu.uuid, frame);
    const show = (key: MetricKey, of: (key: MetricKey) => number | undefined = (k) => valueOf(frame, k)): string => {
      const value = of(key);
      return value === undefined ? '–' : joined(format.metric(metricOf(key), value));
    };
    const memory = (key: MetricKey) => known.get(key);
    const status = statusOf(frame, known.get('tempSlowdownC'));
    const margin =
      status.marginK === undefined
        ? ''
        : ` · ${t('status.margin', { margin: joined(format.kelvins(status.marginK)) })}`;
    return [
      `${gpu.index} ${gpu.name}`,
      show('coreTempC'),
      `${show('powerW')} / ${show('powerLimitW', memory)}`,
      show('gpuUtilPct'),
      `${show('vramUsedBytes')} / ${show('vramTotalBytes')}`,
      show('fanPct', memory),
      t(`status.${status.key}`) + margin,
    ];
  });
  const widths = heading.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  return [heading, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

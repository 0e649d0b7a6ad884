import { joined } from '../app/core/format.ts';
import { type Formatter } from '../app/metrics/format.ts';
import { text } from '../app/core/i18n.ts';
import { metricOf, type MetricKey } from '../app/metrics/metrics.ts';
import { readingOf, valueOf, type Frame } from '../app/metrics/frame.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { statusOf } from '../app/telemetry/status.ts';

/** The last values of slow metrics, which are not read on every tick. */
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

/** One row per GPU, for the terminal. An absent reading is a word or a dash, never a number. */
export function monitorTable(tick: Tick, remembered: Remembered, format: Formatter): string[] {
  const heading = [
    text('cli.gpu'),
    text('cli.temp'),
    text('cli.power'),
    text('cli.load'),
    text('cli.vram'),
    text('cli.fan'),
    text('cli.status'),
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
        : ` · ${text('status.margin', { margin: joined(format.kelvins(status.marginK)) })}`;
    return [
      `${gpu.index} ${gpu.name}`,
      show('coreTempC'),
      `${show('powerW')} / ${show('powerLimitW', memory)}`,
      show('gpuUtilPct'),
      `${show('vramUsedBytes')} / ${show('vramTotalBytes')}`,
      show('fanPct', memory),
      text(`status.${status.key}`) + margin,
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

import { joined } from '../app/core/format.ts';
import { type Formatter } from '../app/metrics/format.ts';
import { loosely, type Translate } from '../app/core/i18n.ts';
import { errorShareOf } from '../app/workload/energy/energy.ts';
import { figuresOf, type Cost, type Money } from '../app/workload/sessions/figures.ts';
import type { GpuSummary, Workload } from '../app/workload/sessions/schema.ts';

type Line = readonly [label: string, text: string];
const MANY_CAUSES = ', ';

function costLines(cost: Cost, t: Translate, format: Formatter): Line[] {
  const lines: Line[] = [];
  if (cost.aboveIdleJ !== undefined) lines.push([t('sessions.aboveIdle'), joined(format.energy(cost.aboveIdleJ))]);
  if (cost.cost !== undefined) lines.push([t('sessions.cost'), format.money(cost.cost)]);
  if (cost.co2G !== undefined) lines.push([t('sessions.co2'), `${format.significant(cost.co2G, 2)} g`]);
  return lines;
}

function energyText({ energyJ, energyFrom, energyRangeJ }: GpuSummary, t: Translate, format: Formatter): string {
  if (energyJ === undefined || !energyFrom) return t('report.notObserved');
  const both = `${format.significant(energyJ, 3)} J (${format.significant(energyJ / 3600, 3)} Wh)`;
  const error = `± ${format.percent(errorShareOf(energyJ, energyRangeJ))} %`;
  return `${both}, ${error}, ${t(`energyFrom.${energyFrom}`)}`;
}

/** What a run did to one card, in lines for the terminal. */
export function describe(
  summary: GpuSummary,
  name: string,
  span: { readonly startedMs: number; readonly endedMs: number },
  workload: Workload | undefined,
  money: Money,
  t: Translate,
  format: Formatter,
): string[] {
  const { peakTempC, meanTempC, throttledMs, equivalentHours, sharedJ } = summary;
  const absent = t('report.notObserved');
  const throttled = Object.entries(throttledMs ?? {}).filter(([, ms]) => ms > 0);
  const figures = figuresOf({ ...span, summary: { gpus: [summary], ...(workload && { workload }) } }, money);
  const { outputs, each, outputsPerHour } = figures;
  const lines: Line[] = [
    [t('report.energy'), energyText(summary, t, format)],
    ...costLines(figures, t, format),
    ...(sharedJ === undefined ? [] : [[t('sessions.shared'), joined(format.energy(sharedJ))] as const]),
    ...(outputs
      ? [
          [
            t('sessions.outputs'),
            t(`outputs.${outputs.unit}`, { count: outputs.count, n: format.number(outputs.count) }),
          ] as const,
        ]
      : []),
    ...(outputs && each?.energyJ !== undefined
      ? [
          [
            t('sessions.each', { unit: t(`outputUnit.${outputs.unit}`) }),
            [
              `${format.significant(each.energyJ, 3)} J`,
              each.cost === undefined ? '' : format.money(each.cost),
              `${format.significant(outputsPerHour!, 3)}/h`,
            ]
              .filter(Boolean)
              .join(', '),
          ] as const,
        ]
      : []),
    [t('report.peak'), peakTempC === undefined ? absent : joined(format.temperature(peakTempC))],
    [t('report.mean'), meanTempC === undefined ? absent : joined(format.temperature(meanTempC, 1))],
    [
      t('report.throttled'),
      throttledMs === undefined
        ? t('report.notTold')
        : throttled.map(([cause, ms]) => `${loosely(t)(`cause.${cause}`)} ${format.duration(ms)}`).join(MANY_CAUSES) ||
          t('report.never'),
    ],
    [
      t('wear.equivalentHours'),
      equivalentHours === undefined
        ? absent
        : `${format.significant(equivalentHours.mid)} h [${format.significant(equivalentHours.low)}–${format.significant(equivalentHours.high)}], ${t('run.modelled')}`,
    ],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return [name, ...lines.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)];
}

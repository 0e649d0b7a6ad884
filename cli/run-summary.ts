import { joined } from '../app/core/format.ts';
import { text } from '../app/core/i18n.ts';
import type { Formatter } from '../app/metrics/format.ts';
import type { ThrottleCause } from '../app/metrics/throttle-reasons.ts';
import { energyNotes, errorText } from '../app/workload/energy/words.ts';
import { figuresOf, type Money } from '../app/workload/sessions/figures.ts';
import { outputsText } from '../app/workload/sessions/outputs-text.ts';
import type { GpuSummary, Workload } from '../app/workload/sessions/schema.ts';

type Line = readonly [label: string, text: string];
type Figures = ReturnType<typeof figuresOf>;

/** A session of `slowburn run`, as far as the summary of one card needs it. */
export type RunSession = {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly workload?: Workload;
};

function energyText({ energyJ, energyFrom, energyRangeJ }: GpuSummary, format: Formatter): string {
  if (energyJ === undefined || !energyFrom) return text('cli.notObserved');
  return text('cli.run.energyText', {
    joules: format.significant(energyJ, 3),
    wattHours: format.significant(energyJ / 3600, 3),
    error: errorText(energyJ, energyRangeJ, text, format),
    from: text(`energyFrom.${energyFrom}`),
  });
}

function costLines({ aboveIdleJ, cost, co2G, pricedShare }: Figures, format: Formatter): Line[] {
  const lines: Line[] = [];
  if (aboveIdleJ !== undefined) lines.push([text('cli.run.aboveIdle'), joined(format.energy(aboveIdleJ))]);
  if (cost !== undefined) lines.push([text('cli.run.cost'), format.money(cost)]);
  else if (pricedShare !== undefined)
    lines.push([text('cli.run.cost'), text('prices.known', { percent: format.percent(pricedShare) })]);
  if (co2G !== undefined) lines.push([text('cli.run.co2'), `${format.significant(co2G, 2)} g`]);
  return lines;
}

function outputLines({ outputs, each, outputsPerHour }: Figures, format: Formatter): Line[] {
  if (!outputs) return [];
  const { unit } = outputs;
  const lines: Line[] = [[text('cli.run.outputs'), outputsText(outputs, text, format.number)]];
  if (each?.energyJ === undefined) return lines;
  const parts = [
    `${format.significant(each.energyJ, 3)} J`,
    ...(each.cost === undefined ? [] : [format.money(each.cost)]),
    `${format.significant(outputsPerHour!, 3)}/h`,
  ];
  return [...lines, [text('cli.run.each', { unit: text(`outputUnit.${unit}`) }), parts.join(', ')]];
}

function throttledText(throttledMs: GpuSummary['throttledMs'], format: Formatter): string {
  if (throttledMs === undefined) return text('cli.run.notReported');
  const causes = (Object.entries(throttledMs) as [ThrottleCause, number][]).filter(([, ms]) => ms > 0);
  if (causes.length === 0) return text('cli.run.never');
  return causes.map(([cause, ms]) => `${text(`cause.${cause}`)} ${format.duration(ms)}`).join(', ');
}

function exposureText(hours: GpuSummary['equivalentHours'], { significant }: Formatter): string {
  if (hours === undefined) return text('cli.notObserved');
  const [mid, low, high] = [hours.mid, hours.low, hours.high].map((value) => significant(value)) as [
    string,
    string,
    string,
  ];
  return text('cli.run.modelled', { mid, low, high });
}

/** What a run did to one card, in lines for the terminal. */
export function describe(
  summary: GpuSummary,
  name: string,
  { startedMs, endedMs, workload }: RunSession,
  money: Money,
  format: Formatter,
): string[] {
  const { peakTempC, meanTempC, throttledMs, equivalentHours, sharedJ } = summary;
  const degrees = (celsius: number | undefined, digits: number): string =>
    celsius === undefined ? text('cli.notObserved') : joined(format.temperature(celsius, digits));
  const figures = figuresOf({ startedMs, endedMs, summary: { gpus: [summary], ...(workload && { workload }) } }, money);
  const lines: Line[] = [
    [text('cli.run.energy'), energyText(summary, format)],
    ...energyNotes(summary, text, format).map((note): Line => ['', note]),
    ...costLines(figures, format),
    ...(sharedJ === undefined ? [] : [[text('cli.run.shared'), joined(format.energy(sharedJ))] as const]),
    ...outputLines(figures, format),
    [text('cli.run.peak'), degrees(peakTempC, 0)],
    [text('cli.run.mean'), degrees(meanTempC, 1)],
    [text('cli.run.throttled'), throttledText(throttledMs, format)],
    [text('cli.run.equivalentHours'), exposureText(equivalentHours, format)],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return [name, ...lines.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`)];
}

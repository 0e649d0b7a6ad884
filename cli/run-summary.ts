import { joined } from '../app/core/format.ts';
import { text } from '../app/core/i18n.ts';
import type { Formatter } from '../app/metrics/format.ts';
import type { ThrottleCause } from '../app/metrics/throttle-reasons.ts';
import { energyNotes, errorText } from '../app/workload/energy/words.ts';
import { boundSigns } from '../app/workload/sessions/figure-states.ts';
import { eachText } from '../app/workload/sessions/each-text.ts';
import { costUnitOf, perOutputTexts, promptText, whyOf } from '../app/workload/sessions/figure-text.ts';
import { figuresOf, type Money } from '../app/workload/sessions/figures.ts';
import { outputsText } from '../app/workload/sessions/outputs-text.ts';
import type { GpuSummary, Workload } from '../app/workload/sessions/schema.ts';

const WATT_HOUR = 3600;

type Line = readonly [label: string, text: string];
type Figures = ReturnType<typeof figuresOf>;

/** A session of `slowburn run`, as far as the summary of one card needs it. */
export type RunSession = {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly workload?: Workload;
  readonly sharedWith?: readonly string[] | undefined;
};

function energyText(
  { energyJ, energyFrom, rangeJ: energyRangeJ, states }: Figures,
  sharedWith: RunSession['sharedWith'],
  format: Formatter,
): string {
  if (energyJ === undefined || !energyFrom)
    return whyOf(states.energy, { sharedWith }, text) ?? text('cli.notObserved');
  const sign = boundSigns[states.energy] ?? '';
  const joules = joined(format.joules(energyJ));
  return `${sign}${text('cli.run.energyText', {
    energy: energyJ < WATT_HOUR ? joules : `${joined(format.energy(energyJ))} (${joules})`,
    error: errorText(energyJ, energyRangeJ, text, format),
    from: text(`energyFrom.${energyFrom}`),
  })}`;
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

function outputLines(figures: Figures, sharedWith: RunSession['sharedWith'], format: Formatter): Line[] {
  const { outputs, each, outputsPerHour, speed, states } = figures;
  if (!outputs) return [];
  const made = [outputsText(outputs, text, format.number), promptText(outputs, text, format)];
  const unit = text(`outputUnit.${outputs.unit}`);
  const perOutput = perOutputTexts(figures, text, format);
  const why =
    eachText(text, format, figures) ??
    (perOutput.length > 0 ? undefined : whyOf(states.perOutput, { sharedWith }, text));
  const per = costUnitOf(outputs.unit, text);
  const sign = boundSigns[states.costPerOutput] ?? '';
  const cost = each?.cost !== undefined && `${sign}${format.money(each.cost * per.count)}`;
  const rate = [
    outputsPerHour !== undefined && format.significant(outputsPerHour, 3),
    speed && `${format.significant(speed.value, 3)} ${speed.unit}`,
  ];
  return [
    [text('cli.run.outputs'), made.filter(Boolean).join(', ')],
    ...perOutput.map(({ label, text: value }): Line => [text('cli.run.each', { unit, when: label }), value]),
    ...(cost ? [[text('cli.run.costEach', { unit: per.name }), cost] as const] : []),
    ...(outputsPerHour === undefined ? [] : [[text('cli.run.perHour'), rate.filter(Boolean).join(', ')] as const]),
    ...(why ? [[text('cli.run.why'), why] as const] : []),
  ];
}

function throttledText({ throttledMs, observedMs }: GpuSummary, format: Formatter): string {
  if (throttledMs === undefined) return text('cli.run.notReported');
  const causes = (Object.entries(throttledMs) as [ThrottleCause, number][]).filter(([, ms]) => ms > 0);
  if (causes.length === 0) return text('cli.run.never', { time: format.duration(observedMs) });
  return causes.map(([cause, ms]) => `${text(`cause.${cause}`)} ${format.duration(ms)}`).join(', ');
}

const HOUR_S = 3600;

/** Modelled hours; of a short run in seconds. */
function exposureText(hours: GpuSummary['equivalentHours'], { significant }: Formatter): string {
  if (hours === undefined) return text('cli.notObserved');
  const [perHour, unit] = hours.high < 0.1 ? [HOUR_S, 's'] : [1, 'h'];
  return text('cli.run.modelled', {
    mid: `${significant(hours.mid * perHour)} ${unit}`,
    low: significant(hours.low * perHour),
    high: significant(hours.high * perHour),
  });
}

/** A heading, and its lines with their labels in one column. */
function block(heading: string, lines: readonly Line[]): string[] {
  const width = Math.max(...lines.map(([label]) => label.length));
  return [heading, ...lines.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`)];
}

/** Energy and cost of one card, or of all together. */
function energyLines(figures: Figures, sharedWith: RunSession['sharedWith'], format: Formatter): Line[] {
  const { sharedJ } = figures;
  return [
    [text('cli.run.energy'), energyText(figures, sharedWith, format)],
    ...energyNotes(figures, text, format).map((note): Line => ['', note]),
    ...costLines(figures, format),
    ...(sharedJ === undefined ? [] : [[text('cli.run.shared'), joined(format.energy(sharedJ))] as const]),
  ];
}

function cardLines(summary: GpuSummary, format: Formatter): Line[] {
  const { peakTempC, meanTempC, equivalentHours } = summary;
  const degrees = (celsius: number | undefined, digits: number): string =>
    celsius === undefined ? text('cli.notObserved') : joined(format.temperature(celsius, digits));
  return [
    [text('cli.run.peak'), degrees(peakTempC, 0)],
    [text('cli.run.mean'), degrees(meanTempC, 1)],
    [text('cli.run.throttled'), throttledText(summary, format)],
    [text('cli.run.equivalentHours'), exposureText(equivalentHours, format)],
  ];
}

/**
 * What a run did to its cards, in lines for the terminal. Of several cards none made the outputs alone, so they stand with
 * the energy of all together.
 */
export function describe(
  summaries: readonly GpuSummary[],
  nameOf: (gpuUuid: string) => string,
  { startedMs, endedMs, workload, sharedWith }: RunSession,
  money: Money,
  format: Formatter,
): string[] {
  const figuresFor = (gpus: readonly GpuSummary[]): Figures =>
    figuresOf({ startedMs, endedMs, summary: { gpus, ...(workload && { workload }) } }, money);
  const [only, ...others] = summaries;
  if (!only) return [];
  const all = figuresFor(summaries);
  const made = outputLines(all, sharedWith, format);
  if (others.length === 0)
    return block(nameOf(only.gpuUuid), [...energyLines(all, sharedWith, format), ...made, ...cardLines(only, format)]);
  return [
    ...summaries.flatMap((summary) =>
      block(nameOf(summary.gpuUuid), [
        ...energyLines(figuresFor([summary]), sharedWith, format),
        ...cardLines(summary, format),
      ]),
    ),
    ...block(text('cli.run.allTogether'), [...energyLines(all, sharedWith, format), ...made]),
  ];
}

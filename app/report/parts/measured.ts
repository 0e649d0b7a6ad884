import { joined } from '../../core/format.ts';
import { scaleAround } from '../../core/scale.ts';
import type { ThrottleCause } from '../../metrics/throttle-reasons.ts';
import { coverageText } from '../../wear/disclaimer.ts';
import { energyNotes, errorText } from '../../workload/energy/words.ts';
import { costOf, pricedShare, priceSlots } from '../../workload/energy/tariff.ts';
import { seriesPaths } from '../chart.ts';
import { figure, html, type Markup } from '../markup.ts';
import type { Report } from '../report.ts';
import type { Part, PartInput } from './part.ts';

const CHART = { width: 640, height: 150 };

/** How one metric is drawn: its title, its unit, and a value of its axis as text. */
type Axis = { readonly title: string; readonly unit: string; readonly text: (value: number) => string };

function chart(report: Report, key: 'coreTempC' | 'powerW', axis: Axis, dateTime: (ms: number) => string): Markup {
  const series = report.chart.series[key];
  const scale = series && scaleAround([...series.min, ...series.max], { fromZero: key === 'powerW' });
  if (!series || !scale) return html``;
  const { line, band } = seriesPaths(report.chart.stepMs, series, scale, CHART);
  const y = (value: number) => CHART.height - ((value - scale.low) / (scale.high - scale.low)) * CHART.height;
  return html`<figure>
    <figcaption>${axis.title} <small>${axis.unit}</small></figcaption>
    <svg viewBox="-40 -8 ${CHART.width + 48} ${CHART.height + 30}" role="img" aria-label="${axis.title}">
      ${scale.ticks.map(
        (tick) =>
          html`<line class="grid" x1="0" x2="${CHART.width}" y1="${y(tick)}" y2="${y(tick)}" />
            <text class="axis end" x="-6" y="${y(tick) + 4}">${axis.text(tick)}</text>`,
      )}
      <path class="band" d="${band}" />
      <path class="line" d="${line}" />
      <text class="axis" x="0" y="${CHART.height + 18}">${dateTime(report.fromMs)}</text>
      <text class="axis end" x="${CHART.width}" y="${CHART.height + 18}">${dateTime(report.toMs)}</text>
    </svg>
  </figure>`;
}

/** Throttled time by cause. */
function throttledText({ report: { summary }, t, format }: PartInput): string {
  if (summary.throttledMs === undefined) return t('report.notTold');
  const causes = (Object.entries(summary.throttledMs) as [ThrottleCause, number][]).filter(([, ms]) => ms > 0);
  if (causes.length === 0) return t('report.neverIn', { time: format.duration(summary.observedMs) });
  return causes.map(([cause, ms]) => `${t(`cause.${cause}`)} ${format.duration(ms)}`).join(' · ');
}

function energyFigure({ report: { summary }, t, format }: PartInput): Markup {
  const { energyJ, energyRangeJ, energyFrom } = summary;
  if (energyJ === undefined) return figure(t('report.energy'), t('report.notObserved'));
  const error = errorText(energyJ, energyRangeJ, t, format);
  const about = [error, t(`energyFrom.${energyFrom!}`), ...energyNotes(summary, t, format)];
  return figure(t('report.energy'), joined(format.energy(energyJ)), about.join(' · '));
}

/** Nothing without a price: that is not the same as free. */
function costFigure({ report: { summary }, t, format, settings }: PartInput): Markup | undefined {
  if (!summary.slots) return undefined;
  const cost = costOf(summary.slots, settings);
  if (cost !== undefined) return figure(t('report.cost'), format.money(cost));
  const share = pricedShare(priceSlots(summary.slots, settings));
  if (share === 0) return undefined;
  return figure(t('report.cost'), t('report.notKnown'), t('prices.known', { percent: format.percent(share) }));
}

/** The figures and charts of the period. */
export const measured: Part = (input) => {
  const { report, t, format } = input;
  const { summary, fromMs, toMs } = report;
  const { duration, dateTime, temperature, number } = format;
  const degrees = (celsius: number | undefined, digits?: number): string =>
    celsius === undefined ? t('report.notObserved') : joined(temperature(celsius, digits));
  const observed = coverageText(t, Math.min(1, summary.observedMs / (toMs - fromMs)));
  const temperatureAxis: Axis = {
    title: t('metric.coreTempC'),
    unit: temperature(0).unit,
    text: (value) => temperature(value).text,
  };
  const powerAxis: Axis = { title: t('metric.powerW'), unit: 'W', text: number };
  return html`<section>
    <h2>${t('report.measured')}</h2>
    <dl class="figures">
      ${figure(t('report.observed'), duration(summary.observedMs), t('report.coverageNote', { percent: observed }))}
      ${figure(t('report.peak'), degrees(summary.peakTempC))} ${figure(t('report.mean'), degrees(summary.meanTempC, 1))}
      ${energyFigure(input)} ${costFigure(input)} ${figure(t('report.throttled'), throttledText(input))}
    </dl>
    ${chart(report, 'coreTempC', temperatureAxis, dateTime)} ${chart(report, 'powerW', powerAxis, dateTime)}
  </section>`;
};

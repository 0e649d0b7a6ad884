import { printableLines } from '../core/printable.ts';
import { scaleAround } from '../core/scale.ts';
import { joined, type Units } from '../core/format.ts';
import { createFormatter, type Formatter } from '../metrics/format.ts';
import { alertTitle, alertValue } from '../alerts/text.ts';
import { loosely, type Translate } from '../core/i18n.ts';
import { exposureJson } from '../wear/export.ts';
import { familyIds, type Band, type Exposure, type FamilyId } from '../wear/exposure.ts';
import { disclaimer } from '../wear/disclaimer.ts';
import { errorShareOf } from '../workload/energy/energy.ts';
import { costOf, type Tariff } from '../workload/energy/tariff.ts';
import { seriesPaths } from './chart.ts';
import type { Report } from './report.ts';
import { reportStyles } from './styles.ts';

export type ReportLanguage = {
  readonly t: Translate;
  readonly locale: string;
  readonly settings: Units & Tariff;
};

/** Markup that is already safe. Strings put into a template are escaped, these are not. */
class Markup {
  constructor(readonly text: string) {}
}
type Part = string | number | Markup | readonly Part[] | undefined | false;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const isList = (part: Part): part is readonly Part[] => Array.isArray(part);

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (isList(part)) return part.map(render).join('');
  return printableLines(String(part)).replace(/[&<>"']/g, (character) => entities[character]!);
}
const html = (strings: TemplateStringsArray, ...parts: Part[]): Markup =>
  new Markup(strings.reduce((text, string, i) => text + render(parts[i - 1]) + string));

const CHART = { width: 640, height: 150 };

function chart(
  report: Report,
  key: 'coreTempC' | 'powerW',
  title: string,
  unit: string,
  { number, dateTime }: Formatter,
): Markup {
  const series = report.chart.series[key];
  const scale = series && scaleAround([...series.min, ...series.max], { fromZero: key === 'powerW' });
  if (!series || !scale) return html``;
  const { line, band } = seriesPaths(report.chart.stepMs, series, scale, CHART);
  const y = (value: number) => CHART.height - ((value - scale.low) / (scale.high - scale.low)) * CHART.height;
  return html`<figure>
    <figcaption>${title} <small>${unit}</small></figcaption>
    <svg viewBox="-40 -8 ${CHART.width + 48} ${CHART.height + 30}" role="img" aria-label="${title}">
      ${scale.ticks.map(
        (tick) =>
          html`<line class="grid" x1="0" x2="${CHART.width}" y1="${y(tick)}" y2="${y(tick)}" />
            <text class="axis end" x="-6" y="${y(tick) + 4}">${number(tick)}</text>`,
      )}
      <path class="band" d="${band}" />
      <path class="line" d="${line}" />
      <text class="axis" x="0" y="${CHART.height + 18}">${dateTime(report.fromMs)}</text>
      <text class="axis end" x="${CHART.width}" y="${CHART.height + 18}">${dateTime(report.toMs)}</text>
    </svg>
  </figure>`;
}

const figure = (label: string, value: string, note?: string): Markup =>
  html`<div class="figure">
    <dt>${label}</dt>
    <dd>${value}</dd>
    ${note && html`<dd class="note">${note}</dd>`}
  </div>`;

const bandText = ({ low, mid, high }: Band, { significant }: Formatter): string =>
  `${significant(mid)} [${significant(low)}–${significant(high)}]`;

function table(headings: readonly string[], rows: readonly (readonly string[])[], empty: string): Markup {
  if (rows.length === 0) return html`<p class="quiet">${empty}</p>`;
  return html`<table>
    <thead>
      <tr>
        ${headings.map((heading) => html`<th>${heading}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** One family of the model: its rate and hours with their bands, or why there are none. */
function familyRow(id: FamilyId, { families, off }: Exposure, t: Translate, format: Formatter): string[] {
  const name = `${t(`wear.family.${id}`)} (${id})`;
  const family = families[id];
  if (!family) return [name, t(`wear.off.${off[id] ?? 'not-observed'}`), '', ''];
  const { rate, equivalentHours, confidence } = family;
  return [
    name,
    `${bandText(rate, format)} ×`,
    `${bandText(equivalentHours, format)} h`,
    t(`wear.confidence.${confidence}`),
  ];
}

/** The data behind the page, for other programs. */
function machineReadable({ gpu, source, fromMs, toMs, createdMs, summary, exposure }: Report): string {
  const data = {
    format: 'slowburn-report',
    version: 1,
    created: new Date(createdMs).toISOString(),
    period: { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
    gpu: { uuid: gpu.uuid, name: gpu.name, pciBusId: gpu.pciBusId, vbios: gpu.vbios },
    source,
    summary,
    exposure: exposure && exposureJson(exposure),
  };
  return JSON.stringify(data).replaceAll('<', '\\u003c'); // so that no text can end the element
}

/** Renders a report as one HTML file that needs nothing else: no script, no font, no address. */
export function reportHtml(report: Report, { t, locale, settings }: ReportLanguage): string {
  const format = createFormatter(locale, settings);
  const { gpu, source, summary, exposure } = report;
  const { duration, dateTime, temperature, number, percent } = format;
  const unknown = t('report.notObserved');
  const periodMs = report.toMs - report.fromMs;
  const energy = summary.energyJ;
  const cost = summary.slots && costOf(summary.slots, settings);
  const throttled = Object.entries(summary.throttledMs ?? {}).filter(([, ms]) => ms > 0);

  const page = html`<!doctype html>
    <html lang="${t('report.language')}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${t('report.title', { name: gpu.name })}</title>
        <style>
          ${new Markup(reportStyles)}
        </style>
      </head>
      <body>
        <header>
          <p class="brand">Slowburn</p>
          <h1>${gpu.name}</h1>
          <p>${dateTime(report.fromMs)} – ${dateTime(report.toMs)}</p>
          ${source.simulated && html`<p class="banner">${loosely(t)(`banner.${source.kind}`)} · ${loosely(t)(`banner.${source.kind}More`)}</p>`}
        </header>
        <section>
          <h2>${t('report.measured')}</h2>
          <dl class="figures">
            ${figure(t('report.observed'), duration(summary.observedMs), t('report.coverageNote', { percent: percent(Math.min(1, summary.observedMs / periodMs)) }))}
            ${figure(t('report.peak'), summary.peakTempC === undefined ? unknown : joined(temperature(summary.peakTempC)))}
            ${figure(t('report.mean'), summary.meanTempC === undefined ? unknown : joined(temperature(summary.meanTempC, 1)))}
            ${figure(
              t('report.energy'),
              energy === undefined ? unknown : joined(format.energy(energy)),
              energy === undefined
                ? undefined
                : `± ${percent(errorShareOf(energy, summary.energyRangeJ))} % · ${t(`energyFrom.${summary.energyFrom!}`)}`,
            )}
            ${cost === undefined ? undefined : figure(t('report.cost'), format.money(cost))}
            ${figure(
              t('report.throttled'),
              summary.throttledMs === undefined
                ? t('report.notTold')
                : throttled.length === 0
                  ? t('report.never')
                  : throttled.map(([cause, ms]) => `${loosely(t)(`cause.${cause}`)} ${duration(ms)}`).join(' · '),
            )}
          </dl>
          ${chart(report, 'coreTempC', t('metric.coreTempC'), temperature(0).unit, {
            ...format,
            number: (value) => temperature(value).text,
          })}
          ${chart(report, 'powerW', t('metric.powerW'), 'W', format)}
        </section>
        <section class="modelled">
          <h2>${t('report.modelled')}</h2>
          ${
            exposure?.families.M1 === undefined
              ? html`<p class="quiet">${t('report.noExposure')}</p>`
              : html`<p class="lead">
                    ${t('wear.sentence', {
                      low: format.significant(exposure.families.M1.rate.low),
                      high: format.significant(exposure.families.M1.rate.high),
                    })}
                  </p>
                  ${table(
                    [t('wear.familyHead'), t('wear.rateHead'), t('wear.eqHead'), ''],
                    familyIds.map((id) => familyRow(id, exposure, t, format)),
                    '',
                  )}
                  <p class="quiet">${t('wear.unseen')}</p>
                  <dl class="figures">
                    ${figure(t('wear.observed'), `${number(exposure.observedHours, 1)} h`)}
                    ${figure(
                      t('wear.cycles'),
                      number(
                        exposure.cycles.reduce((sum, { count }) => sum + count, 0),
                        1,
                      ),
                      t('wear.cyclesNote'),
                    )}
                  </dl>
                  <p class="disclaimer">${disclaimer(t, exposure.coverage)}</p>`
          }
        </section>
        <section>
          <h2>${t('report.alerts')}</h2>
          ${table(
            [t('alerts.fired'), t('alerts.lasted'), t('alerts.what'), t('alerts.peak')],
            report.alerts.map((alert) => [
              dateTime(alert.firedMs),
              alert.clearedMs === null ? t('alerts.stillFiring') : duration(alert.clearedMs - alert.firedMs),
              alertTitle(t, format, alert),
              alertValue(format, alert, alert.peak),
            ]),
            t('report.noAlerts'),
          )}
          <h2>${t('report.sessions')}</h2>
          ${table(
            [t('sessions.started'), t('sessions.name'), t('sessions.duration')],
            report.sessions.map(({ startedMs, endedMs, name }) => [
              dateTime(startedMs),
              name,
              endedMs === null ? t('sessions.running') : duration(endedMs - startedMs),
            ]),
            t('report.noSessions'),
          )}
          <h2>${t('report.gaps')}</h2>
          ${table(
            [t('report.from'), t('report.lasted'), t('report.why')],
            report.gaps.map(({ fromMs, toMs, reason }) => [
              dateTime(fromMs),
              duration(toMs - fromMs),
              t(`gap.${reason}`),
            ]),
            t('report.noGaps'),
          )}
        </section>
        <footer>
          <p>${gpu.uuid} · ${gpu.pciBusId}${gpu.vbios ? ` · VBIOS ${gpu.vbios}` : ''}</p>
          <p>
            ${t('report.source', { source: source.label, driver: source.driverVersion ?? t('report.unknownDriver') })}
          </p>
          <p>${t('report.created', { when: dateTime(report.createdMs) })}</p>
        </footer>
        <script type="application/json" id="report-data">
          ${new Markup(machineReadable(report))}
        </script>
      </body>
    </html> `;
  return page.text;
}

import { describe, expect, it } from 'vitest';
import { applyEntry } from '../../app/alerts/episode.ts';
import { alertRuleOf, alertRules } from '../../app/alerts/rules.ts';
import { alertTitle, alertValue, hasLevel } from '../../app/alerts/text.ts';
import { createI18n } from '../../app/core/i18n.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { html } from '../../app/report/markup.ts';
import { reportHtml } from '../../app/report/html.ts';
import { partIds, parts } from '../../app/report/parts/parts.ts';
import type { Report } from '../../app/report/report.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { firedEntry } from '../support/alerts.ts';
import { testGpu } from '../support/frames.ts';

const START = Date.UTC(2026, 2, 1);
const HOUR = 3_600_000;
const { t } = createI18n('en');
const settings = { ...defaultSettings, temperatureUnit: 'F', currency: 'EUR', market: undefined } as const;
const format = createFormatter('en', settings);

const report = (more: Partial<Report> = {}): Report => ({
  gpu: { ...testGpu(), id: 1, firstSeenMs: START, lastSeenMs: START },
  source: { kind: 'nvml', label: 'NVML', simulated: false },
  fromMs: START,
  toMs: START + HOUR,
  createdMs: START + HOUR,
  summary: { gpuUuid: testGpu().uuid, observedMs: HOUR, energyJ: undefined, peakTempC: undefined },
  chart: { fromMs: START, toMs: START + HOUR, stepMs: 1000, series: {} } as unknown as Report['chart'],
  gaps: [],
  alerts: [],
  incidents: [],
  sessions: [],
  exposure: undefined,
  ...more,
});

describe('a report', () => {
  it('has every part of the registry once, each with its heading', () => {
    const text = reportHtml(report(), { t, locale: 'en', settings });
    const headings = [...text.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, heading]) => heading);
    expect(headings).toEqual([
      'Measured',
      'Modelled stress exposure, whole recorded life',
      'Alerts',
      'Stops, lost cards and resets',
      'Sessions',
      'Not observed',
    ]);
    expect(Object.keys(parts)).toEqual([...partIds]);
  });

  it('shows the limit and the peak of an alert in the unit of its rule', () => {
    for (const { id } of alertRules) {
      const [alert] = applyEntry([], firedEntry(id, START, testGpu().uuid), 1);
      const { text } = parts.alerts({ report: report({ alerts: [alert!] }), t, format, settings });
      expect(text).toContain(alertTitle(t, format, alert!));
      const level = hasLevel(alertRuleOf(id).watches) ? alertValue(format, alert!, 95) : '';
      expect(text).toContain(`<td>${level}</td>`);
    }
  });

  it('shows no cost and no figure where there is no price and no reading', () => {
    const slots = [{ fromMs: START, energyJ: 3_600_000 }];
    const summary = { ...report().summary, slots };
    const priced = (pricePerKwh: number | null) =>
      parts.measured({ report: report({ summary }), t, format, settings: { ...settings, pricePerKwh, tariff: [] } })
        .text;
    expect(priced(2)).toContain('€2.00');
    const text = priced(null);
    expect(text).not.toContain('Cost');
    expect(text).not.toMatch(/\b0 °F|undefined|NaN/);
    expect(text.match(/no data/g)!.length).toBe(3); // peak, mean and energy
  });

  it('names the simulator or the replay on its first lines', () => {
    const source = { label: 'x', simulated: true } as const;
    const of = (kind: 'simulator' | 'replay') =>
      reportHtml(report({ source: { ...source, kind } }), { t, locale: 'en', settings });
    expect(of('simulator')).toContain('Simulated GPU');
    expect(of('replay')).toContain('Replayed recording');
    expect(reportHtml(report(), { t, locale: 'en', settings })).not.toContain('class="banner"');
  });

  it('escapes every text and leaves markup as it is', () => {
    expect(html`<b>${'<script>&"\''}</b>${[1, undefined, false, html`<i>x</i>`]}`.text).toBe(
      '<b>&lt;script&gt;&amp;&quot;&#39;</b>1<i>x</i>',
    );
  });
});

import { alertRuleOf } from '../../alerts/rules.ts';
import { alertTitle, alertValue, hasLevel } from '../../alerts/text.ts';
import { html, table } from '../markup.ts';
import type { Part } from './part.ts';

/** Alerts of the period. Limits and peaks are in the unit of what each rule watches. */
export const alerts: Part = ({ report, t, format }) => html`
  <section>
    <h2>${t('report.alerts')}</h2>
    ${table(
      [t('alerts.fired'), t('alerts.lasted'), t('alerts.what'), t('alerts.peak')],
      report.alerts.map((alert) => [
        format.dateTime(alert.firedMs),
        alert.clearedMs === null ? t('alerts.stillFiring') : format.duration(alert.clearedMs - alert.firedMs),
        alertTitle(t, format, alert),
        hasLevel(alertRuleOf(alert.rule).watches) ? alertValue(format, alert, alert.peak) : '',
      ]),
      t('report.noAlerts', { time: format.duration(report.summary.observedMs) }),
    )}
  </section>
`;

import { incidentLines, incidentTitle } from '../../history/incident-text.ts';
import { html, table } from '../markup.ts';
import type { Part } from './part.ts';

/** When the card was lost or reset, or the machine stopped, and what was seen before. */
export const incidents: Part = ({ report, t, format }) => html`
  <section>
    <h2>${t('incident.title')}</h2>
    ${table(
      [t('report.from'), t('alerts.what'), t('report.before')],
      report.incidents.map((incident) => [
        format.dateTime(incident.fromMs),
        incidentTitle(t, incident, report.gpu.name),
        incidentLines(t, format, incident).join(' '),
      ]),
      t('report.noIncidents'),
    )}
  </section>
`;

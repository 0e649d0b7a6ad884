import { html, table } from '../markup.ts';
import type { Part } from './part.ts';

/** Sessions of the period that used the card. */
export const sessions: Part = ({ report, t, format: { dateTime, duration } }) => html`
  <section>
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
  </section>
`;

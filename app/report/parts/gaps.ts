import { html, table } from '../markup.ts';
import type { Part } from './part.ts';

/** The times in which nothing was recorded, each with its reason. */
export const gaps: Part = ({ report, t, format: { dateTime, duration } }) => html`
  <section>
    <h2>${t('report.gaps')}</h2>
    ${table(
      [t('report.from'), t('report.lasted'), t('report.why')],
      report.gaps.map(({ fromMs, toMs, reason }) => [dateTime(fromMs), duration(toMs - fromMs), t(`gap.${reason}`)]),
      t('report.noGaps'),
    )}
  </section>
`;

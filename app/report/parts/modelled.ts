import type { Translate } from '../../core/i18n.ts';
import type { Formatter } from '../../metrics/format.ts';
import { disclaimer } from '../../wear/disclaimer.ts';
import { familyIds, type Band, type Exposure, type FamilyId } from '../../wear/exposure.ts';
import { figure, html, table } from '../markup.ts';
import type { Part, PartInput } from './part.ts';

const bandText = ({ low, mid, high }: Band, { significant }: Formatter): string =>
  `${significant(mid)} [${significant(low)}–${significant(high)}]`;

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

const families = (exposure: Exposure, silicon: Band, { t, format }: PartInput) => html`
  <p class="lead">
    ${t('wear.sentence', { low: format.significant(silicon.low), high: format.significant(silicon.high) })}
  </p>
  ${table(
    [t('wear.familyHead'), t('wear.rateHead'), t('wear.eqHead'), ''],
    familyIds.map((id) => familyRow(id, exposure, t, format)),
    '',
  )}
  <p class="quiet">${t('wear.unseen')}</p>
  <dl class="figures">
    ${figure(t('wear.observed'), `${format.number(exposure.observedHours, 1)} h`)}
    ${figure(
      t('wear.cycles'),
      format.number(
        exposure.cycles.reduce((sum, { count }) => sum + count, 0),
        1,
      ),
      t('wear.cyclesNote'),
    )}
  </dl>
  <p class="disclaimer">${disclaimer(t, exposure.coverage)}</p>
`;

/** The card's modelled stress exposure over its whole recorded life. */
export const modelled: Part = (input) => {
  const { exposure } = input.report;
  const silicon = exposure?.families.M1?.rate;
  return html`<section class="modelled">
    <h2>${input.t('report.modelled')}</h2>
    ${
      exposure && silicon
        ? families(exposure, silicon, input)
        : html`<p class="quiet">${input.t('report.noExposure')}</p>`
    }
  </section>`;
};

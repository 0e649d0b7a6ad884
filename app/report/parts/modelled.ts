import type { Translate } from '../../core/i18n.ts';
import type { Formatter } from '../../metrics/format.ts';
import { disclaimer } from '../../wear/disclaimer.ts';
import { earlyText, noRateText } from '../../wear/family-text.ts';
import { familyIds, type Band, type Exposure, type FamilyId } from '../../wear/exposure.ts';
import { figure, html, table } from '../markup.ts';
import type { Part, PartInput } from './part.ts';

const HOUR_MS = 3_600_000;

const bandText = ({ low, mid, high }: Band, { significant }: Formatter): string =>
  `${significant(mid)} [${significant(low)}–${significant(high)}]`;

/** One family of the model: its rate and hours with their bands, or why there are none. */
function familyRow(id: FamilyId, exposure: Exposure, t: Translate, format: Formatter): string[] {
  const name = `${t(`wear.family.${id}`)} (${id})`;
  const family = exposure.families[id];
  const hours = family?.equivalentHours ? `${bandText(family.equivalentHours, format)} h` : '';
  if (!family?.rate) return [name, noRateText(t, format, id, exposure) ?? '', hours, ''];
  const notes = [t(`wear.confidence.${family.confidence}`), earlyText(t, format, family)];
  return [name, `${bandText(family.rate, format)} ×`, hours, notes.filter(Boolean).join('; ')];
}

const sentence = (silicon: Band | undefined, { t, format }: PartInput): string =>
  silicon
    ? t('wear.sentence', { low: format.significant(silicon.low), high: format.significant(silicon.high) })
    : t('wear.withheldSentence');

const families = (exposure: Exposure, { t, format }: PartInput, lead: string) => html`
  <p class="lead">${lead}</p>
  ${table(
    [t('wear.familyHead'), t('wear.rateHead'), t('wear.eqHead'), ''],
    familyIds.map((id) => familyRow(id, exposure, t, format)),
    '',
  )}
  <p class="quiet">${t('wear.unseen')}</p>
  <dl class="figures">
    ${figure(t('wear.observed'), format.duration(exposure.observedHours * HOUR_MS))}
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
  return html`<section class="modelled">
    <h2>${input.t('report.modelled')}</h2>
    ${
      exposure?.families.M1
        ? families(exposure, input, sentence(exposure.families.M1.rate, input))
        : html`<p class="quiet">${input.t('report.noExposure')}</p>`
    }
  </section>`;
};

import type { NumberFormatter } from '../core/format.ts';
import type { Translate } from '../core/i18n.ts';
import type { Exposure, FamilyExposure } from './exposure-schema.ts';
import type { FamilyId } from './family-ids.ts';

const HOUR_MS = 3_600_000;

type Format = Pick<NumberFormatter, 'number' | 'duration' | 'significant'>;

/** Why the rate of a family is withheld and what is missing; undefined where it is shown. */
function missingText(t: Translate, format: Format, { needs, missing }: FamilyExposure): string | undefined {
  if (!needs || !missing) return undefined;
  const parts: string[] = [];
  if (missing.observedHours !== undefined) {
    const found = (needs.observedHours - missing.observedHours) * HOUR_MS;
    const needed = format.duration(needs.observedHours * HOUR_MS);
    parts.push(t('wear.missingHours', { needed, found: format.duration(found) }));
  }
  if (missing.swings !== undefined && needs.swings !== undefined) {
    const found = needs.swings - missing.swings;
    const shown = format.number(found, Number.isInteger(found) ? 0 : 1);
    parts.push(t('wear.missingSwings', { needed: format.number(needs.swings), found: shown }));
  }
  return t('wear.withheld', { missing: parts.join('; ') });
}

/** Why there is no rate of a family: it is not computed, or not enough was observed. Undefined where there is one. */
export function noRateText(
  t: Translate,
  format: Format,
  id: FamilyId,
  { families, off }: Exposure,
): string | undefined {
  const family = families[id];
  if (!family) return t(`wear.off.${off[id] ?? 'not-observed'}`);
  return missingText(t, format, family);
}

/** What is to be said beside a rate that is shown; undefined: nothing. */
export const earlyText = (
  t: Translate,
  { duration }: Format,
  { state, observedHours }: FamilyExposure,
): string | undefined =>
  state === 'first-day' ? t('wear.firstDay', { observed: duration(observedHours * HOUR_MS) }) : undefined;

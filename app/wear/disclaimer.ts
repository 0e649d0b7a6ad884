import type { Translate } from '../core/i18n.ts';
import { MODEL_VERSION, REFERENCE } from './model.ts';

/** A coverage (0–1) in per cent: never 100 for slightly less than all, never 0 for slightly more than nothing. */
export function coverageText(t: Translate, coverage: number): string {
  if (coverage > 0 && coverage < 0.01) return t('wear.lessThanOne');
  return String(coverage < 1 ? Math.min(99, Math.round(coverage * 100)) : 100);
}

/**
 * The sentences that accompany every modelled number.
 * @param coverage share of the period that was observed, 0–1; undefined: the caller shows it for each card
 */
export function disclaimer(t: Translate, coverage: number | undefined): string {
  const sentences = t('wear.disclaimer', { reference: REFERENCE.name, version: MODEL_VERSION });
  return coverage === undefined
    ? sentences
    : `${sentences} ${t('wear.disclaimerCoverage', { coverage: coverageText(t, coverage) })}`;
}

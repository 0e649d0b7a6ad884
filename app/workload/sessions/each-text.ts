import type { NumberFormatter } from '../../core/format.ts';
import type { Translate } from '../../core/i18n.ts';
import type { Figures } from './figures.ts';

/** What is to be said about energy per output where a part of the session was not recorded; undefined: nothing. */
export function eachText(
  t: Translate,
  { number, duration }: Pick<NumberFormatter, 'number' | 'duration'>,
  { eachRecorded }: Pick<Figures, 'eachRecorded'>,
): string | undefined {
  if (!eachRecorded) return undefined;
  const { unrecordedMs, outputs } = eachRecorded;
  const time = duration(unrecordedMs);
  return outputs === undefined
    ? t('workloads.eachWithheld', { time })
    : t('workloads.eachRecorded', { n: number(outputs), time });
}

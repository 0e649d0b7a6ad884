import type { Translate } from '../../core/i18n.ts';
import type { Outputs } from './schema.ts';

/** What was made, in words: "≥ 3 images, 1 video". */
export const outputsText = (
  { unit, count, others = [], atLeast }: Pick<Outputs, 'unit' | 'count' | 'others' | 'atLeast'>,
  t: Translate,
  number: (value: number) => string,
): string =>
  [{ unit, count }, ...others]
    .map((one) => `${atLeast ? '≥ ' : ''}${t(`outputs.${one.unit}`, { count: one.count, n: number(one.count) })}`)
    .join(', ');

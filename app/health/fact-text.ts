import type { NumberFormatter } from '../core/format.ts';
import type { Translate } from '../core/i18n.ts';
import type { Finding } from './findings.ts';
import type { Fact } from './health-schema.ts';

/** The sentence of a measurable fact. Its values are formatted as counts, minutes or per cent, observed time as such. */
export function factText(
  t: Translate,
  { number, duration }: Pick<NumberFormatter, 'number' | 'duration'>,
  { finding, values }: Fact,
): string {
  const shown = Object.entries(values).map(([key, value]) =>
    key === 'observedMs'
      ? ['observed', duration(value)]
      : [key, key === 'code' ? String(value) : number(value, value > 0 && value < 1 ? 2 : 0)],
  );
  // each finding has its own placeholders, so their types cannot be checked here: test/unit/health.spec.ts fills each
  return (t as unknown as (key: `health.${Finding}`, values: object) => string)(
    `health.${finding as Finding}`,
    Object.fromEntries(shown) as object,
  );
}

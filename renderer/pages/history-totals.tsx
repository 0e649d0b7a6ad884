import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/core/format.ts';
import { coverageText } from '../../app/wear/disclaimer.ts';
import { useShared } from '../context.tsx';
import { entriesOf } from '../typed-entries.ts';
import css from './history.module.css';

/** What the stretch in view adds up to, on one line. */
export const Totals = memo(function Totals({ totals }: { readonly totals: NonNullable<ResponseOf<'history.totals'>> }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { observedMs, asleepMs, unobservedMs, energyJ, throttled, olderUntilMs } = totals;
  const all = observedMs + asleepMs + unobservedMs;
  const parts = [
    t('history.totals', { observed: coverageText(t, all === 0 ? 0 : observedMs / all) }),
    ...(energyJ > 0 ? [t('history.totalsEnergy', { energy: joined(format.energy(energyJ)) })] : []),
    ...(asleepMs >= 1000 ? [t('history.totalsAsleep', { duration: format.duration(asleepMs) })] : []),
    ...entriesOf(throttled)
      .filter(([, { ms }]) => ms >= 1000)
      .map(([cause, { ms }]) => t('history.totalsHeld', { cause: t(`cause.${cause}`), duration: format.duration(ms) })),
    ...(olderUntilMs === null ? [] : [t('history.totalsOlder', { date: format.dateTime(olderUntilMs) })]),
  ];
  return <p className={css.absent}>{parts.join(' · ')}</p>;
});

import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { limitOf, type AlertRule } from '../../app/alerts/rules.ts';
import { watchedValue } from '../../app/alerts/text.ts';
import { useShared } from '../context.tsx';
import { keepEqual } from '../keep-equal.ts';
import { valueIn } from '../live/readings.ts';
import { useLive, type Live } from '../live/store.ts';

type CardLimit = { readonly name: string; readonly limit: number | undefined };

const sameLimits = (a: readonly CardLimit[], b: readonly CardLimit[]): boolean => keepEqual(a, b) === a;

/** Where a rule's limit lies on each card. */
export function Limits({ rule }: { readonly rule: AlertRule }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const select = useCallback(
    ({ gpus }: Live): readonly CardLimit[] =>
      gpus.map(({ gpu, readings }) => ({ name: gpu.name, limit: limitOf(rule, (key) => valueIn(readings, key)) })),
    [rule],
  );
  return useLive(select, sameLimits)
    .map(
      ({ name, limit }) =>
        `${name}: ${limit === undefined ? t('alerts.noLimits') : watchedValue(format, rule.watches, limit)}`,
    )
    .join(' · ');
}

import { Button, NumberInput, Select } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Settings } from '../../app/settings/settings.ts';
import { ask } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import { TimeField } from '../parts/time-field.tsx';
import css from './comparison.module.css';

type Band = Settings['tariff'][number];
const DAYS = ['all', 'weekdays', 'weekend'] as const;
const MOST_BANDS = 24;
const NIGHT: Band = { days: 'all', fromMin: 22 * 60, toMin: 6 * 60, pricePerKwh: 0 };

/** Prices by the hour and the person's own figure for CO₂: every session is priced by them, old ones too. */
export function PricesPanel() {
  const { t } = useTranslation();
  const { settings, format } = useShared();
  const { tariff, pricePerKwh, co2GramsPerKwh, currency } = settings;
  const [error, setError] = useState('');
  const set = (change: Partial<Settings>): void =>
    void ask('settings.set', change).then((answer) => setError(answer.ok ? '' : answer.error.message));
  const change = (at: number, by: Partial<Band>): void =>
    set({ tariff: tariff.map((band, i) => (i === at ? { ...band, ...by } : band)) });
  const plain = pricePerKwh === null ? t('prices.noPlain') : t('prices.plain', { price: format.money(pricePerKwh) });
  return (
    <Panel title={t('prices.title')}>
      <p className={css.hint}>{`${t('prices.what')} ${plain}`}</p>
      {tariff.map((band, i) => (
        <div key={i} className={css.controls} role="group" aria-label={t('prices.band', { number: i + 1 })}>
          <Select
            size="xs"
            w={148}
            label={t('prices.days')}
            allowDeselect={false}
            data={DAYS.map((value) => ({ value, label: t(`prices.on.${value}`) }))}
            value={band.days}
            onChange={(value) => change(i, { days: value as Band['days'] })}
          />
          <TimeField
            label={t('prices.from')}
            minute={band.fromMin}
            onChange={(minute) => change(i, { fromMin: minute ?? 0 })}
          />
          <TimeField
            label={t('prices.to')}
            minute={band.toMin}
            onChange={(minute) => change(i, { toMin: minute ?? 0 })}
          />
          <NumberInput
            size="xs"
            w={148}
            min={0}
            max={100}
            decimalScale={4}
            label={t('prices.price', { currency })}
            defaultValue={band.pricePerKwh}
            onBlur={({ currentTarget: { value } }) => change(i, { pricePerKwh: Number(value) || 0 })}
          />
          <Button size="xs" variant="subtle" onClick={() => set({ tariff: tariff.filter((_, at) => at !== i) })}>
            {t('prices.remove')}
          </Button>
        </div>
      ))}
      <div className={css.controls}>
        <Button
          size="xs"
          variant="default"
          disabled={tariff.length >= MOST_BANDS}
          onClick={() => set({ tariff: [...tariff, { ...NIGHT, pricePerKwh: pricePerKwh ?? 0 }] })}
        >
          {t('prices.add')}
        </Button>
        <NumberInput
          size="xs"
          w={148}
          min={0}
          max={3000}
          label={t('prices.co2')}
          placeholder={t('prices.notShown')}
          defaultValue={co2GramsPerKwh ?? ''}
          onBlur={({ currentTarget: { value } }) => set({ co2GramsPerKwh: value === '' ? null : Number(value) })}
        />
      </div>
      {error && (
        <p role="alert" className={css.hint}>
          {error}
        </p>
      )}
    </Panel>
  );
}

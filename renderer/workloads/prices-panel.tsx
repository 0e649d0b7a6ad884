import { Button, NumberInput, Select } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Settings } from '../../app/settings/settings.ts';
import { useShared } from '../context.tsx';
import { ErrorLine, useChange, useDraft } from '../parts/change.tsx';
import { Panel } from '../parts/panel.tsx';
import { TimeField } from '../parts/time-field.tsx';
import css from './comparison.module.css';

type Band = Settings['tariff'][number];
/** A period whose price is not entered yet: it is not used. */
type BandDraft = Omit<Band, 'pricePerKwh'> & { readonly pricePerKwh?: number };
const DAYS = ['all', 'weekdays', 'weekend'] as const;
const MOST_BANDS = 24;
const NIGHT: BandDraft = { days: 'all', fromMin: 22 * 60, toMin: 6 * 60 };

function BandRow({
  band,
  number,
  onChange,
  onRemove,
}: {
  readonly band: BandDraft;
  readonly number: number;
  readonly onChange: (band: BandDraft) => void;
  readonly onRemove: () => void;
}) {
  const { t } = useTranslation();
  const { currency } = useShared().settings;
  // an emptied field does not mean a price of 0: the previous price returns
  const price = useDraft<number | ''>(band.pricePerKwh ?? '', (value) => {
    if (value !== '') onChange({ ...band, pricePerKwh: value });
  });
  return (
    <div className={css.controls} role="group" aria-label={t('prices.band', { number })}>
      <Select
        size="xs"
        w={148}
        label={t('prices.days')}
        allowDeselect={false}
        data={DAYS.map((value) => ({ value, label: t(`prices.on.${value}`) }))}
        value={band.days}
        onChange={(value) => onChange({ ...band, days: value as Band['days'] })}
      />
      <TimeField
        required
        label={t('prices.from')}
        minute={band.fromMin}
        onChange={(fromMin) => onChange({ ...band, fromMin })}
      />
      <TimeField
        required
        label={t('prices.to')}
        minute={band.toMin}
        onChange={(toMin) => onChange({ ...band, toMin })}
      />
      <NumberInput
        size="xs"
        w={148}
        min={-100}
        max={100}
        decimalScale={4}
        label={t('prices.price', { currency })}
        placeholder={t('prices.notSet')}
        value={price.draft}
        onChange={(value) => price.setDraft(typeof value === 'number' ? value : '')}
        onBlur={price.commit}
      />
      <Button size="xs" variant="subtle" onClick={onRemove}>
        {t('prices.remove')}
      </Button>
    </div>
  );
}

/** Time-of-use prices and the person's own CO₂ figure. They apply to every session, old ones too. */
export function PricesPanel() {
  const { t } = useTranslation();
  const { settings, format } = useShared();
  const { tariff, pricePerKwh, co2GramsPerKwh } = settings;
  const { set, error } = useChange();
  const [begun, setBegun] = useState<BandDraft>();
  const co2 = useDraft<number | ''>(co2GramsPerKwh ?? '', (value) =>
    set({ co2GramsPerKwh: value === '' ? null : value }),
  );
  const without = (at: number): readonly Band[] => tariff.filter((_, i) => i !== at);
  const put = (at: number, band: BandDraft): void => {
    if (band.pricePerKwh === undefined) return setBegun(band);
    if (at === tariff.length) setBegun(undefined);
    set({ tariff: [...tariff.slice(0, at), { ...band, pricePerKwh: band.pricePerKwh }, ...tariff.slice(at + 1)] });
  };
  const plain = pricePerKwh === null ? t('prices.noPlain') : t('prices.plain', { price: format.money(pricePerKwh) });
  const rows: readonly BandDraft[] = begun ? [...tariff, begun] : tariff;
  return (
    <Panel title={t('prices.title')}>
      <p className={css.hint}>{`${t('prices.what')} ${plain}`}</p>
      {rows.map((band, i) => (
        <BandRow
          key={i}
          band={band}
          number={i + 1}
          onChange={(next) => put(i, next)}
          onRemove={() => (i < tariff.length ? set({ tariff: without(i) }) : setBegun(undefined))}
        />
      ))}
      <div className={css.controls}>
        <Button
          size="xs"
          variant="default"
          disabled={begun !== undefined || tariff.length >= MOST_BANDS}
          onClick={() => setBegun(NIGHT)}
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
          value={co2.draft}
          onChange={(value) => co2.setDraft(typeof value === 'number' ? value : '')}
          onBlur={co2.commit}
        />
      </div>
      <ErrorLine text={error} />
    </Panel>
  );
}

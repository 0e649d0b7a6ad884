import { Button, NumberInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Settings } from '../../app/settings/settings.ts';
import { bookLines } from '../../app/workload/prices/text.ts';
import { ask } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { useDraft } from '../parts/change.tsx';
import { Row } from './settings-row.tsx';
import css from './settings.module.css';

type Set = (change: Partial<Settings>) => void;
const NEWEST = 3;

/** A number of the settings that is not optional: an emptied field takes the saved value again. */
function NumberRow({
  label,
  note,
  value,
  lowest,
  save,
}: {
  readonly label: string;
  readonly note?: string;
  readonly value: number;
  readonly lowest: number;
  readonly save: (value: number) => void;
}) {
  const field = useDraft<number | ''>(value, (next) => next !== '' && save(next));
  return (
    <Row label={label} note={note}>
      <NumberInput
        aria-label={label}
        w={140}
        min={lowest}
        max={100}
        decimalScale={4}
        value={field.draft}
        onChange={(next) => field.setDraft(typeof next === 'number' ? next : '')}
        onBlur={field.commit}
      />
    </Row>
  );
}

/** Hourly prices from a file: what is there, what is added to them, and the import. */
export function MarketRows({ set }: { readonly set: Set }) {
  const { t } = useTranslation();
  const { settings, prices, format } = useShared();
  const [series, setSeries] = useState('');
  const [zone, setZone] = useState('');
  const [said, setSaid] = useState<{ readonly text: string; readonly failed: boolean }>();

  async function importFile(): Promise<void> {
    const answer = await ask('prices.import', { series: series || null, zone: zone || null });
    if (!answer.ok) setSaid({ text: `${answer.error.message} ${answer.error.next ?? ''}`.trim(), failed: true });
    else if (answer.value !== null) setSaid({ text: answer.value, failed: false });
  }

  return (
    <>
      <Row label={t('prices.market')} note={t('prices.marketNote')}>
        <Button variant="default" onClick={() => void importFile()}>
          {t('prices.marketImport')}
        </Button>
      </Row>
      {said && <p role={said.failed ? 'alert' : 'status'}>{said.text}</p>}
      {prices && (
        <div className={css.note}>
          {bookLines(t, format, { ...prices, imports: prices.imports.slice(-NEWEST) }).map((line) => (
            <p key={line}>{line}</p>
          ))}
          {prices.currency !== settings.currency && (
            <p role="alert">{t('prices.unused', { book: prices.currency, currency: settings.currency })}</p>
          )}
        </div>
      )}
      <Row label={t('prices.seriesField')} note={t('prices.seriesNote')}>
        <TextInput
          aria-label={t('prices.seriesField')}
          w={140}
          value={series}
          onChange={(event) => setSeries(event.currentTarget.value)}
        />
      </Row>
      <Row label={t('prices.zoneField')} note={t('prices.zoneNote')}>
        <TextInput
          aria-label={t('prices.zoneField')}
          placeholder={t('prices.zoneExample')}
          w={140}
          value={zone}
          onChange={(event) => setZone(event.currentTarget.value)}
        />
      </Row>
      <NumberRow
        label={t('prices.surcharge')}
        note={t('prices.surchargeNote')}
        value={settings.marketSurchargePerKwh}
        lowest={-100}
        save={(value) => set({ marketSurchargePerKwh: value })}
      />
      <NumberRow
        label={t('prices.tax')}
        value={settings.marketTaxPct}
        lowest={0}
        save={(value) => set({ marketTaxPct: value })}
      />
    </>
  );
}

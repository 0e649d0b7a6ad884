import { Button, NumberInput, SegmentedControl, Select, Switch, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Settings } from '../../app/settings/settings.ts';
import { ask } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import css from './settings.module.css';

const intervals = [100, 200, 500, 1000, 2000, 5000];

function Row({
  label,
  note,
  children,
}: {
  readonly label: string;
  readonly note?: string;
  readonly children: ReactNode;
}) {
  return (
    <div className={css.row}>
      <div>
        <p>{label}</p>
        {note && <p className={css.note}>{note}</p>}
      </div>
      <div>{children}</div>
    </div>
  );
}

/** A field that is saved when the person leaves it, not at every key. */
function useDraft<T>(saved: T, save: (value: T) => void) {
  const [edit, setDraft] = useState<T>();
  const draft = edit ?? saved;
  return {
    draft,
    setDraft,
    commit: () => {
      if (draft !== saved) save(draft);
      setDraft(undefined);
    },
  };
}

export function SettingsPage() {
  const { t } = useTranslation();
  const { settings, format } = useShared();
  const [error, setError] = useState('');
  const { data: info } = useQuestion('app.info', undefined);
  const set = (change: Partial<Settings>): void => {
    void ask('settings.set', change).then((answer) => setError(answer.ok ? '' : answer.error.message));
  };
  const price = useDraft<number | ''>(settings.pricePerKwh ?? '', (value) =>
    set({ pricePerKwh: value === '' ? null : value }),
  );
  const currency = useDraft(settings.currency, (value) => set({ currency: value }));
  const days = useDraft<number | ''>(settings.retentionDays, (value) => {
    if (value !== '') set({ retentionDays: value });
  });

  return (
    <>
      <PageHeader title={t('settings.title')} />
      {error && (
        <p role="alert" className={css.error}>
          {error}
        </p>
      )}
      <Panel title={t('settings.sampling')}>
        <Row label={t('settings.interval')} note={t('settings.intervalNote')}>
          <Select
            aria-label={t('settings.interval')}
            w={140}
            allowDeselect={false}
            data={intervals.map((ms) => ({
              value: String(ms),
              label: `${format.number(ms / 1000, ms < 1000 ? 1 : 0)} ${t('settings.seconds')}`,
            }))}
            value={String(settings.intervalMs)}
            onChange={(value) => set({ intervalMs: Number(value) })}
          />
        </Row>
      </Panel>
      <Panel title={t('settings.light')}>
        <Row label={t('settings.pcieThroughput')} note={t('settings.pcieThroughputNote')}>
          <Switch
            aria-label={t('settings.pcieThroughput')}
            checked={settings.pcieThroughput}
            onChange={(event) => set({ pcieThroughput: event.currentTarget.checked })}
          />
        </Row>
        <Row label={t('settings.gpuCompositing')} note={t('settings.gpuCompositingNote')}>
          <Switch
            aria-label={t('settings.gpuCompositing')}
            checked={settings.gpuCompositing}
            onChange={(event) => set({ gpuCompositing: event.currentTarget.checked })}
          />
        </Row>
      </Panel>
      <Panel title={t('settings.display')}>
        <Row label={t('settings.temperatureUnit')}>
          <SegmentedControl
            aria-label={t('settings.temperatureUnit')}
            data={[
              { value: 'C', label: '°C' },
              { value: 'F', label: '°F' },
            ]}
            value={settings.temperatureUnit}
            onChange={(value) => set({ temperatureUnit: value })}
          />
        </Row>
        <Row label={t('settings.theme')}>
          <SegmentedControl
            aria-label={t('settings.theme')}
            data={[
              { value: 'system', label: t('settings.themeSystem') },
              { value: 'dark', label: t('settings.themeDark') },
              { value: 'light', label: t('settings.themeLight') },
            ]}
            value={settings.theme}
            onChange={(value) => set({ theme: value })}
          />
        </Row>
      </Panel>
      <Panel title={t('settings.money')}>
        <Row label={t('settings.price')} note={t('settings.priceNote')}>
          <NumberInput
            aria-label={t('settings.price')}
            w={140}
            min={0}
            max={100}
            decimalScale={4}
            value={price.draft}
            onChange={(value) => price.setDraft(typeof value === 'number' ? value : '')}
            onBlur={price.commit}
          />
        </Row>
        <Row label={t('settings.currency')}>
          <TextInput
            aria-label={t('settings.currency')}
            w={140}
            maxLength={3}
            value={currency.draft}
            onChange={(event) => currency.setDraft(event.currentTarget.value.toUpperCase())}
            onBlur={currency.commit}
          />
        </Row>
      </Panel>
      <Panel title={t('settings.storage')}>
        <Row label={t('settings.retention')} note={t('settings.retentionNote')}>
          <NumberInput
            aria-label={t('settings.retention')}
            w={140}
            min={1}
            max={3650}
            allowDecimal={false}
            suffix={` ${t('settings.days')}`}
            value={days.draft}
            onChange={(value) => days.setDraft(typeof value === 'number' ? value : '')}
            onBlur={days.commit}
          />
        </Row>
        <Row label={t('settings.folder')} note={info?.dataFolder}>
          <Button variant="default" onClick={() => void ask('app.openFolder')}>
            {t('settings.openFolder')}
          </Button>
        </Row>
      </Panel>
      <Panel title={t('settings.behaviour')}>
        <Row label={t('settings.notifications')}>
          <Switch
            aria-label={t('settings.notifications')}
            checked={settings.notifications}
            onChange={(event) => set({ notifications: event.currentTarget.checked })}
          />
        </Row>
        <Row label={t('settings.closeToTray')}>
          <Switch
            aria-label={t('settings.closeToTray')}
            checked={settings.closeToTray}
            onChange={(event) => set({ closeToTray: event.currentTarget.checked })}
          />
        </Row>
      </Panel>
      <p className={css.note}>
        {info && t('settings.version', info)}
        <br />
        {t('settings.privacy')}
      </p>
    </>
  );
}

import { NumberInput, SegmentedControl, Select, Switch, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useShared } from '../context.tsx';
import { ErrorLine, useChange, useDraft } from '../parts/change.tsx';
import { PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import { BehaviourPanel } from './behaviour-panel.tsx';
import { MarketRows } from './market-rows.tsx';
import { OfRecorder, RecorderPanel } from './recorder-panel.tsx';
import { Row } from './settings-row.tsx';
import { StoragePanel } from './storage-panel.tsx';
import css from './settings.module.css';

const intervals = [100, 200, 500, 1000, 2000, 5000];

export function SettingsPage() {
  const { t } = useTranslation();
  const { settings, collector, format } = useShared();
  const { set, error } = useChange();
  const { data: info } = useQuestion('app.info', undefined);
  const price = useDraft<number | ''>(settings.pricePerKwh ?? '', (value) =>
    set({ pricePerKwh: value === '' ? null : value }),
  );
  const currency = useDraft(settings.currency, (value) => set({ currency: value }));

  return (
    <>
      <PageHeader title={t('settings.title')} />
      <ErrorLine text={error} />
      <RecorderPanel />
      <OfRecorder>
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
      </OfRecorder>
      <Panel title={t('settings.light')}>
        <Row label={t('settings.pcieThroughput')} note={t('settings.pcieThroughputNote')}>
          <Switch
            aria-label={t('settings.pcieThroughput')}
            disabled={collector?.recorder?.ownFolder === false}
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
      <OfRecorder>
        <Panel title={t('settings.money')}>
          <Row label={t('settings.price')} note={t('settings.priceNote')}>
            <NumberInput
              aria-label={t('settings.price')}
              w={140}
              min={-100}
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
          <MarketRows set={set} />
        </Panel>
        <StoragePanel set={set} />
      </OfRecorder>
      <BehaviourPanel set={set} />
      <p className={css.note}>
        {info && t('settings.version', info)}
        <br />
        {t('settings.privacy')}
      </p>
    </>
  );
}

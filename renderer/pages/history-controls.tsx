import { ActionIcon, Button, Menu, MultiSelect, SegmentedControl } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { exportFormats, type ExportFormat } from '../../app/exchange/format.ts';
import { gauges, isMetricKey, type MetricKey } from '../../app/metrics/metrics.ts';
import { keysOf } from '../typed-entries.ts';
import type { ViewControl } from './use-view.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
export const ranges = {
  range10m: 10 * MINUTE,
  range1h: 60 * MINUTE,
  range6h: 360 * MINUTE,
  range1d: DAY,
  range1w: 7 * DAY,
  range1mo: 30 * DAY,
  range1y: 365 * DAY,
} as const;

const MAX_SHOWN = 6;

// each is drawn again only when what it shows changes: the page above it moves on with time

export const RangeChoice = memo(function RangeChoice({
  followedMs,
  follow,
}: Pick<ViewControl, 'followedMs' | 'follow'>) {
  const { t } = useTranslation();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('history.range')}
      data={keysOf(ranges).map((name) => ({ value: name, label: t(`history.${name}`) }))}
      value={keysOf(ranges).find((name) => ranges[name] === followedMs) ?? ''}
      onChange={(name) => name !== '' && follow(ranges[name])}
    />
  );
});

export const ExportMenu = memo(function ExportMenu({
  disabled,
  onExport,
}: {
  readonly disabled: boolean;
  readonly onExport: (as: ExportFormat) => void;
}) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" disabled={disabled}>
          {t('history.export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('history.exportShown')}</Menu.Label>
        {exportFormats.map((as) => (
          <Menu.Item key={as} onClick={() => onExport(as)}>
            {as.toUpperCase()}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
});

export const MetricChoice = memo(function MetricChoice({
  shown,
  onChange,
}: {
  readonly shown: readonly MetricKey[];
  readonly onChange: (shown: readonly MetricKey[]) => void;
}) {
  const { t } = useTranslation();
  return (
    <MultiSelect
      size="xs"
      aria-label={t('history.metrics')}
      data={gauges.map(({ key }) => ({ value: key, label: t(`metric.${key}`) }))}
      value={[...shown]}
      maxValues={MAX_SHOWN}
      onChange={(keys) => onChange(keys.filter(isMetricKey))}
      clearable={false}
    />
  );
});

/** Buttons for what the mouse does, and the way back. */
export const Steps = memo(function Steps({
  pan,
  zoom,
  back,
  now,
}: Pick<ViewControl, 'pan' | 'zoom' | 'back'> & {
  /** follows the newest reading again; undefined while it does */
  readonly now: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const steps = [
    { label: t('history.earlier'), sign: '‹', act: () => pan(-0.5) },
    { label: t('history.later'), sign: '›', act: () => pan(0.5) },
    { label: t('history.zoomIn'), sign: '+', act: () => zoom(0.5) },
    { label: t('history.zoomOut'), sign: '−', act: () => zoom(2) },
  ];
  return (
    <ActionIcon.Group>
      {steps.map(({ label, sign, act }) => (
        <ActionIcon key={sign} variant="default" size="md" aria-label={label} title={label} onClick={act}>
          {sign}
        </ActionIcon>
      ))}
      <Button size="compact-sm" h={28} variant="default" disabled={!back} onClick={back}>
        {t('history.back')}
      </Button>
      <Button size="compact-sm" h={28} variant="default" disabled={!now} onClick={now}>
        {t('history.now')}
      </Button>
    </ActionIcon.Group>
  );
});

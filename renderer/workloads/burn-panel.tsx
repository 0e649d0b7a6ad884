import { Button, SegmentedControl } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/core/format.ts';
import { burnShapes, standardPlan, type BurnShape } from '../../app/load/schedule.ts';
import { ask, onPush } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './comparison.module.css';

type Status = ResponseOf<'burn.status'>;

function Figures({ status }: { readonly status: Status }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { soak, energyJ, tempC, peakTempC, adapter, software } = status;
  const shown: [string, string][] = [
    [t('burn.phase'), status.ending ? t(`burn.ending.${status.ending}`) : t(`burn.phases.${status.phase}`)],
    [t('burn.elapsed'), format.duration(status.elapsedMs)],
  ];
  // each shape is shown by its bottleneck
  const [label, quantity, unit] =
    status.shape === 'diffusion'
      ? [t('burn.work'), 'gflop' as const, 'GFLOP']
      : [t('burn.moved'), 'gbyte' as const, 'GB'];
  if (soak.ms > 0) shown.push([label, `${format.significant((1000 * soak[quantity]) / soak.ms, 3)} ${unit}/s`]);
  if (tempC !== undefined) shown.push([t('burn.temperature'), joined(format.temperature(tempC))]);
  if (peakTempC !== undefined) shown.push([t('sessions.peak'), joined(format.temperature(peakTempC))]);
  if (energyJ !== undefined && energyJ > 0) {
    shown.push([t('sessions.energy'), joined(format.energy(energyJ))]);
    shown.push([t('burn.perJoule'), `${format.significant(status[quantity] / energyJ, 3)} ${unit}/J`]);
  }
  return (
    <>
      <dl className={css.figures}>
        {shown.map(([label, text]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {adapter && <p className={css.hint}>{t(software ? 'burn.onSoftware' : 'burn.onAdapter', { adapter })}</p>}
      {status.elsewhere && <p className={css.hint}>{t('burn.elsewhere', { name: status.elsewhere })}</p>}
      {status.error && <p className={css.hint}>{status.error}</p>}
    </>
  );
}

/** The stress test: start, live figures, abort. */
export function BurnPanel() {
  const { t } = useTranslation();
  const { format } = useShared();
  const choice = useGpuChoice();
  const [shape, setShape] = useState<BurnShape>('diffusion');
  const [status, setStatus] = useState<Status>();
  useEffect(() => {
    void ask('burn.status').then((answer) => answer.ok && setStatus((now) => now ?? answer.value));
    return onPush('burn', setStatus);
  }, []);
  const { chosen } = choice;
  return (
    <Panel title={t('burn.title')}>
      <p className={css.hint}>
        {t('burn.what', {
          limit: joined(format.temperature(standardPlan.maxTempC)),
          time: format.duration(standardPlan.maxMs),
        })}
      </p>
      <div className={css.controls}>
        <SegmentedControl
          size="xs"
          aria-label={t('burn.shape')}
          disabled={status?.running ?? false}
          data={burnShapes.map((value) => ({ value, label: t(`burn.shapes.${value}`) }))}
          value={status?.running ? status.shape : shape}
          onChange={setShape}
        />
        <GpuSelect {...choice} />
        {status?.running ? (
          <Button size="xs" color="red" variant="light" onClick={() => void ask('burn.stop')}>
            {t('burn.abort')}
          </Button>
        ) : (
          <Button
            size="xs"
            variant="default"
            disabled={!chosen}
            onClick={() => chosen && void ask('burn.start', { shape, gpuUuid: chosen.uuid, plan: {} })}
          >
            {t('burn.start')}
          </Button>
        )}
      </div>
      {status && (status.running || status.ending) && <Figures status={status} />}
    </Panel>
  );
}

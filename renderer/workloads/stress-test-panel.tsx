import { Button, SegmentedControl } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/core/format.ts';
import { stressTestShapes, standardPlan, type StressTestShape } from '../../app/load/schedule.ts';
import { ask, onPush } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './comparison.module.css';

type Status = ResponseOf<'stressTest.status'>;

function Figures({ status }: { readonly status: Status }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { soak, energyJ, tempC, peakTempC, adapter, software } = status;
  const shown: [string, string][] = [
    [
      t('stressTest.phase'),
      status.ending ? t(`stressTest.ending.${status.ending}`) : t(`stressTest.phases.${status.phase}`),
    ],
    [t('stressTest.elapsed'), format.duration(status.elapsedMs)],
  ];
  // each shape is shown by its bottleneck
  const [label, quantity, unit] =
    status.shape === 'diffusion'
      ? [t('stressTest.work'), 'gflop' as const, 'GFLOP']
      : [t('stressTest.moved'), 'gbyte' as const, 'GB'];
  if (soak.ms > 0) shown.push([label, `${format.significant((1000 * soak[quantity]) / soak.ms, 3)} ${unit}/s`]);
  if (tempC !== undefined) shown.push([t('stressTest.temperature'), joined(format.temperature(tempC))]);
  if (peakTempC !== undefined) shown.push([t('sessions.peak'), joined(format.temperature(peakTempC))]);
  if (energyJ !== undefined && energyJ > 0) {
    shown.push([t('sessions.energy'), joined(format.energy(energyJ))]);
    shown.push([t('stressTest.perJoule'), `${format.significant(status[quantity] / energyJ, 3)} ${unit}/J`]);
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
      {adapter && (
        <p className={css.hint}>{t(software ? 'stressTest.onSoftware' : 'stressTest.onAdapter', { adapter })}</p>
      )}
      {status.elsewhere && <p className={css.hint}>{t('stressTest.elsewhere', { name: status.elsewhere })}</p>}
      {status.error && <p className={css.hint}>{status.error}</p>}
    </>
  );
}

/** The stress test: start, live figures, abort. */
export function StressTestPanel() {
  const { t } = useTranslation();
  const { format } = useShared();
  const choice = useGpuChoice();
  const [shape, setShape] = useState<StressTestShape>('diffusion');
  const [status, setStatus] = useState<Status>();
  useEffect(() => {
    void ask('stressTest.status').then((answer) => answer.ok && setStatus((now) => now ?? answer.value));
    return onPush('stressTest', setStatus);
  }, []);
  const { chosen } = choice;
  return (
    <Panel title={t('stressTest.title')}>
      <p className={css.hint}>
        {t('stressTest.what', {
          limit: joined(format.temperature(standardPlan.maxTempC)),
          time: format.duration(standardPlan.maxMs),
        })}
      </p>
      <div className={css.controls}>
        <SegmentedControl
          size="xs"
          aria-label={t('stressTest.shape')}
          disabled={status?.running ?? false}
          data={stressTestShapes.map((value) => ({ value, label: t(`stressTest.shapes.${value}`) }))}
          value={status?.running ? status.shape : shape}
          onChange={setShape}
        />
        <GpuSelect {...choice} />
        {status?.running ? (
          <Button size="xs" color="red" variant="light" onClick={() => void ask('stressTest.stop')}>
            {t('stressTest.abort')}
          </Button>
        ) : (
          <Button
            size="xs"
            variant="default"
            disabled={!chosen}
            onClick={() => chosen && void ask('stressTest.start', { shape, gpuUuid: chosen.uuid, plan: {} })}
          >
            {t('stressTest.start')}
          </Button>
        )}
      </div>
      {status && (status.running || status.ending) && <Figures status={status} />}
    </Panel>
  );
}

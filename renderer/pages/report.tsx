import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '../bridge.ts';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { Empty, PageHeader } from '../parts/panel.tsx';
import { keysOf } from '../typed-entries.ts';
import { useQuestion } from '../use-question.ts';
import css from './report.module.css';

const DAY = 86_400_000;
const periods = { last24h: DAY, last7d: 7 * DAY, last30d: 30 * DAY, all: undefined } as const;
type Period = keyof typeof periods;

export function ReportPage() {
  const { t } = useTranslation();
  const choice = useGpuChoice();
  const [period, setPeriod] = useState<Period>('last24h');
  const [message, setMessage] = useState('');
  const { data: extent } = useQuestion('history.extent', undefined);
  const gpuUuid = choice.chosen?.uuid;
  if (!extent || gpuUuid === undefined) return <Empty title={t('history.noData')} />;

  const spanMs = periods[period];
  const toMs = Math.ceil(extent.toMs);
  const fromMs = Math.floor(spanMs === undefined ? extent.fromMs : Math.max(extent.fromMs, toMs - spanMs));
  const save = async (format: 'html' | 'csv') => {
    setMessage('');
    const answer = await ask('report.save', { gpuUuid, fromMs, toMs, format });
    if (!answer.ok) setMessage([answer.error.message, answer.error.next].filter(Boolean).join(' '));
    else if (answer.value) setMessage(t('report.saved', { path: answer.value.path }));
  };
  const query = new URLSearchParams({ gpu: gpuUuid, from: String(fromMs), to: String(toMs) });

  return (
    <div className={css.page}>
      <PageHeader title={t('report.page')}>
        <GpuSelect {...choice} />
        <SegmentedControl
          size="xs"
          aria-label={t('report.period')}
          data={keysOf(periods).map((name) => ({ value: name, label: t(`report.${name}`) }))}
          value={period}
          onChange={setPeriod}
        />
        <Button size="xs" onClick={() => void save('html')}>
          {t('report.saveHtml')}
        </Button>
        <Button size="xs" variant="default" onClick={() => void save('csv')}>
          {t('report.saveCsv')}
        </Button>
      </PageHeader>
      <p role="status" className={css.message}>
        {message}
      </p>
      <iframe className={css.preview} title={t('report.preview')} src={`/report?${query.toString()}`} sandbox="" />
    </div>
  );
}

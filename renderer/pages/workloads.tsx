import { Button, Code } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { onPush } from '../bridge.ts';
import { Empty, PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import { StressTestPanel } from '../workloads/stress-test-panel.tsx';
import { Comparison } from '../workloads/comparison.tsx';
import { GovernorPanel } from '../workloads/governor-panel.tsx';
import { PricesPanel } from '../workloads/prices-panel.tsx';
import { ProgramsPanel } from '../workloads/programs-panel.tsx';
import { SessionTable } from '../workloads/session-table.tsx';
import css from './table.module.css';

const NEWEST = 200;
/** How often the recorder notes the results of a running session. */
const NOTED_EVERY_MS = 5_000;

export function WorkloadsPage() {
  const { t } = useTranslation();
  const [round, setRound] = useState(0);
  const [picked, setPicked] = useState<ReadonlySet<number>>(new Set());
  const [comparing, setComparing] = useState(false);
  const { data: sessions, again } = useQuestion('sessions.newest', { limit: NEWEST }, { everyMs: NOTED_EVERY_MS });
  const { data: gpus = [] } = useQuestion('gpus.list', undefined);
  useEffect(() => onPush('sessions', () => setRound((n) => n + 1)), []);
  useEffect(() => {
    if (round > 0) again();
  }, [round, again]);

  const names = new Map(gpus.map((gpu) => [gpu.uuid, gpu.name]));
  const unseen = sessions?.some(({ summary, gpus: on }) => summary && summary.gpus.length > 0 && on.length === 0);
  const compared = sessions?.filter(({ id }) => picked.has(id)) ?? [];
  const pick = (id: number): void => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
    setComparing(false); // shown on request: the list must not move under the pointer
  };
  const drop = (): void => {
    setPicked(new Set());
    setComparing(false);
  };
  return (
    <>
      <PageHeader title={t('sessions.title')} />
      {comparing && compared.length >= 2 && (
        <div ref={(shown) => shown?.scrollIntoView({ block: 'start' })}>
          <Comparison sessions={compared} names={names} />
        </div>
      )}
      {sessions?.length === 0 && (
        <Empty title={t('sessions.empty')}>
          <p>{t('sessions.emptyFound')}</p>
          <p>{t('sessions.emptyMore')}</p>
          <Code block>npm run slowburn -- run --outputs &apos;out/**/*.png&apos; -- python generate.py</Code>
          <p>{t('sessions.emptyWhy')}</p>
        </Empty>
      )}
      {sessions && sessions.length > 0 && (
        <Panel>
          <SessionTable sessions={sessions} names={names} picked={picked} onPick={pick} />
          {unseen && <p className={css.note}>* {t('sessions.allGpus')}</p>}
          {sessions.length > 1 && compared.length < 2 && <p className={css.note}>{t('workloads.hint')}</p>}
        </Panel>
      )}
      {picked.size > 0 && (
        <div className={css.picked}>
          <span className={css.note}>{t('workloads.picked', { count: picked.size })}</span>
          {!comparing && (
            <Button size="xs" disabled={compared.length < 2} onClick={() => setComparing(true)}>
              {t('workloads.compareNow')}
            </Button>
          )}
          <Button size="xs" variant="subtle" onClick={() => drop()}>
            {t('workloads.clear')}
          </Button>
        </div>
      )}
      <GovernorPanel />
      <PricesPanel />
      <ProgramsPanel />
      <StressTestPanel />
    </>
  );
}

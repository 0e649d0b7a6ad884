import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/core/format.ts';
import { errorShareOf } from '../../app/workload/energy/energy.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import { useShared } from '../context.tsx';
import { useQuestion } from '../use-question.ts';
import css from './session-line.module.css';
import { useLive, type Live } from './store.ts';

export type RunningSession = ResponseOf<'sessions.newest'>[number];

const newestMs = ({ tsMs }: Live) => tsMs;
const NEWEST = 20;
const ASK_EVERY_MS = 5_000;

/** The sessions that go on, newest first. Asked from when there are readings: before, nobody answers. */
export function useRunningSessions(when: boolean): readonly RunningSession[] {
  const { data } = useQuestion('sessions.newest', { limit: NEWEST }, { everyMs: ASK_EVERY_MS, when });
  return useMemo(() => data?.filter(({ endedMs }) => endedMs === null) ?? [], [data]);
}

/** What works on a card now: who, with what model, for how long, what came of it and what that took, so far. */
export function SessionLine({
  sessions,
  gpuName,
}: {
  /** at least one */
  readonly sessions: readonly RunningSession[];
  readonly gpuName: string;
}) {
  const { t } = useTranslation();
  const { format, settings } = useShared();
  const nowMs = useLive(newestMs) ?? 0;
  const only = sessions.length === 1 ? sessions[0]! : undefined;
  if (!only) return <p className={css.line}>{sessions.map(({ name }) => name).join(' + ')}</p>;

  const { energyJ = 0, rangeJ, energyFrom, sharedJ, outputs, each, cost } = figuresOf(only, settings);
  const { model } = only.summary?.workload ?? {};
  const made = outputs && outputs.count > 0 ? outputs : undefined;
  const about = [
    format.duration(nowMs - only.startedMs),
    made && t(`outputs.${made.unit}`, { count: made.count, n: format.number(made.count) }),
    only.gpus.length > 1 && t('live.onCards', { count: only.gpus.length }),
    energyJ > 0 && `${joined(format.energy(energyJ))} ± ${format.percent(errorShareOf(energyJ, rangeJ))} %`,
    energyJ > 0 &&
      made &&
      each?.energyJ !== undefined &&
      t('workloads.perUnit', {
        value: `${format.significant(each.energyJ)} J`,
        unit: t(`outputUnit.${made.unit}`),
      }),
    energyJ > 0 && cost !== undefined && format.money(cost),
    sharedJ !== undefined && t('workloads.shared', { value: joined(format.energy(sharedJ)) }),
  ];
  return (
    <p className={css.line} title={`${t('live.soFar')} ${energyFrom ? t(`energyFrom.${energyFrom}`) : ''}`}>
      {/* found by the load alone, a session has the card's name: that says nothing here */}
      <strong>{only.name === gpuName ? t('live.unnamedLoad') : only.name}</strong> {model && <span>{model}</span>}
      <span className={css.figures}>{about.filter(Boolean).join(' · ')}</span>
    </p>
  );
}

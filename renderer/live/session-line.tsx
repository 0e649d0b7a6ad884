import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/format.ts';
import { ENERGY_ERROR } from '../../app/workload/energy.ts';
import { costOf } from '../../app/workload/tariff.ts';
import type { GpuIdentity } from '../../app/telemetry/source.ts';
import { useShared } from '../context.tsx';
import { useQuestion } from '../use-question.ts';
import css from './session-line.module.css';

export type RunningSession = ResponseOf<'sessions.newest'>[number];

const NEWEST = 20;
const ASK_EVERY_MS = 5_000;
/** Totals are kept by the minute: they include up to one of before the session, so shorter ones are not told. */
const TOLD_AFTER_MS = 5 * 60_000;
const TOTALS_EVERY_MS = 10_000;

/** The sessions that go on, newest first. Asked from when there are readings: before, nobody answers. */
export function useRunningSessions(when: boolean): readonly RunningSession[] {
  const { data = [] } = useQuestion('sessions.newest', { limit: NEWEST }, { everyMs: ASK_EVERY_MS, when });
  return data.filter(({ endedMs }) => endedMs === null);
}

/** What works on a card now: who, with what model, for how long, what came of it and what that took, so far. */
export function SessionLine({
  sessions,
  gpu: { uuid: gpuUuid, name: gpuName },
  counted,
  nowMs,
}: {
  /** at least one */
  readonly sessions: readonly RunningSession[];
  readonly gpu: Pick<GpuIdentity, 'uuid' | 'name'>;
  /** the card counts its energy; else it is integrated power, whose error is not known while the session goes on */
  readonly counted: boolean;
  readonly nowMs: number;
}) {
  const { t } = useTranslation();
  const { format, settings } = useShared();
  const only = sessions.length === 1 && sessions[0]!.gpus.length === 1 ? sessions[0]! : undefined;
  const tookMs = only ? nowMs - only.startedMs : 0;
  const told = only !== undefined && tookMs >= TOLD_AFTER_MS;
  const toMs = Math.ceil(nowMs / TOTALS_EVERY_MS) * TOTALS_EVERY_MS;
  const { data: totals } = useQuestion(
    'history.totals',
    { gpuUuid, fromMs: only?.startedMs ?? 0, toMs },
    { when: told },
  );
  if (!only) return <p className={css.line}>{sessions.map(({ name }) => name).join(' + ')}</p>;

  const { model, outputs } = only.summary?.workload ?? {};
  const energyJ = told && totals && totals.energyJ > 0 ? totals.energyJ : undefined;
  // hours of a tariff are priced when the session has ended
  const cost =
    energyJ !== undefined && settings.tariff.length === 0
      ? costOf([{ fromMs: only.startedMs, energyJ }], settings)
      : undefined;
  const made = outputs && outputs.count > 0 ? outputs : undefined;
  const about = [
    format.duration(tookMs),
    made && t(`outputs.${made.unit}`, { count: made.count, n: format.number(made.count) }),
    energyJ !== undefined &&
      (counted
        ? `${joined(format.energy(energyJ))} ± ${format.percent(ENERGY_ERROR)} %`
        : `≈ ${joined(format.energy(energyJ))}`),
    energyJ !== undefined &&
      made &&
      t('workloads.perUnit', {
        value: `${format.significant(energyJ / made.count)} J`,
        unit: t(`outputUnit.${made.unit}`),
      }),
    cost !== undefined && format.money(cost),
  ];
  return (
    <p className={css.line} title={`${t('live.soFar')} ${t(`energyFrom.${counted ? 'counter' : 'power'}`)}`}>
      {/* found by the load alone, a session has the card's name: that says nothing here */}
      <strong>{only.name === gpuName ? t('live.unnamedLoad') : only.name}</strong> {model && <span>{model}</span>}
      <span className={css.figures}>{about.filter(Boolean).join(' · ')}</span>
    </p>
  );
}

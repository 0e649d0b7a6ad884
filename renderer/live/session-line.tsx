import { useTranslation } from 'react-i18next';
import { joined } from '../../app/core/format.ts';
import { energyNotes, errorText } from '../../app/workload/energy/words.ts';
import { boundSigns } from '../../app/workload/sessions/figure-states.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import { outputsText } from '../../app/workload/sessions/outputs-text.ts';
import { useShared } from '../context.tsx';
import type { RunningSession } from './store.ts';
import css from './session-line.module.css';
import { useLive, type Live } from './store.ts';

const newestMs = ({ tsMs }: Live) => tsMs;

/** What runs on a card now: program, model, duration, outputs and energy so far. */
export function SessionLine({
  sessions,
  gpuName,
}: {
  /** at least one */
  readonly sessions: readonly RunningSession[];
  readonly gpuName: string;
}) {
  const { t } = useTranslation();
  const { format, money } = useShared();
  const nowMs = useLive(newestMs) ?? 0;
  const only = sessions.length === 1 ? sessions[0]! : undefined;
  if (!only) return <p className={css.line}>{sessions.map(({ name }) => name).join(' + ')}</p>;

  const figures = figuresOf(only, money);
  const { energyJ, rangeJ, energyFrom, sharedJ, outputs, each, cost, states } = figures;
  const bound = boundSigns[states.energy];
  const { model } = only.summary?.workload ?? {};
  const made = outputs && outputs.count > 0 ? outputs : undefined;
  const about = [
    format.duration(nowMs - only.startedMs),
    made && outputsText(made, t, format.number),
    only.gpus.length > 1 && t('live.onCards', { count: only.gpus.length }),
    energyJ !== undefined &&
      // a bound has no ±
      (bound ?? '') + joined(format.energy(energyJ)) + (bound ? '' : ` ${errorText(energyJ, rangeJ, t, format)}`),
    made &&
      each?.energyJ !== undefined &&
      (boundSigns[states.perOutput] ?? '') +
        t('workloads.perUnit', {
          value: joined(format.joules(each.energyJ)),
          unit: t(`outputUnit.${made.unit}`),
        }),
    cost !== undefined && `${boundSigns[states.cost] ?? ''}${format.money(cost)}`,
    sharedJ !== undefined && t('workloads.shared', { value: joined(format.energy(sharedJ)) }),
  ];
  const hint = [t('live.soFar'), energyFrom && t(`energyFrom.${energyFrom}`), ...energyNotes(figures, t, format)];
  return (
    <p className={css.line} title={hint.filter(Boolean).join(' ')}>
      {/* a session that was found by its load alone has the name of the card */}
      <strong>{only.name === gpuName ? t('live.unnamedLoad') : only.name}</strong> {model && <span>{model}</span>}
      <span className={css.figures}>{about.filter(Boolean).join(' · ')}</span>
    </p>
  );
}

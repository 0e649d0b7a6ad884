import { useTranslation } from 'react-i18next';
import { joined } from '../../app/core/format.ts';
import type { SweepPoint } from '../../app/workload/sessions/sweep.ts';
import { Curve } from '../charts/curve.tsx';
import { useShared } from '../context.tsx';
import css from './comparison.module.css';

/** What a power cap costs and gains: energy of an output, outputs an hour and temperature over it, with the knee. */
export function SweepCurve({
  points,
  knee,
}: {
  readonly points: readonly SweepPoint[];
  readonly knee: SweepPoint | undefined;
}) {
  const { t } = useTranslation();
  const { format } = useShared();
  const caps = [...points].sort((a, b) => a.capW - b.capW);
  const shown = [
    ['workloads.energyEach', (point: SweepPoint) => point.joulesEach, (value: number) => joined(format.joules(value))],
    ['workloads.outputsPerHour', (point: SweepPoint) => point.perHour, (value: number) => format.significant(value, 3)],
    ['report.mean', (point: SweepPoint) => point.meanTempC, (value: number) => joined(format.temperature(value))],
  ] as const;
  return (
    <div className={css.curves}>
      {shown.map(([title, pick, yText]) => (
        <figure key={title} className={css.curve}>
          <figcaption>{t('workloads.overCap', { what: t(title) })}</figcaption>
          <Curve
            points={caps.map((point) => ({ at: point.capW, amount: pick(point) }))}
            xText={(watts) => `${format.number(watts)} W`}
            yText={yText}
            {...(knee && { mark: { at: knee.capW, label: t('workloads.knee') } })}
          />
        </figure>
      ))}
    </div>
  );
}

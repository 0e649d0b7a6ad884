import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Formatter } from '../../app/metrics/format.ts';
import { latestOf, sameReadings, valueIn, type Readings } from './readings.ts';
import { temperatureColour } from './temperature-scale.ts';
import css from './arc.module.css';

const LOW_C = 20;
const DEFAULT_HIGH_C = 100;
const SWEEP = 250; // degrees of arc
const START = -SWEEP / 2;
const R = 84;

const point = (share: number, radius: number): readonly [number, number] => {
  const angle = ((START + SWEEP * share) * Math.PI) / 180;
  return [100 + radius * Math.sin(angle), 100 - radius * Math.cos(angle)];
};

function arc(from: number, to: number, radius: number): string {
  const [x0, y0] = point(from, radius);
  const [x1, y1] = point(to, radius);
  return `M${x0.toFixed(2)} ${y0.toFixed(2)}A${radius} ${radius} 0 ${SWEEP * (to - from) > 180 ? 1 : 0} 1 ${x1.toFixed(2)} ${y1.toFixed(2)}`;
}

const limits = [
  ['tempTargetC', 'limitTarget'],
  ['tempSlowdownC', 'limitSlowdown'],
  ['tempShutdownC', 'limitShutdown'],
] as const;

type Props = { readonly readings: Readings; readonly format: Formatter; readonly compact: boolean };

const drawn = ['coreTempC', ...limits.map(([key]) => key)] as const;
const isSame = (a: Props, b: Props): boolean =>
  a.format === b.format && a.compact === b.compact && sameReadings(drawn, a.readings, b.readings);

/** The hero: core temperature on an arc, against the limits that this card itself reports. */
export const Arc = memo(function Arc({ readings, format, compact }: Props) {
  const { t } = useTranslation();
  const core = latestOf(readings, 'coreTempC').reading;
  const slowdown = valueIn(readings, 'tempSlowdownC');
  const high = Math.max(valueIn(readings, 'tempShutdownC') ?? slowdown ?? DEFAULT_HIGH_C, LOW_C + 20) + 4;
  const share = (tempC: number): number => Math.min(1, Math.max(0, (tempC - LOW_C) / (high - LOW_C)));
  const value = core.state === 'value' ? core.value : undefined;
  const quantity = value === undefined ? undefined : format.temperature(value);
  const word = t(`state.${core.state === 'value' ? 'unread' : core.state}`);
  const heat = value === undefined ? 0 : (value - LOW_C) / ((slowdown ?? high) - LOW_C);
  const marks = limits.flatMap(([key, label]) => {
    const limit = valueIn(readings, key);
    return limit === undefined ? [] : [{ key, label: t(`live.${label}`), limit, at: share(limit) }];
  });

  return (
    <svg
      viewBox="0 0 200 172"
      className={css.arc}
      data-compact={compact}
      role="img"
      aria-label={`${t('live.core')}: ${quantity ? `${quantity.text} ${quantity.unit}` : word}`}
    >
      <path d={arc(0, 1, R)} className={css.track} data-absent={value === undefined} />
      {slowdown !== undefined && <path d={arc(share(slowdown), 1, R)} className={css.hot} />}
      {value !== undefined && (
        <path d={arc(0, Math.max(0.004, share(value)), R)} className={css.value} stroke={temperatureColour(heat)} />
      )}
      {marks.map(({ key, label, limit, at }) => {
        const [x0, y0] = point(at, R - 9);
        const [x1, y1] = point(at, R + 9);
        const [tx, ty] = point(at, R - 20);
        return (
          <g key={key}>
            <title>{`${label}: ${format.temperature(limit).text} ${format.temperature(limit).unit}`}</title>
            <line x1={x0} y1={y0} x2={x1} y2={y1} className={css.tick} data-key={key} />
            {!compact && key !== 'tempTargetC' && (
              <text x={tx} y={ty + 3.5} className={css.limit}>
                {format.temperature(limit).text}
              </text>
            )}
          </g>
        );
      })}
      {quantity ? (
        <>
          <text x="100" y="118" className={css.hero}>
            {quantity.text}
          </text>
          <text x="100" y="140" className={css.unit}>
            {quantity.unit}
          </text>
        </>
      ) : (
        <text x="100" y="108" className={css.word}>
          {word}
        </text>
      )}
    </svg>
  );
}, isSame);

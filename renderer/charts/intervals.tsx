import { useElementSize } from '@mantine/hooks';
import css from './intervals.module.css';

export type IntervalPoint = { readonly at: number; readonly low: number; readonly mid: number; readonly high: number };

export type IntervalsProps = {
  readonly points: readonly IntervalPoint[];
  /** a level that means something, drawn across */
  readonly reference: number;
  readonly marks?: readonly { readonly at: number; readonly label: string }[];
  readonly atText: (at: number) => string;
  readonly valueText: (value: number) => string;
  readonly label: string;
};

const HEIGHT = 170;
const END = 12;
const PAD = { left: 56, right: 12, top: 14, bottom: 22 };

/** Values with their intervals along time: a bar from low to high and a tick for the middle. Never a bare point. */
export function Intervals({ points, reference, marks = [], atText, valueText, label }: IntervalsProps) {
  const { ref, width } = useElementSize();
  const ats = [...points.map(({ at }) => at), ...marks.map(({ at }) => at)];
  const [first, last] = [Math.min(...ats), Math.max(...ats)];
  const values = points.flatMap(({ low, high }) => [low, high]);
  const [low, high] = [Math.min(reference, ...values), Math.max(reference, ...values)];
  const room = Math.max((high - low) * 0.1, 1e-6);
  // keeps the bars at the ends clear of the axis
  const inner = Math.max(1, width - PAD.left - PAD.right - 2 * END);
  const x = (at: number): number =>
    PAD.left + END + (last === first ? inner / 2 : ((at - first) / (last - first)) * inner);
  const y = (value: number): number =>
    PAD.top + (1 - (value - low + room) / (high - low + 2 * room)) * (HEIGHT - PAD.top - PAD.bottom);
  const bar = Math.max(2, Math.min(10, (inner / Math.max(1, points.length)) * 0.6));
  return (
    <div ref={ref} className={css.frame}>
      <svg width={width} height={HEIGHT} role="img" aria-label={label}>
        <line className={css.reference} x1={PAD.left} x2={width - PAD.right} y1={y(reference)} y2={y(reference)} />
        {[low, reference, high].map((value, i) => (
          <text key={i} className={css.axis} x={PAD.left - 6} y={y(value) + 4} textAnchor="end">
            {i === 1 || Math.abs(y(value) - y(reference)) > 14 ? valueText(value) : ''}
          </text>
        ))}
        {marks.map(({ at, label: text }) => (
          <g key={`${at}${text}`}>
            <line className={css.mark} x1={x(at)} x2={x(at)} y1={PAD.top} y2={HEIGHT - PAD.bottom} />
            <text className={css.markText} x={x(at) + 4} y={PAD.top - 3}>
              {text}
            </text>
          </g>
        ))}
        {points.map((point) => (
          <g key={point.at}>
            <title>{`${atText(point.at)}: ${valueText(point.mid)} [${valueText(point.low)}–${valueText(point.high)}]`}</title>
            <rect
              className={css.band}
              x={x(point.at) - bar / 2}
              width={bar}
              y={y(point.high)}
              height={Math.max(1, y(point.low) - y(point.high))}
            />
            <line
              className={css.mid}
              x1={x(point.at) - bar}
              x2={x(point.at) + bar}
              y1={y(point.mid)}
              y2={y(point.mid)}
            />
          </g>
        ))}
        {points.length > 0 && (
          <>
            <text className={css.axis} x={PAD.left} y={HEIGHT - 6}>
              {atText(first)}
            </text>
            {last !== first && (
              <text className={css.axis} x={width - PAD.right} y={HEIGHT - 6} textAnchor="end">
                {atText(last)}
              </text>
            )}
          </>
        )}
      </svg>
    </div>
  );
}

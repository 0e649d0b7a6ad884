import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colour } from './colour.ts';
import css from './strip.module.css';

export type StripProps = {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly spanMs: number;
  readonly nowMs: number;
  /** fixed bounds; a bound left out follows the data */
  readonly low?: number;
  readonly high?: number;
  readonly height: number;
  readonly label: string;
  /** the newest value */
  readonly text: string;
  /** a value in words: of the lowest and the highest in view */
  readonly show: (value: number) => string;
};

/** "33–78": what the line runs between, once it has run. */
function rangeOf(values: readonly (number | null)[], show: (value: number) => string): string {
  const finite = values.filter((value) => value !== null);
  if (finite.length < 2) return '';
  const [lowest, highest] = [show(Math.min(...finite)), show(Math.max(...finite))];
  return lowest === highest ? '' : `${lowest}–${highest}`;
}

/** A live strip: a few minutes of one reading, drawn on a canvas. Cheap enough for ten redraws a second. */
export function Strip({ times, values, spanMs, nowMs, low, high, height, label, text, show }: StripProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);

  useEffect(() => {
    const element = box.current!;
    const create = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        {
          width: element.clientWidth || 200,
          height,
          legend: { show: false },
          cursor: { show: false },
          padding: [3, 0, 3, 0],
          axes: [{ show: false }, { show: false }],
          scales: { x: { time: false, auto: false }, y: { auto: false } },
          series: [{}, { stroke: colour('--ink'), width: 1.25, points: { show: false } }],
        },
        [[], []],
        element,
      );
    };
    create();
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', create);
    return () => {
      scheme.removeEventListener('change', create);
      observer.disconnect();
      plot.current?.destroy();
    };
  }, [height]);

  useEffect(() => {
    const finite = values.filter((value) => value !== null);
    const bottom = low ?? Math.min(...finite) - 2;
    const top = Math.max(high ?? Math.max(...finite) + 2, ...finite, bottom + 1);
    plot.current?.batch(() => {
      plot.current?.setData([times as number[], values as (number | null)[]], false);
      plot.current?.setScale('x', { min: nowMs - spanMs, max: nowMs });
      plot.current?.setScale('y', { min: bottom, max: finite.length === 0 ? bottom + 1 : top });
    });
  }, [times, values, values.length, nowMs, spanMs, low, high]);

  return (
    <div className={css.strip}>
      {label && (
        <div className={css.head}>
          <span>
            {label} <span className={css.range}>{rangeOf(values, show)}</span>
          </span>
          <span className={css.text}>{text}</span>
        </div>
      )}
      <div ref={box} className={css.plot} aria-hidden />
    </div>
  );
}

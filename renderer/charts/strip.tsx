import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { joined, type Quantity } from '../../app/core/format.ts';
import { setText } from '../set-text.ts';
import { colour } from './colour.ts';
import css from './strip.module.css';

/** What a strip draws. It grows in place: read it again at each drawing. */
export type StripData = {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /** the right end */
  readonly nowMs: number;
  readonly newest: number | undefined;
};

export type StripProps = {
  readonly read: () => StripData;
  /** calls back when there is something new, until the returned function is called */
  readonly onChange: (listener: () => void) => () => void;
  readonly spanMs: number;
  /** fixed bounds; a bound left out follows the data */
  readonly low?: number;
  readonly high?: number;
  readonly height: number;
  /** with a line above the strip: the label, what it runs between, and the newest value */
  readonly label: string;
  readonly show: (value: number) => Quantity;
};

/** A live strip: a few minutes of one reading, drawn on a canvas, without React: it moves with every tick. */
export function Strip({ read, onChange, spanMs, low, high, height, label, show }: StripProps) {
  const box = useRef<HTMLDivElement>(null);
  const range = useRef<HTMLSpanElement>(null);
  const newestText = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    const element = box.current!;
    let plot: uPlot | undefined;
    let drawnMs = 0;
    const draw = (): void => {
      const { times, values, nowMs, newest } = read();
      const finite = values.filter((value) => value !== null);
      const [lowest, highest] = [Math.min(...finite), Math.max(...finite)];
      const bottom = low ?? lowest - 2;
      const top = Math.max(high ?? highest + 2, highest, bottom + 1);
      setText(newestText.current, newest === undefined ? '' : joined(show(newest)));
      const movedMs = nowMs - drawnMs;
      if (plot && movedMs > 0 && movedMs < spanMs / (plot.width * devicePixelRatio)) return; // not by a pixel yet
      drawnMs = nowMs;
      plot?.batch(() => {
        plot?.setData([times as number[], values as (number | null)[]], false);
        plot?.setScale('x', { min: nowMs - spanMs, max: nowMs });
        plot?.setScale('y', { min: bottom, max: finite.length === 0 ? bottom + 1 : top });
      });
      const [from, to] = finite.length < 2 ? ['', ''] : [show(lowest).text, show(highest).text];
      setText(range.current, from === to ? '' : `${from}–${to}`); // once it has run
    };
    const create = (): void => {
      plot?.destroy();
      plot = new uPlot(
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
      drawnMs = 0; // whatever it was, the new one is empty
      draw();
    };
    create();
    const stop = onChange(draw);
    const observer = new ResizeObserver(() => {
      if (plot && plot.width !== element.clientWidth) plot.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', create);
    return () => {
      stop();
      scheme.removeEventListener('change', create);
      observer.disconnect();
      plot?.destroy();
    };
  }, [read, onChange, spanMs, low, high, height, show]);

  return (
    <div className={css.strip}>
      {label && (
        <div className={css.head}>
          <span>
            {label} <span ref={range} className={css.range} />
          </span>
          <span ref={newestText} className={css.text} />
        </div>
      )}
      <div ref={box} className={css.plot} aria-hidden />
    </div>
  );
}

import { memo, useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { columnsOf, heightOf, isScaled, optionsOf, type ChartProps, type Current } from './history-plot.ts';
import { zoomed } from './view.ts';
import css from './history-chart.module.css';

const WHEEL_STEP = 1.25;
/** The cursor points at a sample that is no farther away than this, or than a slice of the chart. */
const NEAR_MS = 30_000;

/**
 * One reading over time: the mean as a line, lowest to highest as a band, time not observed hatched. Drag to zoom in,
 * drag with Shift to move, turn the wheel to zoom. The data at hand is drawn at once; finer data follows.
 */
export const HistoryChart = memo(function HistoryChart({ axis, title, ...props }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const reading = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot>(undefined);
  const current = useRef<Current>(props);
  const columns = useMemo(() => columnsOf(props.range, props.metric), [props.range, props.metric]);
  useEffect(() => {
    current.current = props;
  });

  useEffect(() => {
    const element = box.current!;
    /** Writes the values under the cursor, without React: they change with every movement. */
    const read = (drawn: uPlot): void => {
      const { idx } = drawn.cursor;
      const { format, metric, range, words } = current.current;
      const [low, high, mean] = [1, 2, 3].map((series) => (idx == null ? null : drawn.data[series]?.[idx]));
      if (!reading.current) return;
      // the nearest sample may be hours away, over time that was not observed
      const awayMs =
        idx == null ? Infinity : Math.abs(drawn.data[0][idx]! - drawn.posToVal(drawn.cursor.left ?? 0, 'x'));
      if (idx == null || mean == null || awayMs > Math.max(range.stepMs, NEAR_MS)) {
        reading.current.textContent = '';
        return;
      }
      const show = (value: number): string => {
        const { text, unit } = format.metric(metric, value);
        return `${text} ${unit}`.trim();
      };
      const when = `${format.date(drawn.data[0][idx]!)} ${format.time(drawn.data[0][idx]!)}`;
      const spread = [
        `${words.mean} ${show(mean)}`,
        `${words.lowest} ${show(low!)}`,
        `${words.highest} ${show(high!)}`,
      ];
      reading.current.textContent = [...(low === high ? [show(mean)] : spread), when].join(' · ');
    };
    const create = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(
        optionsOf(element, axis, () => current.current, read),
        [[], [], [], []],
        element,
      );
      plot.current.over.addEventListener('wheel', onWheel, { passive: false });
      plot.current.over.addEventListener('pointerdown', onPointerDown, { capture: true });
      update();
    };
    const update = (): void => {
      const { view, range, metric } = current.current;
      plot.current?.batch(() => {
        plot.current?.setData(columnsOf(range, metric), false);
        plot.current?.setScale('x', { min: view.fromMs, max: view.toMs });
      });
    };
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { view, onView } = current.current;
      const span = view.toMs - view.fromMs;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const moved = (Math.sign(event.deltaX || event.deltaY) * span) / 10;
        return onView({ fromMs: view.fromMs + moved, toMs: view.toMs + moved });
      }
      const share = event.offsetX / plot.current!.over.clientWidth;
      onView(zoomed(view, event.deltaY > 0 ? WHEEL_STEP : 1 / WHEEL_STEP, share));
    };
    const onPointerDown = (event: PointerEvent): void => {
      if (!event.shiftKey && event.button !== 1) return;
      event.preventDefault();
      event.stopPropagation();
      const over = plot.current!.over;
      const { view } = current.current;
      const perPixel = (view.toMs - view.fromMs) / over.clientWidth;
      const move = (to: PointerEvent): void => {
        const moved = (event.clientX - to.clientX) * perPixel;
        current.current.onView({ fromMs: view.fromMs + moved, toMs: view.toMs + moved });
      };
      const end = (): void => {
        window.removeEventListener('pointermove', move);
        window.removeEventListener('pointerup', end);
      };
      window.addEventListener('pointermove', move);
      window.addEventListener('pointerup', end);
    };
    create();
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: heightOf(axis) }),
    );
    observer.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', create);
    return () => {
      scheme.removeEventListener('change', create);
      observer.disconnect();
      plot.current?.destroy();
    };
  }, [axis]);

  useEffect(() => {
    plot.current?.batch(() => {
      plot.current?.setData(columns, false);
      plot.current?.setScale('x', { min: props.view.fromMs, max: props.view.toMs });
    });
  }, [props.view, columns, props.marks, props.format]);

  return (
    <section className={css.chart}>
      <header className={css.head}>
        <h2>
          {title} {!isScaled(props.metric) && <small>{props.format.metric(props.metric, 0).unit}</small>}
        </h2>
        <span ref={reading} className={css.reading} aria-hidden />
      </header>
      <div ref={box} role="img" aria-label={title} />
    </section>
  );
});

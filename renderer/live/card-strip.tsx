import { memo, useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { metricOf } from '../../app/metrics/metrics.ts';
import { Strip, type StripData } from '../charts/strip.tsx';
import { useShared } from '../context.tsx';
import { valueIn } from './readings.ts';
import { liveNow, onLive, STRIP_MS, stripMetrics, stripOf } from './store.ts';

/** Fixed bounds of the strips: the same height means the same on every card. */
const bounds = {
  coreTempC: {},
  powerW: { low: 0 },
  gpuUtilPct: { low: 0, high: 100 },
} as const satisfies Record<(typeof stripMetrics)[number], { low?: number; high?: number }>;

type Props = {
  readonly gpuUuid: string;
  readonly metric: (typeof stripMetrics)[number];
  readonly height: number;
  /** with a line above it that names the reading */
  readonly named: boolean;
  /** an upper bound that the card itself has */
  readonly high: number | undefined;
};

/** The last minutes of one reading of a card. */
export const CardStrip = memo(function CardStrip({ gpuUuid, metric, height, named, high }: Props) {
  const { t } = useTranslation();
  const { format } = useShared();
  const read = useCallback((): StripData => {
    const { tsMs = 0, gpus } = liveNow();
    const { times, values } = stripOf(gpuUuid) ?? { times: [], values: [] };
    const gpu = gpus.find((one) => one.gpu.uuid === gpuUuid);
    return {
      nowMs: tsMs,
      times,
      values: values[stripMetrics.indexOf(metric)] ?? [],
      newest: gpu && valueIn(gpu.readings, metric),
    };
  }, [gpuUuid, metric]);
  const show = useCallback((value: number) => format.metric(metricOf(metric), value), [format, metric]);
  return (
    <Strip
      read={read}
      onChange={onLive}
      spanMs={STRIP_MS}
      height={height}
      label={named ? t(`metric.${metric}`) : ''}
      show={show}
      {...bounds[metric]}
      {...(high !== undefined && { high })}
    />
  );
});

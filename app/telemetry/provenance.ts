import { metricOf, metrics, type MetricKey } from '../metrics/metrics.ts';
import { readingOf, type Frame } from '../metrics/frame.ts';
import { type ReadingState } from '../core/reading.ts';
import { returnCode } from './nvml/return-codes.ts';
import type { SourceInfo } from './source.ts';

/** A reading with everything that another program needs to judge it. */
export type SourcedReading = {
  readonly state: ReadingState;
  /** only where `state` is `value`, in `unit` */
  readonly value?: number;
  readonly unit: string;
  /** computed from other readings of the same moment instead of read */
  readonly derived?: true;
  /** the driver's name for the reason why there is no value */
  readonly reason?: string;
  /** the source, and the name of the reading in it */
  readonly source: string;
};

/** How limits of Ada and later are derived: see limits.ts. */
const DERIVED_LIMIT = 'core temperature + margin − T.Limit offset';

type Named = Pick<SourceInfo, 'label' | 'names'>;

/**
 * "NVML 12.575: nvmlDeviceGetTemperature", or only the source if it has no names for its readings.
 * @param via as in a frame: which of the catalogue's names answered
 */
export function sourceOf({ label, names }: Named, key: MetricKey, via: number, derived: boolean): string {
  const list = names === undefined ? [] : metricOf(key)[names];
  const name = list[via] ?? list[0];
  if (derived && !name?.includes(' + ')) return `${label}: ${DERIVED_LIMIT}`;
  return name === undefined ? label : `${label}: ${name}`;
}

/** All readings of a frame by metric, for JSON and text output. */
export function readingsOf(frame: Frame, info: SourceInfo): Readonly<Record<MetricKey, SourcedReading>> {
  const readings = metrics.map(({ key, unit }, i): [MetricKey, SourcedReading] => {
    const reading = readingOf(frame, key);
    const source = sourceOf(info, key, frame.via[i]!, frame.derived[i] === 1);
    if (reading.state === 'value') {
      return [
        key,
        { state: 'value', value: reading.value, unit, ...(reading.derived ? { derived: true } : {}), source },
      ];
    }
    const reason = reading.reason === 0 ? {} : { reason: returnCode(reading.reason).name };
    return [key, { state: reading.state, unit, ...reason, source }];
  });
  return Object.fromEntries(readings) as Record<MetricKey, SourcedReading>;
}

import { metrics } from '../metrics.ts';
import { hasValue } from '../reading.ts';
import type { StoredSample } from '../history/samples.ts';

/** Header and rows of a CSV after RFC 4180: one row a sample, units in the header, nothing where there was no value. */
export function* csvLines(samples: Iterable<StoredSample>): Generator<string> {
  yield ['time', ...metrics.map(({ key, unit }) => (unit === '' ? key : `${key} [${unit}]`))].join(',');
  for (const { tsMs, frame } of samples) {
    const cells = metrics.map((_, i) => (hasValue(frame, i) ? String(frame.values[i]) : ''));
    yield [new Date(tsMs).toISOString(), ...cells].join(',');
  }
}

import type { MetricKey } from '../../app/metrics/metrics.ts';
import { createFrame, setAbsent, setValue, type Frame } from '../../app/metrics/frame.ts';
import { type Absence } from '../../app/core/reading.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import type { GpuIdentity, SourceInfo } from '../../app/telemetry/source.ts';

/** A frame with some readings; the others were not read. */
export function frameWith(readings: Partial<Record<MetricKey, number | Absence>>): Frame {
  const frame = createFrame();
  for (const [key, reading] of Object.entries(readings) as [MetricKey, number | Absence][]) {
    if (typeof reading === 'number') setValue(frame, key, reading);
    else setAbsent(frame, key, reading);
  }
  return frame;
}

export const testGpu = (index = 0): GpuIdentity => ({
  uuid: `GPU-test-${index}`,
  index,
  name: `Test GPU ${index}`,
  pciBusId: `00000000:0${index + 1}:00.0`,
});

const source: SourceInfo = { kind: 'simulator', label: 'Test', simulated: true };

export const tickWith = (tsMs: number, dtMs: number | undefined, frames: readonly Frame[]): Tick => ({
  seq: 1,
  tsMs,
  dtMs,
  gpus: frames.map((frame, index) => ({ gpu: testGpu(index), frame })),
  source,
  readMs: 0,
});

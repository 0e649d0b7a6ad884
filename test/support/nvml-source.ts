import { onTestFinished } from 'vitest';
import { systemClock } from '../../app/core/clock.node.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf } from '../../app/metrics/frame.ts';
import { type Reading } from '../../app/core/reading.ts';
import { openNvml, type NvmlOptions } from '../../app/telemetry/nvml/source.node.ts';
import type { OpenedSource, SourceSample, TelemetrySource } from '../../app/telemetry/source.ts';
import { threads } from './folders.ts';
import { compileMock } from './mock-nvml.ts';

/** Opens NVML on the stand-in driver, ten times a second, and on a machine of which nothing else is seen. */
export const tryMock = (options: Partial<NvmlOptions> = {}): Promise<OpenedSource> =>
  openNvml({
    clock: systemClock,
    settings: { intervalMs: 100, pcieThroughput: false },
    workerUrl: new URL('nvml-worker.js', threads),
    library: compileMock(),
    pciDevices: '/nonexistent',
    kernelLog: '/nonexistent',
    ...options,
  });

/** As `tryMock`, and closes it after the test. */
export async function openMock(options: Partial<NvmlOptions> = {}): Promise<TelemetrySource> {
  const opened = await tryMock(options);
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(() => opened.value.close());
  return opened.value;
}

export const at = (sample: SourceSample, gpu: number, key: MetricKey): Reading =>
  readingOf(sample.gpus[gpu]!.frame, key);

/** Reads until a sample satisfies, as the sampler would go on doing. */
export async function readUntil(
  source: TelemetrySource,
  satisfied: (sample: SourceSample) => boolean,
  seen: (sample: SourceSample) => void = () => undefined,
): Promise<SourceSample> {
  const until = Date.now() + 15_000;
  for (;;) {
    const sample = await source.read(2_000); // as the sampler does
    seen(sample);
    if (satisfied(sample)) return sample;
    if (Date.now() > until) throw new Error(`it never came to that: ${JSON.stringify(sample.fault)}`);
  }
}

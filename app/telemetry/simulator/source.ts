import type { Clock } from '../../core/clock.ts';
import { text } from '../../core/i18n.ts';
import { createPace } from '../pace.ts';
import { SIMULATED, type GpuIdentity, type TelemetrySource } from '../source.ts';
import { cardModels } from './card.ts';
import { createGpu } from './gpu.ts';
import { createRandom } from './random.ts';

export type SimulatorOptions = {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly count: number;
  readonly seed?: number;
  readonly because?: string;
};

const AMBIENT_C = 24;

/** Simulated GPUs with a thermal model. The same seed gives the same run. */
export function openSimulator({ clock, intervalMs, count, seed = 1, because }: SimulatorOptions): TelemetrySource {
  const startedMs = clock.monoMs();
  const pace = createPace(clock, intervalMs);
  const closing = new AbortController();
  const cards = Array.from({ length: count }, (_, index) => {
    const model = cardModels[index % cardModels.length]!;
    const random = createRandom(seed * 1000 + index);
    const gpu: GpuIdentity = {
      uuid: `${SIMULATED}${String(seed).padStart(4, '0')}-${String(index).padStart(2, '0')}`,
      index,
      name: model.name,
      pciBusId: `00000000:${(index + 1).toString(16).padStart(2, '0').toUpperCase()}:00.0`,
    };
    const ambientC = AMBIENT_C + 3 * random();
    return { gpu, simulated: createGpu(model, ambientC, random, createRandom(seed * 1000 + 500 + index)) };
  });
  return {
    info: () => ({ kind: 'simulator', label: text('telemetry.source.simulator'), simulated: true, because }),
    async read() {
      const cadences = await pace.next(closing.signal);
      const monoMs = clock.monoMs();
      const gpus = cards.map(({ gpu, simulated }) => {
        simulated.advanceTo((monoMs - startedMs) / 1000);
        return { gpu, frame: simulated.frame(cadences) };
      });
      return { gpus, tsMs: clock.wallMs(), monoMs, tookMs: clock.monoMs() - monoMs };
    },
    configure: ({ intervalMs: next }) => pace.setInterval(next),
    async close() {
      closing.abort();
    },
  };
}

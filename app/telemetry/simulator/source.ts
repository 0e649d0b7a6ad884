import type { Clock } from '../../core/clock.ts';
import type { Cadence } from '../../metrics/metrics.ts';
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
  let due: Promise<readonly Cadence[]> | undefined;
  let wake: (() => void) | undefined;
  let asked = false;

  /** Waits for the next moment of the pace, or for a sample that was asked for, which costs the pace nothing. */
  async function next(): Promise<readonly Cadence[]> {
    due ??= pace.next(closing.signal).then((cadences) => {
      due = undefined;
      return cadences;
    });
    const request = new Promise<readonly Cadence[]>((resolve) => (wake = () => resolve(['tick'])));
    if (asked) wake?.();
    const cadences = await Promise.race([due, request]);
    asked = false;
    return cadences;
  }

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
      const cadences = await next();
      const monoMs = clock.monoMs();
      const gpus = cards.map(({ gpu, simulated }) => {
        simulated.advanceTo((monoMs - startedMs) / 1000);
        return { gpu, frame: simulated.frame(cadences) };
      });
      return { gpus, tsMs: clock.wallMs(), monoMs, tookMs: clock.monoMs() - monoMs };
    },
    configure: ({ intervalMs }) => pace.setInterval(intervalMs),
    sampleNow() {
      asked = true;
      wake?.();
    },
    async close() {
      closing.abort();
    },
  };
}

// One GPU-year at 1 Hz: the simulator's physics, and recorded cards stretched into hours of it.
import fs from 'node:fs';
import path from 'node:path';
import { setValue, type Frame } from '../app/metrics/frame.ts';
import { cardModels } from '../app/telemetry/simulator/card.ts';
import { createGpu } from '../app/telemetry/simulator/gpu.ts';
import { createRandom } from '../app/telemetry/simulator/random.ts';
import { HOUR_MS } from '../app/history/open-hour.ts';

export type Moment = { readonly tsMs: number; readonly dtMs: number | undefined; readonly frame: Frame };
type Trace = { readonly powerW: number; readonly tempC: number | undefined; readonly clockMhz: number | undefined }[];

const folder = path.resolve(import.meta.dirname, '../../shared/recordings/traces');

/** Recordings of real cards, where they are beside the checkout. */
function traces(): Trace[] {
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder).map((name) => {
    const [head = '', ...lines] = fs.readFileSync(path.join(folder, name), 'utf8').trim().split(/\r?\n/);
    const names = head.split(',').map((cell) => cell.trim().replace(/ \[.*\]/, ''));
    const [power, temp, clock] = ['power.draw', 'temperature.gpu', 'clocks.current.sm'].map((key) =>
      names.findIndex((cell) => cell === key || (key.startsWith('clocks') && cell.startsWith('clocks'))),
    ) as [number, number, number];
    const number = (cells: readonly string[], at: number): number | undefined => {
      const value = Number.parseFloat(cells[at] ?? '');
      return Number.isFinite(value) ? value : undefined;
    };
    return lines.flatMap((line) => {
      const cells = line.split(',');
      const powerW = number(cells, power);
      return powerW === undefined ? [] : [{ powerW, tempC: number(cells, temp), clockMhz: number(cells, clock) }];
    });
  });
}

/** Every eighth hour plays a recording, stretched so that one of its samples lasts about a second. */
const RECORDED_EVERY = 8;

/** Hours of samples, one after the other, with stamps that jitter by a millisecond as real ones do. */
export function* hoursOf(hours: number, startMs: number): IterableIterator<Moment[]> {
  const recorded = traces().filter((trace) => trace.length > 100);
  const gpu = createGpu(cardModels[0]!, 24, createRandom(1), createRandom(2));
  const random = createRandom(3);
  let previousMs: number | undefined;
  for (let hour = 0; hour < hours; hour++) {
    const moments: Moment[] = [];
    const trace =
      hour % RECORDED_EVERY === 3 ? recorded[Math.floor(hour / RECORDED_EVERY) % recorded.length] : undefined;
    for (let second = 0; second < 3600; second++) {
      const atS = hour * 3600 + second;
      gpu.advanceTo(atS);
      const frame = gpu.frame(second % 5 === 0 ? ['tick', 'slow'] : ['tick']);
      const played = trace?.[second % trace.length];
      if (played) {
        setValue(frame, 'powerW', played.powerW);
        setValue(frame, 'powerInstantW', played.powerW);
        if (played.tempC !== undefined) setValue(frame, 'coreTempC', played.tempC);
        if (played.clockMhz !== undefined) {
          setValue(frame, 'smClockMhz', played.clockMhz);
          setValue(frame, 'graphicsClockMhz', played.clockMhz);
        }
      }
      const jitterMs = random() < 0.1 ? 1 : 0;
      const tsMs = startMs + hour * HOUR_MS + second * 1000 + jitterMs;
      moments.push({ tsMs, dtMs: previousMs === undefined ? undefined : tsMs - previousMs, frame });
      previousMs = tsMs;
    }
    yield moments;
  }
}

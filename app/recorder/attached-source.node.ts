import type { Clock } from '../core/clock.ts';
import { err, ok, type AppError, type Result } from '../core/result.ts';
import { text } from '../core/i18n.ts';
import type { SourceSample, TelemetrySource } from '../telemetry/source.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { attach } from './socket/attach.node.ts';
import type { Place } from './socket/places.node.ts';

export type AttachedSource = {
  readonly source: TelemetrySource;
  /** resolves when the other recorder has ended; the source then gives no more samples */
  readonly over: Promise<AppError>;
};

const FIRST_TICK_MS = 7_000;
/** A tick is on its way for less than this; what looks longer is a clock that was set. */
const LONGEST_WAY_MS = 1_000;
/** Ticks that a recorder does not fetch, because its disk hangs. Older ones are left out; the gap says so. */
const MOST_WAITING = 600;

/**
 * The other recorder's monotonic moment of a tick, on our own monotonic clock. Distances of ticks are the other recorder's
 * own, which read the card; only the first tick, and one after others were missed, is placed by its arrival.
 */
export function createTickClock(clock: Pick<Clock, 'wallMs' | 'monoMs'>) {
  let previous: { readonly seq: number; readonly monoMs: number } | undefined;
  return ({ seq, tsMs, dtMs }: Pick<Tick, 'seq' | 'tsMs' | 'dtMs'>): number => {
    const onItsWayMs = clock.wallMs() - tsMs;
    const arrivedMs = clock.monoMs() - (onItsWayMs > 0 && onItsWayMs < LONGEST_WAY_MS ? onItsWayMs : 0);
    const follows = previous && dtMs !== undefined && seq === previous.seq + 1;
    const monoMs = follows ? previous!.monoMs + dtMs : Math.max(arrivedMs, previous?.monoMs ?? -Infinity);
    previous = { seq, monoMs };
    return monoMs;
  };
}

/** Samples of a recorder in another process: this one does not touch the driver. */
export async function openAttachedSource(places: readonly Place[], clock: Clock): Promise<Result<AttachedSource>> {
  const arrived: SourceSample[] = [];
  const timeOf = createTickClock(clock);
  let wake = (): void => undefined;
  let closed = false;
  let info: Tick['source'] | undefined;
  let end: (why: AppError) => void;
  const over = new Promise<AppError>((resolve) => (end = resolve));

  const connected = await attach({
    find: () => places,
    events: {
      onTick(tick) {
        const isFirst = info === undefined;
        info = tick.source;
        if (isFirst) return wake(); // the newest for a client that comes now: its readings are of several moments
        const { gpus, tsMs, readMs, fault, events } = tick;
        const sample = { gpus, tsMs, monoMs: timeOf(tick), tookMs: readMs };
        arrived.push({ ...sample, ...(fault && { fault }), ...(events && { events }) });
        if (arrived.length > MOST_WAITING) arrived.shift();
        wake();
      },
      onLost(why) {
        if (connected.ok) connected.value.close();
        end(why);
        wake();
      },
    },
  });
  if (!connected.ok) return connected;
  const { value: attached } = connected;

  function next(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  for (const endMs = performance.now() + FIRST_TICK_MS; !info && performance.now() < endMs;) await next(100);
  if (!info) {
    attached.close();
    return err('source-unavailable', text('driver.noTick'), text('socket.silentNext'));
  }

  return ok({
    over,
    source: {
      info: () => info!,
      async read() {
        while (arrived.length === 0 && !closed) await next(60_000);
        return arrived.shift() ?? { gpus: [], tsMs: clock.wallMs(), monoMs: clock.monoMs(), tookMs: 0 };
      },
      configure: () => undefined, // the interval is the other recorder's
      sampleNow: () => void attached.ask('sample.take', undefined),
      async close() {
        closed = true;
        attached.close();
        wake();
      },
    },
  });
}

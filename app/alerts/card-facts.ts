import { xidOf } from '../health/xid.ts';
import { isUnread, valueOf, type Frame } from '../metrics/frame.ts';
import type { MetricKey } from '../metrics/metrics.ts';
import type { GpuEvent, GpuProcess } from '../telemetry/source.ts';
import { DOES_NOT_APPLY, facts, type FactId, type Seen } from './facts.ts';
import { createSlidingSum } from './sliding-sum.ts';
import { createThrottledMinutes } from './throttled-minutes.ts';
import type { Usual } from './usual.ts';

/** A card does nothing below this utilisation, %. */
const IDLE_PCT = 2;
/** A program with less memory than this has no model loaded. */
const MODEL_BYTES = 512 * 2 ** 20;
/** Temperature follows power slowly: both are compared as means over this time. */
const STEADY_MS = 60_000;
const fans = ['fanPct', 'fan2Pct', 'fan3Pct', 'fan4Pct'] as const satisfies readonly MetricKey[];

/** What takes an hour's work to know about a card. Undefined: not known. */
export type SlowCardFacts = { readonly usual?: Usual | undefined; readonly coolingWorseK?: number | undefined };

/** What happened to a card at a tick. `frame` undefined: the card is missing from it. */
export type CardTick = {
  readonly frame: Frame | undefined;
  readonly processes?: readonly GpuProcess[] | undefined;
  readonly events: readonly GpuEvent[];
  readonly lost: boolean;
  readonly stalled: boolean;
  readonly tsMs: number;
  readonly dtMs: number | undefined;
  /** observed time since the start, ms */
  readonly axisMs: number;
};

export type CardFactId = { [Id in FactId]: (typeof facts)[Id]['subject'] extends 'card' ? Id : never }[FactId];

/** Computes the facts of one card from its ticks. */
export function createCardFacts() {
  const throttled = createThrottledMinutes();
  const mean = {
    ms: createSlidingSum(STEADY_MS),
    powerWms: createSlidingSum(STEADY_MS),
    tempCms: createSlidingSum(STEADY_MS),
  };
  let now: CardTick | undefined;
  let holdsModel: boolean | undefined;
  let grave = { code: 0, atMs: -Infinity };

  const read = (key: MetricKey): Seen => {
    if (!now?.frame) return undefined;
    const value = valueOf(now.frame, key);
    return value === undefined && isUnread(now.frame, key) ? 'unread' : value;
  };
  const number = (key: MetricKey): number | undefined => {
    const seen = read(key);
    return typeof seen === 'number' ? seen : undefined;
  };

  function take(tick: CardTick): void {
    now = tick;
    const { frame, dtMs, axisMs } = tick;
    if (tick.processes)
      holdsModel = tick.processes.some(
        ({ type, vramBytes }) => type !== 'graphics' && vramBytes !== undefined && vramBytes >= MODEL_BYTES,
      );
    for (const { code, tsMs } of tick.events) {
      const atMs = axisMs - Math.max(0, tick.tsMs - tsMs); // the kernel repeats at each start what it remembers
      if (xidOf(code).dcgm === 'FAIL' && atMs >= grave.atMs) grave = { code, atMs };
    }
    if (!frame) return;
    throttled.take(frame, dtMs, axisMs);
    const powerW = number('powerW');
    const tempC = number('coreTempC');
    if (dtMs === undefined || powerW === undefined || tempC === undefined) return;
    mean.ms.add(axisMs, dtMs);
    mean.powerWms.add(axisMs, dtMs * powerW);
    mean.tempCms.add(axisMs, dtMs * tempC);
  }

  function aboveUsual(axisMs: number, usual: Usual | undefined): Seen {
    if (!usual) return undefined;
    const ms = mean.ms.sum(axisMs);
    if (ms < 0.9 * STEADY_MS) return undefined;
    const usualC = usual(mean.powerWms.sum(axisMs) / ms);
    return usualC === undefined ? undefined : mean.tempCms.sum(axisMs) / ms - usualC;
  }

  /** Fans are read now and then: between two readings of a fan nothing new is known. */
  function tempWithFansOff(): Seen {
    const speeds = fans.map(read);
    if (speeds[0] === undefined || speeds[0] === 'unread') return speeds[0];
    return speeds.some((speed) => typeof speed === 'number' && speed > 0) ? DOES_NOT_APPLY : read('coreTempC');
  }

  function idleModel(): Seen {
    const powerW = number('powerW');
    const loadPct = number('gpuUtilPct');
    if (holdsModel === undefined || powerW === undefined || loadPct === undefined) return undefined;
    return holdsModel && loadPct <= IDLE_PCT ? powerW : DOES_NOT_APPLY;
  }

  /** The sum of two counters that are read together. */
  function retired(): Seen {
    const sbe = read('retiredPagesSbe');
    const dbe = read('retiredPagesDbe');
    return typeof sbe === 'number' && typeof dbe === 'number' ? sbe + dbe : sbe === 'unread' ? 'unread' : undefined;
  }

  const compute: Readonly<Record<CardFactId, (slow: SlowCardFacts, axisMs: number) => Seen>> = {
    gpuLost: () => (now!.lost ? 1 : 0),
    gpuStalled: () => (now!.stalled ? 1 : 0),
    criticalXid: (_, axisMs) => (axisMs - grave.atMs <= facts.criticalXid.windowMs ? grave.code : 0),
    hwThermalMin: (_, axisMs) => throttled.minutes('hwThermalMin', axisMs),
    swThermalMin: (_, axisMs) => throttled.minutes('swThermalMin', axisMs),
    powerBrakeMin: (_, axisMs) => throttled.minutes('powerBrakeMin', axisMs),
    retiredPages: retired,
    coreTempFansOffC: tempWithFansOff,
    idleModelW: idleModel,
    aboveUsualK: ({ usual }, axisMs) => aboveUsual(axisMs, usual),
    coolingWorseK: ({ coolingWorseK }) => coolingWorseK,
  };

  return {
    take,
    readMetric: read,
    readFact: (id: CardFactId, slow: SlowCardFacts): Seen => (now ? compute[id](slow, now.axisMs) : undefined),
  };
}

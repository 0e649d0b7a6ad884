import { isCardLost } from '../history/events.ts';
import { isMetricKey, metricIndex, type MetricKey } from '../metrics/metrics.ts';
import { readingStates } from '../core/reading.ts';
import type { Frame } from '../metrics/frame.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { sourceKindOf } from '../telemetry/source-kinds.ts';
import { createCardFacts, type CardFactId, type SlowCardFacts } from './card-facts.ts';
import { factOf, type Seen, type Subject, type Watched } from './facts.ts';

/** What the recorder knows about itself and its machine. Undefined: not known. */
export type MachineFacts = {
  readonly recordingPaused: boolean;
  readonly clockImplausible: boolean;
  readonly diskFreeMib?: number | undefined;
  readonly energyTodayKwh?: number | undefined;
  readonly costToday?: number | undefined;
};

export type Around = { readonly machine: MachineFacts; readonly card: (gpuUuid: string) => SlowCardFacts };

const CORE = metricIndex.coreTempC;
const stateOf = ({ states }: Frame) => readingStates[states[CORE]!]!;
/** a card that has slept since the start is named by its slot until it wakes */
const SLOT = 'PCI-';
/** faults of the recorder, not of the source */
const OURS = ['recording-failed', 'clock-not-plausible', 'replay-ended'];

/**
 * Whether the driver as a whole is silent: it responds about no card that is awake. A card that it calls lost is an
 * answer; an unloaded driver calls no single one lost.
 */
function isSilent(tick: Tick): boolean {
  const awake = tick.gpus.filter(({ frame }) => stateOf(frame) !== 'asleep');
  if (awake.length > 0)
    return awake.every(({ frame }) => {
      const state = stateOf(frame);
      return state === 'stalled' || (state === 'lost' && !isCardLost(frame, tick));
    });
  const { fault } = tick;
  return tick.gpus.length === 0 && fault !== undefined && fault.level !== 'warn' && !OURS.includes(fault.code);
}

type Card = {
  gpuName: string;
  readonly facts: ReturnType<typeof createCardFacts>;
  readonly limits: Map<MetricKey, number>;
};

/** Turns ticks into what rules watch: the machine first, then each card that is there or was there. */
export function createFactReader() {
  const cards = new Map<string, Card>();
  let axisMs = 0;

  function cardOf(gpuUuid: string, gpuName: string): Card {
    let card = cards.get(gpuUuid);
    if (!card) cards.set(gpuUuid, (card = { gpuName, facts: createCardFacts(), limits: new Map() }));
    card.gpuName = gpuName;
    return card;
  }

  function machineOf(silent: boolean, machine: MachineFacts): Subject {
    const flag = (is: boolean): number => (is ? 1 : 0);
    const values: Partial<Record<Watched, Seen>> = {
      driverSilent: flag(silent),
      recordingPaused: flag(machine.recordingPaused),
      clockImplausible: flag(machine.clockImplausible),
      diskFreeMib: machine.diskFreeMib,
      energyTodayKwh: machine.energyTodayKwh,
      costToday: machine.costToday,
    };
    return { gpuUuid: null, gpuName: '', read: (watched) => values[watched], limit: () => undefined };
  }

  function subjectOfCard(gpuUuid: string, { gpuName, facts, limits }: Card, slow: SlowCardFacts): Subject {
    return {
      gpuUuid,
      gpuName,
      read(watched) {
        if (isMetricKey(watched)) return facts.readMetric(watched);
        return factOf(watched)!.subject === 'card' ? facts.readFact(watched as CardFactId, slow) : undefined;
      },
      limit(key) {
        const seen = facts.readMetric(key);
        if (typeof seen === 'number') limits.set(key, seen); // limits are read less often than readings
        return limits.get(key);
      },
    };
  }

  return {
    /** A card that an open alert is about: it is missing until it is seen. */
    know: (gpuUuid: string, gpuName: string): void => void cardOf(gpuUuid, gpuName),

    take(tick: Tick, around: Around): { readonly subjects: readonly Subject[]; readonly axisMs: number } {
      axisMs += tick.dtMs ?? 0;
      const silent = isSilent(tick);
      const live = sourceKindOf(tick.source.kind).origin !== 'replayed'; // rows of a log may be about one card each
      const { tsMs, dtMs, events = [] } = tick;
      for (const { gpu } of tick.gpus) cardOf(gpu.uuid, gpu.name);
      const isMissed = (uuid: string): boolean => live && !silent && !uuid.startsWith(SLOT);
      const present = new Map(tick.gpus.map((sample) => [sample.gpu.uuid, sample]));
      for (const [uuid, { facts }] of cards) {
        const sample = present.get(uuid);
        const state = sample && stateOf(sample.frame);
        facts.take({
          frame: sample?.frame,
          processes: sample?.processes,
          events: events.filter(({ gpuUuid }) => gpuUuid === uuid),
          lost: sample === undefined ? isMissed(uuid) : state === 'lost' && !silent,
          stalled: state === 'stalled',
          tsMs,
          dtMs,
          axisMs,
        });
      }
      const subjects = [...cards].map(([uuid, card]) => subjectOfCard(uuid, card, around.card(uuid)));
      return { subjects: [machineOf(silent, around.machine), ...subjects], axisMs };
    },
  };
}

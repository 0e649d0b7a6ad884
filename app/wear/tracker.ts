import { createSteadyDetector } from './cooling/windows.ts';
import type { History, StoredTick } from '../history/history.ts';
import { valueOf } from '../metrics/frame.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { createColumns, wearReadings } from './columns.ts';
import { summariseExposure, type Exposure } from './exposure.ts';
import type { LedgerFile, LedgerShelf } from './ledger/ledger-store.node.ts';
import { cellsOf, hoursInOrder, mergeLedgers, type Ledger } from './ledger/ledger.ts';
import { seqOf } from './meter-state.ts';
import { createMeter, meterTally, type Meter } from './meter.ts';
import { MODEL_VERSION } from './model.ts';
import { putFrame } from './replay.ts';
import { replayCard, type ReplayedCard } from './replay-card.ts';
import type { WearTable } from './table.ts';
import { sumTallies, type Tally } from './tally.ts';

/** What it needs of the history, and where it keeps the meters' states. */
export type WearSources = Pick<History, 'gpus' | 'samplesAfter' | 'replayAll'> & { readonly wear: WearTable };

/** Replays a card's whole history elsewhere, telling how far it is (0–1). */
export type ReplayElsewhere = (gpuId: number, onProgress: (share: number) => void) => Promise<ReplayedCard | undefined>;

type Card = {
  readonly gpuId: number;
  readonly file: LedgerFile;
  meter: Meter;
  steady: ReturnType<typeof createSteadyDetector>;
  fedToId: number;
  /** how far a replay is; undefined when none runs */
  replaying: number | undefined;
  /** sum of the ended hours of this model version, and for how many hours of the ledger it holds */
  ended: Tally | undefined;
};

export type WearTracker = {
  readonly feed: (tick: Tick, stored: readonly StoredTick[]) => void;
  readonly exposureOf: (gpuUuid: string) => Exposure | undefined;
  readonly ledgerOf: (gpuUuid: string) => LedgerFile | undefined;
  /** what the card has been through by its ledger and the hour that goes on, whatever the model version of its hours */
  readonly lifeOf: (
    gpuUuid: string,
  ) => { readonly ledger: Ledger; readonly revision: number; readonly current: Tally } | undefined;
  /** the card's default power limit and its slowdown limit, as last read */
  readonly limitOf: (gpuUuid: string) => number | undefined;
  readonly slowdownOf: (gpuUuid: string) => number | undefined;
  /** how far the replay of a card's history is, 0–1; undefined when none runs */
  readonly replayOf: (gpuUuid: string) => number | undefined;
  /** Writes the states down. What is fed after it is fed again from the history at the next start. */
  readonly save: () => void;
};

/**
 * Keeps the exposure of every card. Ended hours go into the card's ledger; the state of the hour that goes on is kept with
 * the history, and the samples that came after it are fed again at the start, so a killed process loses nothing. When the
 * model version has changed, or the ledger is gone, the whole history is run again: by `elsewhere` if given, and what is
 * sampled meanwhile is taken from the history afterwards.
 */
export function createWearTracker(store: WearSources, shelf: LedgerShelf, elsewhere?: ReplayElsewhere): WearTracker {
  const cards = new Map<string, Card>();
  const one = createColumns(1);
  const slowdowns = new Map<string, number>();

  function meterFor(
    card: Pick<Card, 'file'> & { ended: Tally | undefined },
    saved?: Parameters<typeof createMeter>[1],
  ) {
    return createMeter((hour) => {
      card.file.append([{ hour }]);
      card.ended = undefined;
    }, saved);
  }

  function cardOf(gpuId: number, uuid: string, name: string): Card {
    const known = cards.get(uuid);
    if (known) return known;
    const file = shelf.open(uuid, name);
    const base = { gpuId, file, fedToId: 0, replaying: undefined, ended: undefined };
    const card = { ...base } as Card;
    card.meter = meterFor(card);
    card.steady = createSteadyDetector((window) => file.append([{ window }]));
    cards.set(uuid, card);
    return card;
  }

  const catchUp = (card: Card): void => {
    for (const { id, tsMs, dtMs, frame } of store.samplesAfter(card.gpuId, card.fedToId)) {
      putFrame(one, 0, tsMs, dtMs, frame);
      card.meter.feed(one);
      card.steady.feed(one);
      card.fedToId = id;
    }
  };

  function take(card: Card, { cells, windows, state, fedToId }: ReplayedCard): void {
    const { ledger, replace } = card.file;
    const hours = new Map<number, { hourMs: number; parts: typeof cells }>();
    for (const cell of cells)
      hours.set(cell.hourMs, { hourMs: cell.hourMs, parts: [...(hours.get(cell.hourMs)?.parts ?? []), cell] });
    const merged = mergeLedgers(ledger(), {
      ...ledger(),
      hours,
      marks: new Map(),
      windows: new Map(windows.map((window) => [window.tsMs, window])),
      events: new Map(),
    });
    if (merged.ok) replace(merged.value);
    card.ended = undefined;
    card.meter = meterFor(card, state);
    card.fedToId = fedToId;
    card.replaying = undefined;
    catchUp(card);
  }

  for (const { id, uuid, name } of store.gpus.list()) {
    const card = cardOf(id, uuid, name);
    const saved = store.wear.load(id);
    // the hour before the one that goes on must be in the ledger: else the file was lost
    const whole =
      !saved ||
      seqOf(saved.state) === 0 ||
      [...card.file.ledger().hours.values()].some(({ parts }) =>
        parts.some(({ seq }) => seq === seqOf(saved.state) - 1),
      );
    if (saved && saved.modelVersion === MODEL_VERSION && whole) {
      card.meter = meterFor(card, saved.state);
      card.fedToId = saved.fedToId;
      catchUp(card);
    } else if (!elsewhere) take(card, replayCard(store.replayAll(id, wearReadings)));
    else {
      card.replaying = 0;
      void elsewhere(id, (share) => (card.replaying = share)).then((replayed) => {
        // a replay that failed or was stopped is begun again at the next start: until then nothing is modelled
        if (replayed) take(card, replayed);
      });
    }
  }

  const endedOf = (card: Card): Tally =>
    (card.ended ??= sumTallies(cellsOf(card.file.ledger(), MODEL_VERSION).map(({ tally }) => tally)));

  return {
    feed(tick, stored) {
      for (const { gpuUuid, tsMs, kind, code, text = '' } of tick.events ?? []) {
        cards.get(gpuUuid)?.file.append([{ event: { tsMs, kind, code, text } }]);
      }
      tick.gpus.forEach(({ gpu, frame }, i) => {
        const { gpuId, sampleId } = stored[i]!;
        const card = cardOf(gpuId, gpu.uuid, gpu.name);
        const slowdownC = valueOf(frame, 'tempSlowdownC');
        if (slowdownC !== undefined) slowdowns.set(gpu.uuid, slowdownC);
        if (card.replaying !== undefined) return; // it will be taken from the history
        putFrame(one, 0, tick.tsMs, tick.dtMs, frame);
        card.meter.feed(one);
        card.steady.feed(one);
        card.fedToId = sampleId;
      });
    },
    exposureOf(gpuUuid) {
      const card = cards.get(gpuUuid);
      if (!card || card.replaying !== undefined) return undefined; // half a life would pass for a whole one
      const first = hoursInOrder(card.file.ledger()).find(({ parts }) => parts[0]?.modelVersion === MODEL_VERSION);
      const sinceMs = first?.parts[0]?.firstMs ?? card.meter.current()?.firstMs;
      return summariseExposure(meterTally([endedOf(card)], card.meter), {
        sinceMs,
        untilMs: card.meter.lastMs(),
        defaultLimitW: card.meter.limitW(),
      });
    },
    ledgerOf: (gpuUuid) => cards.get(gpuUuid)?.file,
    lifeOf(gpuUuid) {
      const card = cards.get(gpuUuid);
      if (!card) return undefined;
      const { ledger, revision } = card.file;
      return { ledger: ledger(), revision: revision(), current: meterTally([], card.meter) };
    },
    limitOf: (gpuUuid) => cards.get(gpuUuid)?.meter.limitW(),
    slowdownOf: (gpuUuid) => slowdowns.get(gpuUuid),
    replayOf: (gpuUuid) => cards.get(gpuUuid)?.replaying,
    save() {
      for (const { gpuId, fedToId, meter, replaying } of cards.values()) {
        if (replaying === undefined) store.wear.save(gpuId, fedToId, meter.save());
      }
    },
  };
}

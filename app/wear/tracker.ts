import { createSteadyDetector } from './cooling/windows.ts';
import type { History, StoredTick } from '../history/history.ts';
import { valueOf } from '../metrics/frame.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { createColumns, wearReadings } from './columns.ts';
import { summariseExposure, type Exposure } from './exposure.ts';
import type { LedgerFile, LedgerStore } from './ledger/ledger-store.node.ts';
import { cellsOf, hoursInOrder, mergeLedgers, withCell, type Ledger, type LedgerHour } from './ledger/ledger.ts';
import { seqOf } from './meter-state.ts';
import { createMeter, meterTally, type Meter } from './meter.ts';
import { MODEL_VERSION } from './model.ts';
import { putFrame } from './replay.ts';
import { replayCard, type ReplayedCard } from './replay-card.ts';
import type { WearTable } from './table.ts';
import { sumTallies, type Tally } from './tally.ts';

/** The parts of the history that it reads, and the table of the meters' states. */
export type WearSources = Pick<History, 'gpus' | 'samplesAfter' | 'replayAll'> & { readonly wear: WearTable };

/** Replays a card's whole history in another thread and reports progress (0–1). */
export type ReplayElsewhere = (gpuId: number, onProgress: (share: number) => void) => Promise<ReplayedCard | undefined>;

type Card = {
  readonly gpuId: number;
  readonly file: LedgerFile;
  meter: Meter;
  steady: ReturnType<typeof createSteadyDetector>;
  fedToId: number;
  /** progress of a replay, 0–1; undefined if none is running */
  replaying: number | undefined;
  /** sum of the ended hours of this model version; undefined if it must be computed again */
  ended: Tally | undefined;
};

export type WearTracker = {
  readonly feed: (tick: Tick, stored: readonly StoredTick[]) => void;
  readonly exposureOf: (gpuUuid: string) => Exposure | undefined;
  readonly ledgerOf: (gpuUuid: string) => LedgerFile | undefined;
  /** the card's ledger and its current hour, for hours of every model version */
  readonly lifeOf: (
    gpuUuid: string,
  ) => { readonly ledger: Ledger; readonly revision: number; readonly current: Tally } | undefined;
  /** the card's default power limit, W, and its slowdown limit, °C, as last read */
  readonly limitOf: (gpuUuid: string) => number | undefined;
  readonly slowdownOf: (gpuUuid: string) => number | undefined;
  /** progress of the replay of a card's history, 0–1; undefined if none is running */
  readonly replayOf: (gpuUuid: string) => number | undefined;
  /** Stores the states. Samples fed after this are fed again from the history at the next start. */
  readonly save: () => void;
};

/**
 * Tracks the exposure of every card. Ended hours go into the card's ledger. The state of the current hour is stored with
 * the history, and newer samples are fed again at the next start, so a killed process loses nothing. If the model version
 * changed or the ledger is missing, the whole history is replayed: by `elsewhere` if given. Samples recorded during a
 * replay are read from the history afterwards.
 */
export function createWearTracker(store: WearSources, ledgers: LedgerStore, elsewhere?: ReplayElsewhere): WearTracker {
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
    const existing = cards.get(uuid);
    if (existing) return existing;
    const file = ledgers.open(uuid, name);
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
    const hours = new Map<number, LedgerHour>();
    for (const cell of cells) hours.set(cell.hourMs, withCell(hours.get(cell.hourMs), cell));
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
    // the hour before the current one must be in the ledger; otherwise the file was lost
    const whole =
      !saved ||
      seqOf(saved.state) === 0 ||
      [...card.file.ledger().hours.values()].some(({ cells }) =>
        cells.some(({ seq }) => seq === seqOf(saved.state) - 1),
      );
    if (saved && saved.modelVersion === MODEL_VERSION && whole) {
      card.meter = meterFor(card, saved.state);
      card.fedToId = saved.fedToId;
      catchUp(card);
    } else if (!elsewhere) take(card, replayCard(store.replayAll(id, wearReadings)));
    else {
      card.replaying = 0;
      void elsewhere(id, (share) => (card.replaying = share)).then((replayed) => {
        // a replay that failed or was stopped is repeated at the next start; until then nothing is modelled
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
        if (card.replaying !== undefined) return; // it will be read from the history
        putFrame(one, 0, tick.tsMs, tick.dtMs, frame);
        card.meter.feed(one);
        card.steady.feed(one);
        card.fedToId = sampleId;
      });
    },
    exposureOf(gpuUuid) {
      const card = cards.get(gpuUuid);
      if (!card || card.replaying !== undefined) return undefined; // an incomplete sum must not look like the whole life
      const first = hoursInOrder(card.file.ledger()).find(({ cells }) => cells[0]?.modelVersion === MODEL_VERSION);
      const sinceMs = first?.cells[0]?.firstMs ?? card.meter.current()?.firstMs;
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

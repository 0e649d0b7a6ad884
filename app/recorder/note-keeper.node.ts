import type { OwnCost } from '../core/own-cost.ts';
import { writeRecorder, type Recorder } from '../core/recorder-note.node.ts';
import type { Tick } from '../telemetry/sampler.ts';

export type NoteKeeper = {
  /** Writes the note if this tick changes what it says about cards, interval or fault. */
  readonly tick: (tick: Tick) => void;
  /** Writes the note with the cost of the last minute. */
  readonly write: () => void;
};

export type NoteOptions = {
  readonly folder: string;
  /** what does not change while this process records */
  readonly fixed: Pick<Recorder, 'pid' | 'databaseFile' | 'source' | 'startedBy' | 'sinceMs'>;
  readonly intervalMs: () => number;
  readonly cost: () => OwnCost;
  readonly wallMs: () => number;
};

/** Keeps the note by which other programs find this recorder and `slowburn status` describes it. */
export function createNoteKeeper({ folder, fixed, intervalMs, cost, wallMs }: NoteOptions): NoteKeeper {
  let cards: readonly string[] = [];
  let fault: Recorder['fault'];
  let notedInterval: number | undefined;
  let lastCost: OwnCost | undefined;

  function write(): void {
    notedInterval = intervalMs();
    try {
      writeRecorder(folder, {
        ...fixed,
        notedMs: wallMs(),
        intervalMs: notedInterval,
        cards: [...cards],
        ...(fault && { fault }),
        ...(lastCost && { cost: lastCost }),
      });
    } catch {
      // The disk is full or gone. Readers see an old note, and say since when the recorder has not reported.
    }
  }

  return {
    tick({ gpus, fault: found }) {
      const sameCards = cards.length === gpus.length && gpus.every(({ gpu }, index) => gpu.name === cards[index]);
      if (sameCards && fault?.message === found?.message && notedInterval === intervalMs()) return;
      cards = gpus.map(({ gpu }) => gpu.name);
      fault = found && { message: found.message, ...(found.next !== undefined && { next: found.next }) };
      write();
    },
    write() {
      lastCost = cost();
      write();
    },
  };
}

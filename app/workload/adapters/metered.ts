import type { MeterNote } from '../meter/note.node.ts';
import { statusFromMeter } from './meter-status.ts';
import { createSessionOutputs } from './session-outputs.ts';

const nothing: MeterNote = {
  pid: 1,
  upstreamPort: null,
  requests: 0,
  running: 0,
  tokens: 0,
  promptTokens: 0,
  images: 0,
  inexact: 0,
  busyMs: 0,
};
const SUMS = ['requests', 'tokens', 'promptTokens', 'images', 'inexact'] as const;

/** Counts what passes all meters from now on. For a command that is a client: which requests are its own is not known. */
export function countMetered(meters: () => readonly MeterNote[], wallMs: () => number) {
  const outputs = createSessionOutputs();
  /** what each meter had counted when it was first seen, and what it counts now */
  const began = new Map<number, MeterNote>(meters().map((note) => [note.pid, note]));
  const latest = new Map<number, MeterNote>(began);
  let model: string | undefined;
  let requests = 0;
  outputs.add(statusFromMeter(nothing), wallMs());

  return {
    look(): void {
      const sum = { ...nothing };
      // a meter that has ended keeps what it counted last
      for (const note of meters()) latest.set(note.pid, note);
      for (const [pid, note] of latest) {
        const before = began.get(pid) ?? nothing;
        for (const key of SUMS) sum[key] += note[key] - before[key];
        if (note.requests > before.requests) model = note.model ?? model;
      }
      ({ requests } = sum);
      outputs.add(statusFromMeter({ ...sum, ...(model && { model }) }), wallMs());
    },
    /** Undefined: no answer with outputs passed a meter. */
    result() {
      const made = outputs.outputs('meter', false);
      if (!made || made.count === 0) return undefined;
      return { outputs: made, marks: outputs.marks(), model, requests };
    },
  };
}

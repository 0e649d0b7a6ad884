import type { Result } from '../core/result.ts';

/** A change made by hand that is not confirmed is taken back after this: a person who sees nothing cannot confirm. */
export const CONFIRM_MS = 15_000;

export type Pending = { readonly gpuUuid: string; readonly capW: number; readonly untilMs: number };

export type ByHandOptions = {
  readonly setCap: (gpuUuid: string, watts: number) => Promise<Result<undefined>>;
  readonly releaseCap: (gpuUuid: string) => Promise<Result<undefined>>;
  readonly wallMs: () => number;
  readonly after?: (ms: number, task: () => void) => () => void;
};

const timeout = (ms: number, task: () => void): (() => void) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** A power cap set by hand: in force at once, reverted unless it is confirmed in time, and let go when asked. */
export function createByHand({ setCap, releaseCap, wallMs, after = timeout }: ByHandOptions) {
  const pending = new Map<string, Pending & { readonly cancel: () => void }>();
  const kept = new Map<string, number>();

  async function revert(gpuUuid: string): Promise<Result<undefined>> {
    pending.get(gpuUuid)?.cancel();
    pending.delete(gpuUuid);
    const before = kept.get(gpuUuid);
    return before === undefined ? releaseCap(gpuUuid) : setCap(gpuUuid, before);
  }

  return {
    try: async (gpuUuid: string, capW: number): Promise<Result<undefined>> => {
      const set = await setCap(gpuUuid, capW);
      if (!set.ok) return set;
      pending.get(gpuUuid)?.cancel();
      const cancel = after(CONFIRM_MS, () => void revert(gpuUuid));
      pending.set(gpuUuid, { gpuUuid, capW, untilMs: wallMs() + CONFIRM_MS, cancel });
      return set;
    },
    /** Too late or never tried: false. */
    confirm: (gpuUuid: string): boolean => {
      const change = pending.get(gpuUuid);
      if (!change) return false;
      change.cancel();
      pending.delete(gpuUuid);
      kept.set(gpuUuid, change.capW);
      return true;
    },
    /** The card's own cap again. */
    release: (gpuUuid: string): Promise<Result<undefined>> => {
      kept.delete(gpuUuid);
      return revert(gpuUuid);
    },
    /** The limit helper has undone everything. */
    forget: (): void => {
      for (const { cancel } of pending.values()) cancel();
      pending.clear();
      kept.clear();
    },
    /** Does a person govern this card by hand now? */
    has: (gpuUuid: string): boolean => kept.has(gpuUuid) || pending.has(gpuUuid),
    any: (): boolean => kept.size > 0 || pending.size > 0,
    kept: () => [...kept].map(([gpuUuid, capW]) => ({ gpuUuid, capW })),
    pending: (): readonly Pending[] =>
      [...pending.values()].map(({ gpuUuid, capW, untilMs }) => ({ gpuUuid, capW, untilMs })),
  };
}

import type { Result } from '../core/result.ts';
import type { PendingLimit } from './schema.ts';

/** A manual limit reverts after this unless it is confirmed: a user whose screen went dark cannot confirm. */
export const CONFIRM_MS = 15_000;

export type ByHandOptions = {
  readonly setLimit: (gpuUuid: string, watts: number) => Promise<Result<undefined>>;
  readonly restoreLimit: (gpuUuid: string) => Promise<Result<undefined>>;
  readonly wallMs: () => number;
  readonly after?: (ms: number, task: () => void) => () => void;
};

const timeout = (ms: number, task: () => void): (() => void) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** Manual power limits: in force at once, reverted unless confirmed in time, released on request. */
export function createByHand({ setLimit, restoreLimit, wallMs, after = timeout }: ByHandOptions) {
  const pending = new Map<string, PendingLimit & { readonly cancel: () => void }>();
  const kept = new Map<string, number>();

  async function revert(gpuUuid: string): Promise<Result<undefined>> {
    pending.get(gpuUuid)?.cancel();
    pending.delete(gpuUuid);
    const before = kept.get(gpuUuid);
    return before === undefined ? restoreLimit(gpuUuid) : setLimit(gpuUuid, before);
  }

  return {
    try: async (gpuUuid: string, limitW: number): Promise<Result<undefined>> => {
      const set = await setLimit(gpuUuid, limitW);
      if (!set.ok) return set;
      pending.get(gpuUuid)?.cancel();
      const cancel = after(CONFIRM_MS, () => void revert(gpuUuid));
      pending.set(gpuUuid, { gpuUuid, limitW, untilMs: wallMs() + CONFIRM_MS, cancel });
      return set;
    },
    /** False: too late, or never tried. */
    confirm: (gpuUuid: string): boolean => {
      const change = pending.get(gpuUuid);
      if (!change) return false;
      change.cancel();
      pending.delete(gpuUuid);
      kept.set(gpuUuid, change.limitW);
      return true;
    },
    /** Restores the card's own limit. */
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
    /** Is a manual limit in force on this card? */
    has: (gpuUuid: string): boolean => kept.has(gpuUuid) || pending.has(gpuUuid),
    any: (): boolean => kept.size > 0 || pending.size > 0,
    kept: () => [...kept].map(([gpuUuid, limitW]) => ({ gpuUuid, limitW })),
    pending: (): readonly PendingLimit[] =>
      [...pending.values()].map(({ gpuUuid, limitW, untilMs }) => ({ gpuUuid, limitW, untilMs })),
  };
}

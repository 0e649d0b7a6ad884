import { valueOf } from '../../metrics/frame.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import { LOADED_UTIL_PCT, type Program } from '../programs/programs.ts';
import type { Began, Sign } from './detect.ts';

/** Lists come every five seconds; a longer time between two of them is a pause. */
const LONGEST_LIST_MS = 10_000;

/**
 * Follows each card's utilisation between two lists of processes. A list comes every few seconds, so that a program is
 * known to work only later: its work began with the card's load, unless another program was known to cause that.
 */
export function createLoadStarts() {
  /** when the present load of a card began, while no program is known to cause it */
  const starts = new Map<string, Began>();
  let loaded: ReadonlyMap<string, boolean> = new Map();
  let nowMs = 0;
  let listed = false;
  /** the list before this tick: it did not show the work of a program that is new */
  let listedMs = -Infinity;
  /** a list shows a mean since the list before, so work that began shortly ahead of it stays below what counts as load */
  let unseenMs = 0;

  return {
    /** @param hasLists the tick brought lists of processes */
    feed({ tsMs, dtMs, gpus }: Tick, hasLists: boolean): void {
      if (dtMs === undefined) starts.clear(); // what happened in a gap is not known
      if (listed) {
        unseenMs = Math.min(nowMs - listedMs, LONGEST_LIST_MS) * (LOADED_UTIL_PCT / 100);
        listedMs = nowMs;
      }
      const previousMs = nowMs;
      nowMs = tsMs;
      listed = hasLists;
      loaded = new Map(
        gpus.flatMap(({ gpu, frame }) => {
          const util = valueOf(frame, 'gpuUtilPct');
          return util === undefined ? [] : [[gpu.uuid, util >= LOADED_UTIL_PCT] as const];
        }),
      );
      for (const { gpu } of gpus) {
        if (!loaded.get(gpu.uuid)) starts.delete(gpu.uuid);
        else if (!starts.has(gpu.uuid) && dtMs !== undefined)
          starts.set(gpu.uuid, { fromMs: previousMs, beganByMs: tsMs });
      }
    },

    /** Whether a program works at this very tick, and when the load began that is its own. */
    signOf({ gpuUuids, running }: Program): Sign {
      const now = listed || Boolean(running) || gpuUuids.some((uuid) => loaded.get(uuid) ?? true);
      const start = gpuUuids.length === 1 ? starts.get(gpuUuids[0]!) : undefined;
      if (!start || start.fromMs >= listedMs || start.beganByMs > listedMs - unseenMs) return { now, loadBegan: start };
      return { now, loadBegan: { fromMs: listedMs, beganByMs: nowMs } };
    },

    /** Notes on which cards a program is known to work: a later program did not cause their present load. */
    claim(gpuUuids: readonly string[]): void {
      for (const uuid of gpuUuids) starts.delete(uuid);
    },
  };
}

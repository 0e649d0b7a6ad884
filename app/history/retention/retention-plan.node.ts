import fs from 'node:fs';
import { z } from '../../core/zod.ts';
import { writeAtomically } from '../../core/atomic-write.node.ts';
import { readOwnFile } from '../../core/read-input.node.ts';
import { follow, GRACE_MS, mature, type GracedLimit, type Limit, type ShownLimit, type ShownLimits } from './grace.ts';
import type { GivenLimits, LimitField } from './limits.ts';
import type { RetentionRule } from './retention.ts';

export type RetentionPlan = {
  /** Takes limits from the settings. */
  readonly follow: (given: GivenLimits, nowMs: number) => void;
  /** What may be deleted now. @param believedMs see grace.ts */
  readonly ruleAt: (nowMs: number, believedMs: number) => RetentionRule;
  readonly shown: () => ShownLimits;
};

const limit = z.object({
  inForce: z.number().positive().nullable(),
  pending: z.object({ value: z.number().positive(), sinceMs: z.number() }).optional(),
});
const schema = z.object({ retentionDays: limit, historyCapMb: limit });
type State = Record<LimitField, GracedLimit>;

const MOST_BYTES = 65_536;
const fileOf = (databaseFile: string): string => databaseFile.replace(/\.db$/, '') + '.retention.json';

/** The limits of a history and what waits; undefined: not noted, or not to be read. */
function readState(databaseFile: string): State | undefined {
  const found = readOwnFile(fileOf(databaseFile), MOST_BYTES);
  if (!found.ok || !found.value) return undefined;
  try {
    return schema.parse(JSON.parse(found.value.toString('utf8')));
  } catch {
    return undefined; // nothing is known of limits before: those of the settings wait their time
  }
}

const show = (state: State, given: GivenLimits): ShownLimits => {
  const shown = (field: LimitField): ShownLimit => {
    const { inForce, pending } = state[field];
    const waiting = pending ? { value: pending.value, fromMs: pending.sinceMs + GRACE_MS } : null;
    return { suspended: !(field in given), inForce, pending: waiting };
  };
  return { retentionDays: shown('retentionDays'), historyCapMb: shown('historyCapMb') };
};

/** The limits of a history that somebody else records into, as they were noted last. */
export function readPlan(databaseFile: string, given: GivenLimits): ShownLimits | undefined {
  const state = readState(databaseFile);
  return state && show(state, given);
}

/**
 * Which limits a history keeps to now. A tighter limit waits 24 hours, noted beside the history so that a restart does
 * not shorten it; until then the one before holds. Where no limit before is known, nothing is deleted meanwhile.
 * @param empty the history holds nothing yet: there is nothing to wait for
 */
export function openRetentionPlan(
  databaseFile: string,
  given: GivenLimits,
  empty: boolean,
  nowMs: number,
): RetentionPlan {
  const known = readState(databaseFile);
  const unknown = (field: LimitField): GracedLimit => ({ inForce: empty ? (given[field] ?? null) : null });
  let wanted = given;
  let state: State = known ?? { retentionDays: unknown('retentionDays'), historyCapMb: unknown('historyCapMb') };
  let noted = known ? JSON.stringify(known) : '';

  function keep(next: State): void {
    state = next;
    const text = JSON.stringify(state);
    if (text === noted) return;
    try {
      writeAtomically(fileOf(databaseFile), `${text}\n`);
      noted = text;
    } catch {
      // a disk that fails: what was noted before makes a limit wait longer after a restart, never shorter
    }
  }
  const each = (change: (limit: GracedLimit, field: LimitField) => GracedLimit): State => ({
    retentionDays: change(state.retentionDays, 'retentionDays'),
    historyCapMb: change(state.historyCapMb, 'historyCapMb'),
  });
  const followAll = (next: GivenLimits, atMs: number): void => {
    wanted = next;
    keep(each((limit, field) => follow(limit, next[field], atMs)));
  };
  followAll(given, nowMs);

  return {
    follow: followAll,
    ruleAt(atMs, believedMs) {
      keep(each((limit) => mature(limit, atMs, believedMs)));
      const of = (field: LimitField): Limit => (field in wanted ? state[field].inForce : null);
      return { retentionDays: of('retentionDays'), historyCapMb: of('historyCapMb') };
    },
    shown: () => show(state, wanted),
  };
}

export const removePlan = (databaseFile: string): void => fs.rmSync(fileOf(databaseFile), { force: true });

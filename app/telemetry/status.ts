import { readingOf, valueOf, type Frame } from '../metrics/frame.ts';
import { type Absence } from '../core/reading.ts';
import { leadingCause } from '../metrics/throttle-reasons.ts';

/**
 * The one plain sentence about a GPU: a key under `status.` in the language files and its numbers. The worst comes
 * first: absent, slowed, limited, working, idle.
 */
export type Status = {
  readonly key:
    | 'asleep'
    | 'lost'
    | 'stalled'
    | 'denied'
    | 'unsupported'
    | 'failed'
    | 'implausible'
    | 'unreported'
    | 'unread'
    | 'slowedByHeat'
    | 'slowedByBrake'
    | 'slowed'
    | 'powerLimited'
    | 'working'
    | 'idle';
  /** degrees left to the slowdown limit, where both are known */
  readonly marginK: number | undefined;
  readonly level: 'quiet' | 'ok' | 'warn' | 'act' | 'absent';
};

const absenceLevel: Record<Absence, Status['level']> = {
  unread: 'absent',
  unsupported: 'absent',
  unreported: 'absent',
  asleep: 'absent',
  denied: 'warn',
  stalled: 'warn',
  failed: 'warn',
  implausible: 'warn',
  lost: 'act',
};

const WORKING_PCT = 5;

/** @param slowdownC the last known slowdown limit (it is read seldom) */
export function statusOf(frame: Frame, slowdownC: number | undefined): Status {
  const core = readingOf(frame, 'coreTempC');
  if (core.state !== 'value') return { key: core.state, marginK: undefined, level: absenceLevel[core.state] };
  const marginK = slowdownC === undefined ? undefined : slowdownC - core.value;
  const cause = leadingCause(valueOf(frame, 'throttleReasons') ?? 0);
  const load = valueOf(frame, 'gpuUtilPct') ?? 0;
  if (cause === 'heat') return { key: 'slowedByHeat', marginK, level: 'act' };
  if (cause === 'power-brake') return { key: 'slowedByBrake', marginK, level: 'warn' };
  if (cause === 'power-cap') return { key: 'powerLimited', marginK, level: 'ok' };
  if (cause === 'unclear') return { key: 'slowed', marginK, level: 'warn' };
  return load >= WORKING_PCT ? { key: 'working', marginK, level: 'ok' } : { key: 'idle', marginK, level: 'quiet' };
}

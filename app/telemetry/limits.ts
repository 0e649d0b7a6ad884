import { setAbsent, setValue, valueOf, type Frame } from '../metrics/frame.ts';

/** T.Limit offsets as a card reports them: degrees relative to its thermal limit, often 0 or negative. */
export type TLimitOffsets = { readonly shutdown?: number; readonly slowdown?: number; readonly max?: number };

const DERIVED = [
  ['tempShutdownC', 'shutdown'],
  ['tempSlowdownC', 'slowdown'],
  ['tempMaxC', 'max'],
] as const;

/**
 * Ada and later report how far they are from the limit instead of the limit. Absolute limit = temperature + margin −
 * offset, from readings of the same moment; good to 1–2 °C because both are whole degrees. A limit that cannot be
 * derived keeps the state it had.
 */
export function deriveLimits(frame: Frame, offsets: TLimitOffsets): void {
  const core = valueOf(frame, 'coreTempC');
  const margin = valueOf(frame, 'tempMarginK');
  if (core === undefined || margin === undefined) return;
  for (const [key, name] of DERIVED) {
    const offset = offsets[name];
    if (offset !== undefined && valueOf(frame, key) === undefined) setValue(frame, key, core + margin - offset, true);
  }
}

/** A limit of 0 °C means "no limit" (seen on laptop GPUs). */
export function dropZeroLimits(frame: Frame): void {
  for (const key of ['tempShutdownC', 'tempSlowdownC', 'tempMaxC', 'tempTargetC', 'memMaxTempC'] as const) {
    if (valueOf(frame, key) === 0) setAbsent(frame, key, 'unsupported');
  }
}

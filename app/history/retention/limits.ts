import * as z from 'zod';

/** days that samples are kept at full resolution; roll-ups are kept for ever */
export const retentionDays = z.int().min(1).max(36_500);
/** the history's file may grow to so many MB, the oldest full resolution going first; null: no limit */
export const historyCapMb = z.int().min(50).max(100_000_000).nullable();

/** The settings that delete samples. A default for them may cost a person their history (settings/read-settings.ts). */
export const limitFields = ['retentionDays', 'historyCapMb'] as const;
export type LimitField = (typeof limitFields)[number];

/** The limits that settings give. A field that is not there suspends deletion by it. */
export type GivenLimits = { readonly [F in LimitField]?: number | null };

export const limitsOf = (
  settings: Readonly<Record<LimitField, number | null>>,
  suspended: readonly LimitField[],
): GivenLimits =>
  Object.fromEntries(
    limitFields.filter((field) => !suspended.includes(field)).map((field) => [field, settings[field]]),
  );

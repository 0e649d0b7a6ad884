/** The settings that delete samples. A wrong default for them could delete a user's history (settings/read-settings.ts). */
export const limitFields = ['retentionDays', 'historyCapMb'] as const;
export type LimitField = (typeof limitFields)[number];

/** The limits that the settings give. Nothing is deleted by a limit that is absent. */
export type GivenLimits = { readonly [F in LimitField]?: number | null };

export const limitsOf = (
  settings: Readonly<Record<LimitField, number | null>>,
  suspended: readonly LimitField[],
): GivenLimits =>
  Object.fromEntries(
    limitFields.filter((field) => !suspended.includes(field)).map((field) => [field, settings[field]]),
  );

export const familyIds = ['M1', 'M2', 'M3', 'M4', 'M5'] as const;
export type FamilyId = (typeof familyIds)[number];

/** Why a family is not computed. */
export const familyOffs = ['not-observed', 'no-power', 'no-default-limit', 'no-memory-sensor', 'no-fan'] as const;
export type FamilyOff = (typeof familyOffs)[number];

/** How well the form of a family is established. It does not say how well the family fits this card. */
export const confidences = ['medium', 'low'] as const;

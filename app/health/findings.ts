import { en } from '../core/locales/en.ts';

/** From best to worst. `not-measurable` says nothing about the card, only about what it reports. */
export const verdicts = ['not-measurable', 'no-fault', 'watch', 'act'] as const;
export type Verdict = (typeof verdicts)[number];

export const factIds = ['xid', 'ecc', 'pages', 'rows', 'sram', 'pcie', 'nvlink', 'recovery', 'throttle'] as const;
export type FactId = (typeof factIds)[number];

/** Findings of a fact that is not measurable: the card reports nothing, or its counters were read only once so far. */
export const silent = ['none', 'notYet'] as const;

/** What one fact can say: the sentences of the language files, and why it says nothing. */
export type FindingOf<Id extends FactId> = keyof (typeof en.health)[Id] & string;
export type SilentFinding = `${FactId}.${(typeof silent)[number]}`;
export type Finding = { [Id in FactId]: `${Id}.${FindingOf<Id>}` }[FactId];

/** Every finding, for schemas. */
export const findings = factIds.flatMap((id) =>
  [...Object.keys(en.health[id]), ...silent].map((finding) => `${id}.${finding}`),
) as [Finding | SilentFinding, ...(Finding | SilentFinding)[]];

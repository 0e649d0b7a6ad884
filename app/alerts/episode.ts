import type { Severity } from './rule-row.ts';
import { alertRuleOf, covers } from './rules.ts';
import type { AlertName, StoredAlert } from './schema.ts';

/** What happens to an episode. `told`: its message was sent. */
export type AlertEvent =
  | {
      readonly kind: 'fired';
      readonly gpuName: string;
      readonly gpuIndex: number | null;
      readonly severity: Severity;
      readonly value: number;
      readonly threshold: number;
      readonly peak: number;
    }
  | { readonly kind: 'cleared'; readonly peak: number }
  | { readonly kind: 'told' | 'acknowledged' }
  | { readonly kind: 'snoozed'; readonly untilMs: number };

export type AlertEntry = AlertName &
  AlertEvent & {
    readonly tsMs: number;
    /** position on the monotonic axis of ticks, while the system clock is wrong: `tsMs` is corrected from it later */
    readonly axisMs?: number | undefined;
  };

export const isAbout = (name: AlertName, alert: AlertName): boolean =>
  alert.gpuUuid === name.gpuUuid && alert.rule === name.rule;

/** The alerts that fire after one more entry. @param id of an alert that it begins */
export function applyEntry(firing: readonly StoredAlert[], entry: AlertEntry, id: number): readonly StoredAlert[] {
  const { gpuUuid, rule, tsMs } = entry;
  const change = (fields: Partial<StoredAlert>) =>
    firing.map((alert) => (isAbout(entry, alert) ? { ...alert, ...fields } : alert));
  switch (entry.kind) {
    case 'fired': {
      const { gpuName, gpuIndex, severity, value, threshold, peak } = entry;
      const fresh = { clearedMs: null, toldMs: null, acknowledgedMs: null, snoozedUntilMs: null };
      return [
        ...firing,
        { id, gpuUuid, gpuName, gpuIndex, rule, severity, firedMs: tsMs, value, threshold, peak, ...fresh },
      ];
    }
    case 'cleared':
      return firing.filter((alert) => !isAbout(entry, alert));
    case 'told':
      return change({ toldMs: tsMs });
    case 'acknowledged':
      return change({ acknowledgedMs: tsMs });
    case 'snoozed':
      return change({ snoozedUntilMs: entry.untilMs });
  }
}

export const alertPhases = ['firing', 'acknowledged', 'snoozed', 'resolved'] as const;
export type AlertPhase = (typeof alertPhases)[number];

export function phaseOf(alert: StoredAlert, nowMs: number): AlertPhase {
  if (alert.clearedMs !== null) return 'resolved';
  if (alert.acknowledgedMs !== null) return 'acknowledged';
  return alert.snoozedUntilMs !== null && nowMs < alert.snoozedUntilMs ? 'snoozed' : 'firing';
}

/** Firing alerts without those whose cause another firing alert names: a lost GPU is one alert. */
export const uncovered = (firing: readonly StoredAlert[]): readonly StoredAlert[] =>
  firing.filter(
    ({ gpuUuid, rule }) =>
      !firing.some(
        (cause) => (cause.gpuUuid === gpuUuid || cause.gpuUuid === null) && covers(alertRuleOf(cause.rule), rule),
      ),
  );

/** The alerts whose message is due: each once. In quiet hours only critical ones are due. */
export const dueToTell = (firing: readonly StoredAlert[], nowMs: number, quiet: boolean): readonly StoredAlert[] =>
  uncovered(firing).filter(
    (alert) => alert.toldMs === null && phaseOf(alert, nowMs) === 'firing' && !(quiet && alert.severity === 'warn'),
  );

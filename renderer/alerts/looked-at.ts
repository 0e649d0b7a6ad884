import { useEffect, type RefObject } from 'react';

/** A page that takes longer to show the alert does not take the focus from what a person does by then. */
const PATIENCE_MS = 10_000;

/** A name of an alert that need not exist: the table of rules is not loaded for it. */
type Name = { readonly gpuUuid: string | null; readonly rule: string };

let wanted: { readonly alert: Name; readonly untilMs: number } | undefined;
const listeners = new Set<() => void>();

/** Brings an alert into view as soon as it is drawn, ready for the keyboard. Undefined: none. */
export function lookAt(alert: Name | undefined): void {
  wanted = alert && { alert, untilMs: performance.now() + PATIENCE_MS };
  for (const listener of listeners) listener();
}

/** The alert that an address names: `#alerts?rule=core-at-slowdown&gpu=GPU-1`; without a card, the machine's. */
export function alertIn(hash: string): Name | undefined {
  const query = new URLSearchParams(hash.split('?')[1] ?? '');
  const rule = query.get('rule');
  return rule === null ? undefined : { rule, gpuUuid: query.get('gpu') || null };
}

/** Focuses the first button of an alert's element, or the element itself, when that alert is to be looked at. */
export function useLookedAt({ gpuUuid, rule }: Name, element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const look = (): void => {
      if (wanted?.alert.rule !== rule || wanted.alert.gpuUuid !== gpuUuid) return;
      const inTime = performance.now() < wanted.untilMs;
      wanted = undefined;
      if (!inTime) return;
      element.current?.scrollIntoView({ block: 'center' });
      (element.current?.querySelector('button') ?? element.current)?.focus();
    };
    look();
    listeners.add(look);
    return () => void listeners.delete(look);
  }, [gpuUuid, rule, element]);
}

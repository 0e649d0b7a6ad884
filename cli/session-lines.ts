import { joined } from '../app/core/format.ts';
import { text } from '../app/core/i18n.ts';
import type { Formatter } from '../app/metrics/format.ts';
import { errorText } from '../app/workload/energy/words.ts';
import { boundSigns } from '../app/workload/sessions/figure-states.ts';
import { outputsText } from '../app/workload/sessions/outputs-text.ts';
import { idleTexts, perOutputTexts, promptText, whyOf } from '../app/workload/sessions/figure-text.ts';
import { figuresOf, type Money } from '../app/workload/sessions/figures.ts';
import type { IdleModel, StoredSession } from '../app/workload/sessions/schema.ts';

/** One session in a few lines: when and what, then its figures, then why any of them is withheld. */
function linesOf(session: StoredSession, money: Money, format: Formatter): string[] {
  const { name, startedMs, endedMs, summary } = session;
  const figures = figuresOf(session, money);
  const { states, energyJ, rangeJ, cost, outputs, speed } = figures;
  const bound = boundSigns[states.energy];
  const took = endedMs === null ? text('sessions.running') : format.duration(endedMs - startedMs);
  const parts = [
    outputs && outputsText(outputs, text, format.number),
    outputs && promptText(outputs, text, format),
    ...perOutputTexts(figures, text, format).map(({ label, text: value }) => `${value} (${label})`),
    speed && `${format.significant(speed.value, 3)} ${speed.unit}`,
    // a bound has no ±
    energyJ !== undefined &&
      (bound ?? '') + joined(format.energy(energyJ)) + (bound ? '' : ` ${errorText(energyJ, rangeJ, text, format)}`),
    cost !== undefined && `${boundSigns[states.cost] ?? ''}${format.money(cost)}`,
  ];
  const reasons = [states.energy, ...(outputs ? [states.perOutput] : [])];
  return [
    [format.dateTime(startedMs), took, name, summary?.workload?.model].filter(Boolean).join(' · '),
    ...[parts.filter(Boolean).join(' · '), ...new Set(reasons.map((state) => whyOf(state, session, text)))].flatMap(
      (line) => (line ? [`  ${line}`] : []),
    ),
  ];
}

/** Sessions for the terminal, in the order given. */
export const sessionLines = (sessions: readonly StoredSession[], money: Money, format: Formatter): string[] =>
  sessions.flatMap((session) => linesOf(session, money, format));

/** What idle models cost in a period, for the terminal. */
export const idleLines = (
  models: readonly IdleModel[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  money: Money,
  format: Formatter,
): string[] => [
  text('idleModels.heading', { from: format.dateTime(fromMs), to: format.dateTime(toMs) }),
  ...models.flatMap((model) => idleTexts(model, money, text, format).map((line, i) => (i === 0 ? line : `  ${line}`))),
  text('idleModels.estimate'),
];

import { phaseOf } from '../app/alerts/episode.ts';
import { pauseEndMs } from '../app/alerts/pause.ts';
import type { AlertName, StoredAlert } from '../app/alerts/schema.ts';
import type { AlertSettings } from '../app/alerts/settings.ts';
import { alertSubject, alertTitle } from '../app/alerts/text.ts';
import type { PageId } from '../app/contract/pages.ts';
import { joined } from '../app/core/format.ts';
import type { Translate } from '../app/core/i18n.ts';
import { printable } from '../app/core/printable.ts';
import type { Formatter } from '../app/metrics/format.ts';
import { readingOf } from '../app/metrics/frame.ts';
import { metricOf } from '../app/metrics/metrics.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { sourceKindOf } from '../app/telemetry/source-kinds.ts';

/** What a choice in the tray does. */
export type TrayAction =
  | { readonly kind: 'open'; readonly page?: PageId; readonly alert?: AlertName }
  | { readonly kind: 'pause' | 'resume' | 'quit' };

/** A line of the menu. Without an action it only informs. */
export type MenuLine = { readonly label: string; readonly action?: TrayAction } | 'separator';

export type Shown = {
  /** undefined: nothing is known at present */
  readonly tick: Tick | undefined;
  readonly firing: readonly StoredAlert[];
  readonly alerts: Pick<AlertSettings, 'pausedUntilMs'>;
  readonly nowMs: number;
};

export type Words = { readonly t: Translate; readonly format: Formatter };

/** A menu is read at a glance; the page has the rest. */
const MOST_ALERTS = 5;

const SIGNS = { act: '■', warn: '▲' } as const;

type Card = Tick['gpus'][number];

/** The card's name, with its number where several have that name. */
const nameOf = ({ gpu }: Card, cards: readonly Card[], t: Translate): string =>
  cards.filter((other) => other.gpu.name === gpu.name).length > 1 ? t('alerts.card', gpu) : gpu.name;

/** "RTX 4090 · 71 °C · 320 W"; an absent reading is named with its reason, once if both have the same. */
export function cardLine(card: Card, cards: readonly Card[], { t, format }: Words): string {
  const [core, power] = [readingOf(card.frame, 'coreTempC'), readingOf(card.frame, 'powerW')];
  const parts = [nameOf(card, cards, t)];
  if (core.state === 'value') parts.push(joined(format.temperature(core.value)));
  else parts.push(t(`state.${core.state}`));
  if (power.state === 'value') parts.push(joined(format.metric(metricOf('powerW'), power.value)));
  else if (power.state !== core.state) parts.push(t('tray.noPower', { state: t(`state.${power.state}`) }));
  return printable(parts.join(' · '));
}

/** That the numbers are not of a card of this machine; nothing for those that are. */
export function originLines(tick: Tick | undefined, t: Translate): readonly string[] {
  const origin = tick ? sourceKindOf(tick.source.kind).origin : 'measured';
  return origin === 'measured' ? [] : [t(`banner.${origin}`)];
}

function alertLine(alert: StoredAlert, nowMs: number, { t, format }: Words): MenuLine {
  const { gpuUuid, rule, severity } = alert;
  const phase = phaseOf(alert, nowMs);
  const handled = phase === 'acknowledged' || phase === 'snoozed' ? ` (${t(`tray.${phase}`)})` : '';
  const label = `${SIGNS[severity]} ${alertSubject(t, alert)}: ${alertTitle(t, format, alert)}${handled}`;
  return { label: printable(label), action: { kind: 'open', page: 'alerts', alert: { gpuUuid, rule } } };
}

function alertLines({ firing, nowMs }: Shown, words: Words): readonly MenuLine[] {
  const { t } = words;
  if (firing.length === 0) return [{ label: t('alerts.none'), action: { kind: 'open', page: 'alerts' } }];
  const unhandledFirst = [...firing].sort(
    (a, b) => Number(phaseOf(a, nowMs) !== 'firing') - Number(phaseOf(b, nowMs) !== 'firing'),
  );
  const more = firing.length - MOST_ALERTS;
  return [
    ...unhandledFirst.slice(0, MOST_ALERTS).map((alert) => alertLine(alert, nowMs, words)),
    ...(more > 0
      ? [{ label: t('tray.moreAlerts', { count: more }), action: { kind: 'open', page: 'alerts' } } as const]
      : []),
  ];
}

function pauseLines({ alerts, nowMs }: Shown, { t, format }: Words): readonly MenuLine[] {
  const endMs = pauseEndMs(alerts, nowMs);
  if (endMs === undefined) return [{ label: t('tray.pause'), action: { kind: 'pause' } }];
  return [
    { label: t('alerts.pausedUntil', { when: format.time(endMs) }) },
    { label: t('alerts.resume'), action: { kind: 'resume' } },
  ];
}

/** The tray's menu: the cards, what fires, the pause of alerts, and the window. */
export function trayMenu(shown: Shown, words: Words): readonly MenuLine[] {
  const { t } = words;
  const cards = shown.tick?.gpus ?? [];
  const cardLines = cards.map((card) => ({
    label: cardLine(card, cards, words),
    action: { kind: 'open', page: 'live' } as const,
  }));
  return [
    ...originLines(shown.tick, t).map((label) => ({ label })),
    ...(cardLines.length > 0 ? cardLines : [{ label: t('tray.noReadings') }]),
    'separator',
    ...alertLines(shown, words),
    'separator',
    ...pauseLines(shown, words),
    'separator',
    { label: t('tray.open'), action: { kind: 'open' } },
    { label: t('tray.quit'), action: { kind: 'quit' } },
  ];
}

import { PAUSE_MS } from '../app/alerts/pause.ts';
import type { AlertName, StoredAlert } from '../app/alerts/schema.ts';
import type { PageId } from '../app/contract/pages.ts';
import type { Translate } from '../app/core/i18n.ts';
import type { Result } from '../app/core/result.ts';
import type { GovernorEntry } from '../app/governor/policy.ts';
import { createFormatter, type Formatter } from '../app/metrics/format.ts';
import type { Settings } from '../app/settings/settings.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import type { CollectorHost } from './collector-host.ts';
import { log } from './log.ts';
import { createNotifications } from './notifications.ts';
import type { Notifier } from './notifier.ts';
import { createTray } from './tray.ts';
import type { TrayAction } from './tray-menu.ts';

export type PresenceOptions = {
  /** those in force */
  readonly settings: () => Settings;
  /** an error says why they cannot be changed */
  readonly change: (change: Partial<Settings>) => Result<unknown>;
  readonly t: Translate;
  readonly locale: string;
  readonly notifier: Notifier;
  readonly ask: CollectorHost['ask'];
  readonly open: (page?: PageId, alert?: AlertName) => void;
  readonly quit: () => void;
};

const SNOOZE_MS = 3_600_000;

/** A formatter takes milliseconds to make, and is needed at every tick: it is made again when the settings change. */
export function createFormatters(locale: string, settings: () => Settings): () => Formatter {
  let made: { readonly key: string; readonly format: Formatter } | undefined;
  return () => {
    const { temperatureUnit, currency } = settings();
    const key = `${temperatureUnit} ${currency}`;
    if (made?.key !== key) made = { key, format: createFormatter(locale, { temperatureUnit, currency }) };
    return made.format;
  };
}

/** What a person sees of Slowburn on the desktop without its window: the tray and notifications. */
export function createPresence({ settings, change, t, locale, notifier, ask, open, quit }: PresenceOptions) {
  const formatter = createFormatters(locale, settings);
  /** undefined: readings are not known at present */
  let latest: Tick | undefined;
  let isPaused = false;
  let firing: readonly StoredAlert[] = [];

  const tray = createTray(() => ({ t, format: formatter() }), choose);
  const show = (): void => tray.show({ tick: latest, firing, alerts: settings().alerts });

  /** Says what went wrong where the person who asked for it looks. */
  function report(done: Result<unknown>): void {
    if (done.ok) return;
    log(done.error.message);
    const { message, next = '' } = done.error;
    notifier.show({ title: message, body: next, level: 'warn', silent: true, actions: [] }, () => open('alerts'));
  }

  function pauseUntil(pausedUntilMs: number | null): void {
    report(change({ alerts: { ...settings().alerts, pausedUntilMs } }));
  }

  function choose(action: TrayAction): void {
    if (action.kind === 'open') open(action.page, action.alert);
    else if (action.kind === 'quit') quit();
    else pauseUntil(action.kind === 'pause' ? Date.now() + PAUSE_MS : null);
  }

  const notifications = createNotifications({
    notifier,
    t,
    formatter,
    settings,
    open,
    acknowledge: (alert) => void ask('alerts.acknowledge', alert).then(report),
    snooze: (alert) => void ask('alerts.snooze', { ...alert, forMs: SNOOZE_MS }).then(report),
  });

  return {
    tick(tick: Tick): void {
      const wasPaused = isPaused;
      latest = tick;
      isPaused = tick.fault?.code === 'recording-failed';
      if (tick.fault && isPaused && !wasPaused) notifications.fault(tick.fault);
      show();
    },
    alerts(now: readonly StoredAlert[], told: readonly StoredAlert[]): void {
      firing = now;
      notifications.alerts(now, told);
      show();
    },
    action: (entry: GovernorEntry): void => notifications.action(entry),
    /** Readings are not known at present. */
    silent(): void {
      latest = undefined;
      show();
    },
    /** After a change of the settings. */
    show,
    formatter,
  };
}

import type { StoredAlert } from '../app/alerts/schema.ts';
import { alertAdvice, alertSubject, alertTitle } from '../app/alerts/text.ts';
import { text } from '../app/core/i18n.ts';
import { entryText } from '../app/governor/entry-text.ts';
import type { GovernorEntry } from '../app/governor/schema.ts';
import type { Settings } from '../app/settings/settings.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { sourceKindOf } from '../app/telemetry/source-kinds.ts';
import { formatterOf } from './format.ts';
import { createMonitorView } from './monitor-view.ts';
import { out } from './terminal.ts';

const PLAIN_EVERY_MS = 10_000;

type Trouble = { readonly code: string; readonly message: string; readonly next?: string };
const sentences = (trouble: Trouble | undefined): readonly string[] =>
  trouble ? [trouble.message, ...(trouble.next ? [`  ${trouble.next}`] : [])] : [];

/** Says that numbers are simulated or replayed, if they are. */
function bannerOf({ kind }: Tick['source']): readonly string[] {
  const { origin } = sourceKindOf(kind);
  return origin === 'measured' ? [] : [text(`banner.${origin}`)];
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/**
 * What `monitor` prints, whoever records: the table, or with `quiet` only faults, alerts, recoveries and governor actions.
 * @param settings those of the recorder, asked for at the first number that is printed
 */
export function createMonitorScreen(quiet: boolean, settings: () => Settings) {
  /** Made when it is needed: it takes megabytes, which `--quiet` saves. */
  const format = once(() => formatterOf(settings()));
  const view = createMonitorView();
  let lastTick: Tick | undefined;
  let firing: string[] = [];
  let shownMs = -Infinity;
  let lost: Trouble | undefined;
  let faultShown: Trouble | undefined;

  const nameOf = (alert: StoredAlert): string => `${alertSubject(text, alert)}: ${alertTitle(text, format(), alert)}`;

  /** A fault is printed once, and its end too. Its message may change while it lasts: "for 3 s". */
  function printFault(fault: Trouble | undefined): void {
    const before = faultShown;
    faultShown = fault;
    if (fault?.code === before?.code) return;
    if (fault) out.say(...sentences(fault));
    else out.say(text('cli.monitor.faultOver', { fault: before!.message }));
  }

  /** An alert is printed once, with its remedy, and its end too. */
  function printAlerts(told: readonly StoredAlert[], cleared: readonly StoredAlert[]): void {
    for (const alert of told) out.say(`! ${nameOf(alert)}`, `  ${alertAdvice(text, alert)}`);
    for (const alert of cleared.filter(({ toldMs }) => toldMs !== null)) {
      const duration = format().duration(alert.clearedMs! - alert.firedMs);
      const subject = alertSubject(text, alert);
      out.say(text('alerts.over', { subject, title: alertTitle(text, format(), alert), duration }));
    }
  }

  function draw(tick: Tick): void {
    const lines = [
      `${text('app.name')} · ${tick.source.label} · ${format().dateTime(tick.tsMs)}`,
      ...bannerOf(tick.source),
      ...(tick.source.because ? [`  ${tick.source.because}`] : []),
      ...sentences(lost ?? tick.fault),
      ...firing,
      '',
      ...view.lines(tick, format(), out.columns()),
    ];
    if (out.isLive()) out.redraw(lines);
    else out.say(...lines, '');
  }

  return {
    tick(tick: Tick): void {
      lost = undefined;
      if (quiet) return printFault(tick.fault);
      view.take(tick);
      lastTick = tick;
      const now = performance.now();
      if (!out.isLive() && now - shownMs < PLAIN_EVERY_MS && !tick.fault) return;
      shownMs = now;
      draw(tick);
    },
    alerts(
      this: void,
      now: readonly StoredAlert[],
      told: readonly StoredAlert[],
      cleared: readonly StoredAlert[],
    ): void {
      firing = now.map((alert) => `! ${nameOf(alert)}`);
      if (quiet && told.length + cleared.length > 0) printAlerts(told, cleared);
      else if (quiet) out.say(...firing); // those that fire since the recorder before this one
    },
    action(this: void, action: GovernorEntry): void {
      if (quiet) out.say(text('cli.monitor.governor', { action: entryText(text, action) }));
    },
    /** The recorder of another process is gone. */
    lost(this: void, why: Trouble): void {
      lost = why;
      if (quiet || !out.isLive() || !lastTick) printFault(why);
      else draw(lastTick);
    },
    /** @returns whether the key ends the command */
    key(key: string): boolean {
      const does = view.key(key);
      if (does === 'redraw' && lastTick) draw(lastTick);
      return does === 'quit';
    },
    summary: (): void => void (quiet || out.say('', ...view.summary(format()))),
  };
}
export type MonitorScreen = ReturnType<typeof createMonitorScreen>;

import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { CollectorStatus, PushOf } from '../app/contract/channels.ts';
import { createFormatter, type Formatter } from '../app/metrics/format.ts';
import type { StoredAlert } from '../app/alerts/schema.ts';
import type { SettingsReport } from '../app/settings/read-settings.ts';
import type { Settings } from '../app/settings/settings.ts';
import { tariffOf } from '../app/workload/energy/tariff.ts';
import type { PriceBook } from '../app/workload/prices/market.ts';
import type { Money } from '../app/workload/sessions/figures.ts';
import { ask, onPush } from './bridge.ts';

/** What every page needs to know. */
type Shared = {
  readonly settings: Settings;
  /** the settings with the imported prices: what figures are priced with */
  readonly money: Settings & Money;
  /** imported prices; undefined: none, or not known yet */
  readonly prices: PriceBook | undefined;
  /** what is wrong with their file; undefined: not known yet */
  readonly settingsReport: SettingsReport | undefined;
  readonly format: Formatter;
  readonly collector: CollectorStatus | undefined;
  /** time between samples: a recorder in another process may have been started with another than the settings say */
  readonly intervalMs: number;
  readonly firing: readonly StoredAlert[];
};

const NONE: readonly StoredAlert[] = [];

const SharedContext = createContext<Shared | undefined>(undefined);

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (!shared) throw new Error('useShared needs SharedProvider above it');
  return shared;
}

/** The question that is asked before the first push arrives. */
const questions = {
  settings: 'settings.get',
  settingsReport: 'settings.report',
  collector: 'collector.status',
  alerts: 'alerts.firing',
  prices: 'prices.get',
} as const;
type Followed = keyof typeof questions;

/** Follows a push, beginning with the answer to its question. */
function useFollowed<P extends Followed>(push: P): PushOf<P> | undefined {
  const [value, setValue] = useState<PushOf<P>>();
  useEffect(() => {
    let pushed = false;
    const stop = onPush(push, (next) => {
      pushed = true;
      setValue(() => next);
    });
    void ask<(typeof questions)[Followed]>(questions[push]).then((answer) => {
      if (!pushed && answer.ok) setValue(() => answer.value as PushOf<P>);
    });
    return stop;
  }, [push]);
  return value;
}

export function SharedProvider({ children }: { readonly children: ReactNode }) {
  const settings = useFollowed('settings');
  const settingsReport = useFollowed('settingsReport');
  const collector = useFollowed('collector');
  const prices = useFollowed('prices')?.book ?? undefined;
  const firing = useFollowed('alerts') ?? NONE;
  const format = useMemo(() => settings && createFormatter(navigator.language, settings), [settings]);
  const money = useMemo(() => settings && tariffOf(settings, prices), [settings, prices]);
  const shared = useMemo(
    () =>
      settings &&
      money &&
      format && {
        settings,
        money,
        prices,
        settingsReport,
        format,
        collector,
        intervalMs: collector?.recorder?.intervalMs ?? settings.intervalMs,
        firing,
      },
    [settings, money, prices, settingsReport, format, collector, firing],
  );
  if (!shared) return null; // the first answer of main: a few milliseconds
  return <SharedContext.Provider value={shared}>{children}</SharedContext.Provider>;
}

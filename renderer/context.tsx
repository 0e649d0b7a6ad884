import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { CollectorStatus, PushOf } from '../app/contract/channels.ts';
import { createFormatter, type Formatter } from '../app/metrics/format.ts';
import type { StoredAlert } from '../app/alerts/schema.ts';
import type { SettingsReport } from '../app/settings/read-settings.ts';
import { defaultSettings, type Settings } from '../app/settings/settings.ts';
import { ask, onPush } from './bridge.ts';

/** What every page needs to know. */
type Shared = {
  readonly settings: Settings;
  /** what is wrong with their file; undefined: not known yet */
  readonly settingsReport: SettingsReport | undefined;
  readonly format: Formatter;
  readonly collector: CollectorStatus | undefined;
  readonly firing: readonly StoredAlert[];
};

const NONE: readonly StoredAlert[] = [];

const SharedContext = createContext<Shared | undefined>(undefined);

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (!shared) throw new Error('useShared needs SharedProvider above it');
  return shared;
}

/** The question that tells how things are before the first push does. */
const questions = {
  settings: 'settings.get',
  settingsReport: 'settings.report',
  collector: 'collector.status',
  alerts: 'alerts.firing',
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
  const settings = useFollowed('settings') ?? defaultSettings;
  const settingsReport = useFollowed('settingsReport');
  const collector = useFollowed('collector');
  const firing = useFollowed('alerts') ?? NONE;
  const format = useMemo(() => createFormatter(navigator.language, settings), [settings]);
  const shared = useMemo(
    () => ({ settings, settingsReport, format, collector, firing }),
    [settings, settingsReport, format, collector, firing],
  );
  return <SharedContext.Provider value={shared}>{children}</SharedContext.Provider>;
}

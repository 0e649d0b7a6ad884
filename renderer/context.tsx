import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { CollectorStatus } from '../app/contract/channels.ts';
import { createFormatter, type Formatter } from '../app/format.ts';
import type { StoredAlert } from '../app/history/records.ts';
import { defaultSettings, type Settings } from '../app/settings/settings.ts';
import { ask, onPush } from './bridge.ts';

/** What every page needs to know. */
type Shared = {
  readonly settings: Settings;
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

/** Follows a push, beginning with the answer to a question. */
function useFollowed<T>(
  first: () => Promise<T | undefined>,
  follow: (listener: (value: T) => void) => () => void,
): T | undefined {
  const [value, setValue] = useState<T>();
  useEffect(() => {
    let pushed = false;
    const stop = follow((next) => {
      pushed = true;
      setValue(() => next);
    });
    void first().then((answer) => {
      if (!pushed && answer !== undefined) setValue(() => answer);
    });
    return stop;
    // both are constant functions of this module
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return value;
}

export function SharedProvider({ children }: { readonly children: ReactNode }) {
  const settings =
    useFollowed<Settings>(
      async () => {
        const answer = await ask('settings.get');
        return answer.ok ? answer.value : undefined;
      },
      (listener) => onPush('settings', listener),
    ) ?? defaultSettings;
  const collector = useFollowed<CollectorStatus>(
    async () => {
      const answer = await ask('collector.status');
      return answer.ok ? answer.value : undefined;
    },
    (listener) => onPush('collector', listener),
  );
  const firing =
    useFollowed<readonly StoredAlert[]>(
      async () => {
        const answer = await ask('alerts.firing');
        return answer.ok ? answer.value : undefined;
      },
      (listener) => onPush('alerts', listener),
    ) ?? NONE;
  const format = useMemo(() => createFormatter(navigator.language, settings), [settings]);
  const shared = useMemo(() => ({ settings, format, collector, firing }), [settings, format, collector, firing]);
  return <SharedContext.Provider value={shared}>{children}</SharedContext.Provider>;
}

import { useCallback, useEffect, useState } from 'react';
import type { RequestOf, ResponseOf } from '../app/contract/channels.ts';
import type { AppError } from '../app/result.ts';
import { ask, type OpenChannel } from './bridge.ts';

export type Answer<T> = {
  /** the newest answer; kept while a newer one is fetched, so that a page does not flicker */
  readonly data: T | undefined;
  readonly error: AppError | undefined;
  readonly again: () => void;
};

const NOT_READY_MS = 1000;

/**
 * Asks when the question changes, and every `everyMs` if given. An answer that was overtaken by a newer question is
 * dropped. `undefined` as request of a channel that needs one: nothing is asked yet.
 */
export function useQuestion<C extends OpenChannel>(
  channel: C,
  request: RequestOf<C> | undefined,
  options: { readonly everyMs?: number; readonly when?: boolean } = {},
): Answer<ResponseOf<C>> {
  const { everyMs, when = true } = options;
  const [state, setState] = useState<{ data?: ResponseOf<C>; error?: AppError }>({});
  const [round, setRound] = useState(0);
  const key = JSON.stringify(request);

  useEffect(() => {
    if (!when) return;
    let current = true;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const put = async (): Promise<void> => {
      if (document.hidden) return; // nobody looks
      const payload = (key === undefined ? [] : [JSON.parse(key)]) as never;
      const answer = await ask(channel, ...payload);
      if (!current) return;
      // the collector starts, or starts again: a page opened meanwhile must not stay empty
      if (!answer.ok && ['not-ready', 'busy'].includes(answer.error.code))
        retry = setTimeout(() => void put(), NOT_READY_MS);
      setState((before) => (answer.ok ? { data: answer.value } : { ...before, error: answer.error }));
    };
    void put();
    const timer = everyMs === undefined ? undefined : setInterval(() => void put(), everyMs);
    return () => {
      current = false;
      clearInterval(timer);
      clearTimeout(retry);
    };
  }, [channel, key, everyMs, when, round]);

  return { data: state.data, error: state.error, again: useCallback(() => setRound((n) => n + 1), []) };
}

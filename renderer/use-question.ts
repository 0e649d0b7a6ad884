import { useCallback, useEffect, useRef, useState } from 'react';
import type { RequestOf, ResponseOf } from '../app/contract/channels.ts';
import type { AppError } from '../app/core/result.ts';
import { ask, type OpenChannel } from './bridge.ts';
import { keepEqual } from './keep-equal.ts';

export type Answer<T> = {
  /** the newest answer; kept while a newer one is fetched, so that a page does not flicker */
  readonly data: T | undefined;
  readonly error: AppError | undefined;
  readonly again: () => void;
};

type State<T> = { readonly data?: T | undefined; readonly error?: AppError };

const NOT_READY_MS = 1000;

/**
 * Asks when the question changes, and every `everyMs` if given. An answer that was overtaken by a newer question is
 * dropped. `undefined` as request of a channel that needs one: nothing is asked yet.
 */
export function useQuestion<C extends OpenChannel, T = ResponseOf<C>>(
  channel: C,
  request: RequestOf<C> | undefined,
  options: {
    readonly everyMs?: number;
    readonly when?: boolean;
    /** the part that is shown: what else changes in the answer draws nothing. Made outside the component */
    readonly pick?: (answer: ResponseOf<C>) => T;
  } = {},
): Answer<T> {
  const { everyMs, when = true, pick } = options;
  const [state, setState] = useState<State<T>>({});
  const newest = useRef(state);
  const [round, setRound] = useState(0);
  const key = JSON.stringify(request);

  useEffect(() => {
    if (!when) return;
    let current = true;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const put = async (): Promise<void> => {
      if (document.hidden) return; // asked again when the window is visible
      const payload = (key === undefined ? [] : [JSON.parse(key)]) as never;
      const answer = await ask(channel, ...payload);
      if (!current) return;
      // the recorder is starting: a page that is open already must not stay empty
      if (!answer.ok && ['not-ready', 'busy'].includes(answer.error.code))
        retry = setTimeout(() => void put(), NOT_READY_MS);
      const { data } = newest.current;
      const picked = (value: ResponseOf<C>): T => (pick ? pick(value) : (value as T));
      const next: State<T> = answer.ok ? { data: picked(answer.value) } : { data, error: answer.error };
      const kept = keepEqual(newest.current, next);
      if (kept === newest.current) return; // nothing changed: nothing is drawn
      newest.current = kept;
      setState(kept);
    };
    const look = (): void => {
      if (!document.hidden) void put();
    };
    void put();
    document.addEventListener('visibilitychange', look);
    const timer = everyMs === undefined ? undefined : setInterval(() => void put(), everyMs);
    return () => {
      current = false;
      document.removeEventListener('visibilitychange', look);
      clearInterval(timer);
      clearTimeout(retry);
    };
  }, [channel, key, everyMs, when, round, pick]);

  return { data: state.data, error: state.error, again: useCallback(() => setRound((n) => n + 1), []) };
}

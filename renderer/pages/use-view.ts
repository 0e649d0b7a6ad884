import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { zoomed, type View } from '../charts/view.ts';
import { liveNow } from '../live/store.ts';

/** What the page shows: the newest stretch of a length, which moves automatically, or one that the person chose. */
type Look = { readonly spanMs: number } | View;
type Past = readonly { readonly look: Look; readonly atMs: number }[];

/** Its functions stay the same from one drawing to the next, and so does the view until it moves. */
export type ViewControl = {
  readonly view: View;
  /** the length that was chosen, while the view follows the newest reading */
  readonly followedMs: number | undefined;
  readonly follow: (spanMs: number) => void;
  /** the new end of a view that follows */
  readonly moveOn: (endMs: number) => void;
  readonly show: (view: View) => void;
  /** moves by a share of the view, earlier when below 0 */
  readonly pan: (share: number) => void;
  readonly zoom: (factor: number) => void;
  /** to the view before the last zoom; undefined: there is none */
  readonly back: (() => void) | undefined;
};

const BACK_MS = 600; // views that follow one another faster are one movement
const KEPT = 30;

function remember(past: Past, look: Look, atMs: number): Past {
  const last = past.at(-1);
  if (last && atMs - last.atMs < BACK_MS) return [...past.slice(0, -1), { ...last, atMs }];
  return [...past.slice(-KEPT), { look, atMs }];
}

export function useView(spanMs: number): ViewControl {
  const [endMs, moveOn] = useState(() => liveNow().tsMs ?? Date.now());
  const [{ look, past }, setState] = useState<{ readonly look: Look; readonly past: Past }>({
    look: { spanMs },
    past: [],
  });
  const view = useMemo(
    (): View => ('spanMs' in look ? { fromMs: endMs - look.spanMs, toMs: endMs } : look),
    [look, endMs],
  );
  const current = useRef(view);
  useEffect(() => {
    current.current = view;
  }, [view]);

  const go = useCallback((next: Look): void => {
    const atMs = performance.now();
    setState((now) => ({
      look: 'spanMs' in next ? next : { fromMs: Math.round(next.fromMs), toMs: Math.round(next.toMs) },
      past: remember(now.past, now.look, atMs),
    }));
  }, []);
  const follow = useCallback((next: number): void => go({ spanMs: next }), [go]);
  const pan = useCallback(
    (share: number): void => {
      const { fromMs, toMs } = current.current;
      const moved = share * (toMs - fromMs);
      go({ fromMs: fromMs + moved, toMs: toMs + moved });
    },
    [go],
  );
  const zoom = useCallback((factor: number): void => go(zoomed(current.current, factor)), [go]);
  const back = useCallback((): void => {
    setState((now) => ({ look: now.past.at(-1)?.look ?? now.look, past: now.past.slice(0, -1) }));
  }, []);
  const followedMs = 'spanMs' in look ? look.spanMs : undefined;
  return { view, followedMs, follow, moveOn, show: go, pan, zoom, back: past.length === 0 ? undefined : back };
}

import { useState } from 'react';
import { zoomed, type View } from '../charts/view.ts';
import { useLive } from '../live/store.ts';

/** Where the page looks: the newest stretch of a length, which moves on by itself, or one that the person chose. */
type Look = { readonly spanMs: number } | View;

export type ViewControl = {
  readonly view: View;
  /** the length that was chosen, while the view follows the newest reading */
  readonly followedMs: number | undefined;
  readonly follow: (spanMs: number) => void;
  readonly show: (view: View) => void;
  /** moves by a share of the view, earlier when below 0 */
  readonly pan: (share: number) => void;
  readonly zoom: (factor: number) => void;
  /** to the view before the last zoom; undefined: there is none */
  readonly back: (() => void) | undefined;
};

const BACK_MS = 600; // views that follow one another faster are one movement
const KEPT = 30;

export function useView(spanMs: number, slices: number): ViewControl {
  const { tsMs } = useLive();
  const [fallback] = useState(() => Date.now());
  const [look, setLook] = useState<Look>({ spanMs });
  const [past, setPast] = useState<readonly { readonly look: Look; readonly atMs: number }[]>([]);

  const span = 'spanMs' in look ? look.spanMs : look.toMs - look.fromMs;
  const everyMs = Math.max(2_000, span / slices); // so that the page does not redraw at every tick
  const endMs = tsMs === undefined ? fallback : Math.ceil(tsMs / everyMs) * everyMs;
  const view: View = 'spanMs' in look ? { fromMs: endMs - span, toMs: endMs } : look;

  const go = (next: Look): void => {
    const atMs = performance.now();
    setPast((before) => {
      const last = before.at(-1);
      if (last && atMs - last.atMs < BACK_MS) return [...before.slice(0, -1), { ...last, atMs }];
      return [...before.slice(-KEPT), { look, atMs }];
    });
    setLook('spanMs' in next ? next : { fromMs: Math.round(next.fromMs), toMs: Math.round(next.toMs) });
  };
  return {
    view,
    followedMs: 'spanMs' in look ? look.spanMs : undefined,
    follow: (next) => go({ spanMs: next }),
    show: go,
    pan: (share) => go({ fromMs: view.fromMs + share * span, toMs: view.toMs + share * span }),
    zoom: (factor) => go(zoomed(view, factor)),
    back:
      past.length === 0
        ? undefined
        : () => {
            setLook(past.at(-1)!.look);
            setPast(past.slice(0, -1));
          },
  };
}

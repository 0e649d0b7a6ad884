import { Suspense, useEffect, useState } from 'react';
import { later, withControls } from './later.tsx';

const DELAY_MS = 400;

type Hint = { readonly on: HTMLElement; readonly text: string };

const Bubble = later(withControls(async () => (await import('./hint-bubble.tsx')).HintBubble));

/**
 * The one tooltip of the page: it shows the `data-hint` of what the pointer rests on. A tooltip for each number would
 * be drawn again with it, hundreds of times a minute, and be looked at once a day.
 */
export function Hints() {
  const [hint, setHint] = useState<Hint>();
  useEffect(() => {
    let over: HTMLElement | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = ({ target }: Event): void => {
      const on = target instanceof Element ? target.closest<HTMLElement>('[data-hint]') : null;
      if (on === over) return;
      over = on;
      clearTimeout(timer);
      setHint(undefined);
      if (on) timer = setTimeout(() => setHint({ on, text: on.dataset['hint'] ?? '' }), DELAY_MS);
    };
    document.addEventListener('pointerover', look);
    document.documentElement.addEventListener('pointerleave', look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('pointerover', look);
      document.documentElement.removeEventListener('pointerleave', look);
    };
  }, []);
  if (!hint || hint.text === '') return null;
  return (
    <Suspense>
      <Bubble {...hint} />
    </Suspense>
  );
}

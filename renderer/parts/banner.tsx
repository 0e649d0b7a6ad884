import type { ReactNode } from 'react';
import css from './banner.module.css';

export type BannerKind = 'simulated' | 'paused' | 'warn' | 'act';

// a separate sign for each kind, so that they differ without colour
const signs: Record<BannerKind, string> = { simulated: '◇', paused: '‖', warn: '▲', act: '■' };

/** A band across the page: what happened, and what to do. */
export function Banner({
  kind,
  title,
  children,
}: {
  readonly kind: BannerKind;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className={`${css.banner} ${css[kind]}`} role={kind === 'act' ? 'alert' : 'status'}>
      <span className={css.mark} aria-hidden>
        {signs[kind]}
      </span>
      <span>
        <strong>{title}</strong> {children && <span className={css.more}>{children}</span>}
      </span>
    </div>
  );
}

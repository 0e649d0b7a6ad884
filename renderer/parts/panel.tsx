import type { ReactNode } from 'react';
import css from './panel.module.css';

/** A surface with a heading. `modelled` draws it outlined: modelled numbers must not look like measured ones. */
export function Panel({
  title,
  aside,
  modelled = false,
  children,
}: {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly modelled?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <section className={css.panel} data-modelled={modelled}>
      {title !== undefined && (
        <header className={css.header}>
          <h2>{title}</h2>
          {aside && <div className={css.aside}>{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** What a page says when there is nothing to show: what it would show, and how to get there. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      <div className={css.emptyMore}>{children}</div>
    </div>
  );
}

/** Heading of a page, with its controls. */
export function PageHeader({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <header className={css.pageHeader}>
      <h1>{title}</h1>
      <div className={css.controls}>{children}</div>
    </header>
  );
}

import type { ReactNode } from 'react';
import css from './settings.module.css';

/** One setting: what it is, a note, and its control. */
export function Row({
  label,
  note,
  children,
}: {
  readonly label: string;
  readonly note?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <div className={css.row}>
      <div>
        <p>{label}</p>
        {note && <p className={css.note}>{note}</p>}
      </div>
      <div>{children}</div>
    </div>
  );
}

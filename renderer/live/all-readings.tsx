import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SourceInfo } from '../../app/telemetry/source.ts';
import { later, withControls } from '../parts/later.tsx';
import css from './all-readings.module.css';

const Opened = later(withControls(async () => (await import('./opened-readings.tsx')).OpenedReadings));

/** All readings, closed until someone opens them. */
export function AllReadings({ source }: { readonly source: SourceInfo }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <details className={css.all} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('live.all')}</summary>
      {open && (
        <Suspense>
          <Opened source={source} />
        </Suspense>
      )}
    </details>
  );
}

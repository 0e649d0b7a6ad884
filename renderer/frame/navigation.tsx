import { useTranslation } from 'react-i18next';
import { useWaiting } from '../alerts/use-phase.ts';
import type { PageId } from '../../app/contract/pages.ts';
import { useShared } from '../context.tsx';
import { pageIds, pages } from '../pages/pages.ts';
import css from './app.module.css';

/** Buttons to all pages, in the order of their table. */
export function Navigation({ page, show }: { readonly page: PageId; readonly show: (page: PageId) => void }) {
  const { t } = useTranslation();
  const { firing } = useShared();
  const active = useWaiting(firing);
  return (
    <nav className={css.nav} aria-label={t('nav.label')}>
      {pageIds.map((id) => (
        <button
          key={id}
          type="button"
          className={css.link}
          aria-current={id === page ? 'page' : undefined}
          onClick={() => show(id)}
        >
          <svg className={css.icon} viewBox="0 0 16 16" aria-hidden>
            <path d={pages[id].icon} />
          </svg>
          {t(pages[id].title)}
          {id === 'alerts' && active > 0 && (
            <span className={css.count} title={t('nav.firing', { count: active })}>
              {active}
            </span>
          )}
        </button>
      ))}
    </nav>
  );
}

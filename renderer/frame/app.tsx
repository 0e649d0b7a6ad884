import { Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PageId } from '../../app/contract/pages.ts';
import { alertIn, lookAt } from '../alerts/looked-at.ts';
import { onPush } from '../bridge.ts';
import { components, pageAt, pages } from '../pages/pages.ts';
import { Boundary } from '../parts/boundary.tsx';
import { Hints } from '../parts/hints.tsx';
import css from './app.module.css';
import { Banners } from './banners.tsx';
import { Foot } from './foot.tsx';
import { Navigation } from './navigation.tsx';
import { RecorderState } from './recorder-state.tsx';

/** The page that the address names. It stays there when the window is loaded again. */
function usePage(): readonly [page: PageId, show: (page: PageId) => void] {
  const [page, setPage] = useState(() => pageAt(location.hash));
  useEffect(() => {
    const follow = (): void => setPage(pageAt(location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  const show = (next: PageId): void => {
    history.replaceState(null, '', pages[next].path);
    setPage(next);
  };
  useEffect(
    () =>
      onPush('show', ({ page: asked, alert }) => {
        show(asked);
        lookAt(alert);
      }),
    [],
  );
  useEffect(() => {
    const alert = alertIn(location.hash);
    if (!alert) return;
    lookAt(alert);
    history.replaceState(null, '', pages[pageAt(location.hash)].path); // a page that is loaded again does not look at that alert again
  }, []);
  return [page, show];
}

/** The window: its head, the navigation, one page and the foot. */
export function App() {
  const { t } = useTranslation();
  const [page, show] = usePage();
  const content = useRef<HTMLElement>(null);
  const Page = components[page];
  useEffect(() => {
    content.current?.scrollTo(0, 0);
    document.title = `${t(pages[page].title)} · ${t('app.name')}`;
  }, [page, t]);
  return (
    <div className={css.frame}>
      <header className={css.top}>
        <span className={css.brand}>{t('app.name')}</span>
        <RecorderState />
      </header>
      <Navigation page={page} show={show} />
      <main className={css.content} ref={content}>
        <Boundary key={page}>
          <Banners />
          <div className={css.page}>
            <Suspense>
              <Page />
            </Suspense>
          </div>
        </Boundary>
      </main>
      <Foot />
      <Hints />
    </div>
  );
}

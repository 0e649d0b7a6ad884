import { lazy, type ComponentType } from 'react';
import type { PageId } from '../../app/contract/pages.ts';
import { later, withControls } from '../parts/later.tsx';

type PageRow = {
  /** the fragment of the address: a page that is loaded again opens where it was */
  readonly path: `#${string}`;
  readonly title: `nav.${PageId}`;
  /** an outline in a square of 16, drawn with a stroke */
  readonly icon: string;
  /** Each page is a file that is read when it is first opened. */
  readonly load: () => Promise<ComponentType>;
};

/**
 * THE table of pages, in the order of the navigation. Routes, titles, icons and what the tray can open come from it.
 * Live is drawn without the UI library, which is loaded with the first page that needs it.
 */
export const pages = {
  live: {
    path: '#live',
    title: 'nav.live',
    icon: 'M3.5 12.5a6 6 0 1 1 9 0M8 9l2.5-3.5',
    load: async () => (await import('./live.tsx')).LivePage,
  },
  history: {
    path: '#history',
    title: 'nav.history',
    icon: 'M2 2.5v11h12M4.5 10l3-3.5 2.5 2 3.5-4.5',
    load: withControls(async () => (await import('./history.tsx')).HistoryPage),
  },
  workloads: {
    path: '#workloads',
    title: 'nav.workloads',
    icon: 'M2.5 4h11M2.5 8h7M2.5 12h9',
    load: withControls(async () => (await import('./workloads.tsx')).WorkloadsPage),
  },
  wear: {
    path: '#wear',
    title: 'nav.wear',
    icon: 'M4 2h8M4 14h8M5 2c0 3.5 6 3.5 6 6s-6 2.5-6 6M11 2c0 3.5-6 3.5-6 6s6 2.5 6 6',
    load: withControls(async () => (await import('./wear.tsx')).WearPage),
  },
  alerts: {
    path: '#alerts',
    title: 'nav.alerts',
    icon: 'M3 11.5h10c-1.5-1.5-1-6-2.5-7.5a3.5 3.5 0 0 0-5 0C4 5.5 4.5 10 3 11.5M7 14h2',
    load: withControls(async () => (await import('./alerts.tsx')).AlertsPage),
  },
  report: {
    path: '#report',
    title: 'nav.report',
    icon: 'M4 2h5.5L12.5 5v9H4zM9.5 2v3h3M6 8.5h4.5M6 11h4.5',
    load: withControls(async () => (await import('./report.tsx')).ReportPage),
  },
  settings: {
    path: '#settings',
    title: 'nav.settings',
    icon: 'M2 5h6M12 5h2M10 3v4M2 11h2M8 11h6M6 9v4',
    load: withControls(async () => (await import('./settings.tsx')).SettingsPage),
  },
} as const satisfies Record<PageId, PageRow>;

const isPage = (name: string): name is PageId => Object.hasOwn(pages, name);

/** The page that an address names, before a question mark; Live where it names none. */
export const pageAt = (hash: string): PageId =>
  Object.keys(pages)
    .filter(isPage)
    .find((id) => pages[id].path === hash.split('?')[0]) ?? 'live';

export const pageIds = Object.keys(pages).filter(isPage);

/** Each page as a component that loads its file when it is first drawn. Live needs few words, and waits for no more. */
export const components = Object.fromEntries(
  pageIds.map((id) => [
    id,
    id === 'live' ? lazy(async () => ({ default: await pages.live.load() })) : later(pages[id].load),
  ]),
) as unknown as Readonly<Record<PageId, ComponentType>>;

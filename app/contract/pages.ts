/** The pages of the window. Main may ask for any of them; the page has a row for each (renderer/pages/pages.ts). */
export const pageIds = ['live', 'history', 'workloads', 'wear', 'alerts', 'report', 'settings'] as const;
export type PageId = (typeof pageIds)[number];

import { dialog, type BrowserWindow } from 'electron';
import type { RequestOf, ResponseOf } from '../app/contract/channels.ts';
import type { Translate } from '../app/core/i18n.ts';
import { ok, type Result } from '../app/core/result.ts';
import type { CollectorHost } from './collector-host.ts';

/** Asks for a file of electricity prices; the collector reads it. */
export async function choosePrices(
  host: CollectorHost,
  window: BrowserWindow | undefined,
  t: Translate,
  request: RequestOf<'prices.import'> & { readonly locale: string },
): Promise<Result<ResponseOf<'prices.import'>>> {
  const options = {
    title: t('prices.marketImport'),
    properties: ['openFile' as const],
    filters: [
      { name: 'CSV, JSON', extensions: ['csv', 'txt', 'json'] },
      { name: t('prices.allFiles'), extensions: ['*'] },
    ],
  };
  const chosen = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options));
  const [path] = chosen.filePaths;
  if (chosen.canceled || path === undefined) return ok(null);
  return host.ask('prices.add', { ...request, path }) as Promise<Result<string>>;
}

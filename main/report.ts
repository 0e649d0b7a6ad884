import path from 'node:path';
import { app, dialog, type BrowserWindow } from 'electron';
import type { RequestOf, ResponseOf } from '../app/contract/channels.ts';
import type { Translate } from '../app/core/i18n.ts';
import { ok, type Result } from '../app/core/result.ts';
import type { CollectorHost } from './collector-host.ts';

/** Asks where to save a report; the collector writes it there. */
export async function saveReport(
  host: CollectorHost,
  window: BrowserWindow | undefined,
  t: Translate,
  request: RequestOf<'report.save'> & { readonly locale: string },
): Promise<Result<ResponseOf<'report.save'>>> {
  const day = new Date(request.toMs).toISOString().slice(0, 10);
  const options = {
    title: t('report.saveTitle'),
    defaultPath: path.join(app.getPath('documents'), `slowburn-${day}.${request.format}`),
    filters: [{ name: request.format.toUpperCase(), extensions: [request.format] }],
  };
  const chosen = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options));
  if (chosen.canceled || !chosen.filePath) return ok(null);
  const made = (await host.ask('report.make', { ...request, path: chosen.filePath })) as Result<string>;
  return made.ok ? ok({ path: made.value }) : made;
}

import fs from 'node:fs/promises';
import path from 'node:path';
import { app, dialog, type BrowserWindow } from 'electron';
import type { RequestOf, ResponseOf } from '../app/contract/channels.ts';
import { text, type Translate } from '../app/core/i18n.ts';
import { err, messageOf, ok, type Result } from '../app/core/result.ts';
import type { CollectorHost } from './collector-host.ts';

type Saved = Result<ResponseOf<'report.save'>>;

/** Writes a report that a read-only recorder made, as the person who asked for it. */
async function writeHere(made: Result<unknown>, file: string): Promise<Saved> {
  if (!made.ok) return made;
  try {
    await fs.writeFile(file, made.value as string);
    return ok({ path: file });
  } catch (thrown) {
    return err('write-failed', text('jobs.notWritable', { file, why: messageOf(thrown) }));
  }
}

/** Asks where to save a report; the recorder writes it there. */
export async function saveReport(
  host: CollectorHost,
  window: BrowserWindow | undefined,
  t: Translate,
  request: RequestOf<'report.save'> & { readonly locale: string },
): Promise<Saved> {
  const day = new Date(request.toMs).toISOString().slice(0, 10);
  const options = {
    title: t('report.saveTitle'),
    defaultPath: path.join(app.getPath('documents'), `slowburn-${day}.${request.format}`),
    filters: [{ name: request.format.toUpperCase(), extensions: [request.format] }],
  };
  const chosen = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options));
  if (chosen.canceled || !chosen.filePath) return ok(null);
  const { format, ...wanted } = request;
  if (format === 'html' && host.status().recorder?.may === 'read')
    return writeHere(await host.ask('report.preview', wanted), chosen.filePath);
  const made = (await host.ask('report.make', { ...request, path: chosen.filePath })) as Result<string>;
  return made.ok ? ok({ path: made.value }) : made;
}

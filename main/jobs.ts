import path from 'node:path';
import { app, dialog, type BrowserWindow } from 'electron';
import type { RequestOf, ResponseOf } from '../app/contract/channels.ts';
import type { Translate } from '../app/core/i18n.ts';
import { ok, type Result } from '../app/core/result.ts';
import type { CollectorHost } from './collector-host.ts';

type Request = RequestOf<'jobs.start'>;
type Answer = Promise<Result<ResponseOf<'jobs.start'>>>;

/** Starts a long job. Where it writes a file, a dialog asks for the place first. */
export async function startJob(
  host: CollectorHost,
  window: BrowserWindow | undefined,
  t: Translate,
  request: Request,
): Answer {
  if (request.kind === 'check') return host.ask('jobs.begin', request) as Answer;
  const extension = 'format' in request ? request.format : 'db';
  const day = new Date().toISOString().slice(0, 10);
  const options = {
    title: t(`jobs.${request.kind}Title`),
    defaultPath: path.join(app.getPath('documents'), `slowburn-${request.kind}-${day}.${extension}`),
    filters: [{ name: extension.toUpperCase(), extensions: [extension] }],
  };
  const chosen = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options));
  if (chosen.canceled || !chosen.filePath) return ok(null);
  return host.ask('jobs.begin', { ...request, target: chosen.filePath }) as Answer;
}

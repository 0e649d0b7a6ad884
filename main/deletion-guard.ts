import { dialog, type BrowserWindow } from 'electron';
import type { RequestOf, ResponseOf } from '../app/contract/channels.ts';
import type { Formatter } from '../app/metrics/format.ts';
import { limitFields, limitsOf } from '../app/history/retention/limits.ts';
import type { Translate } from '../app/core/i18n.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import type { SettingsOwner } from '../app/settings/owner.node.ts';
import type { CollectorHost } from './collector-host.ts';

/** More than so many hours of full resolution are deleted only after a person has agreed. */
const MOST_HOURS = 24;

/**
 * Asks before a change of the history's limits deletes more than a day of samples. The dialog is the system's and opened
 * here: a page cannot answer it. One is open at a time.
 * @returns whether the change may be made; an error where a dialog is open already
 */
export function createDeletionGuard(
  host: Pick<CollectorHost, 'ask'>,
  window: () => BrowserWindow | undefined,
  t: Translate,
  formatter: () => Formatter,
) {
  let asking = false;

  async function agrees(message: string): Promise<boolean> {
    const options = {
      type: 'warning' as const,
      title: 'Slowburn',
      message,
      detail: t('retention.confirmDetail'),
      buttons: [t('retention.confirmCancel'), t('retention.confirmDelete')],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    };
    const parent = window();
    const { response } = await (parent ? dialog.showMessageBox(parent, options) : dialog.showMessageBox(options));
    return response === 1;
  }

  /** What the change deletes, as a sentence; undefined where it is a day at most. */
  async function deletes(change: RequestOf<'settings.set'>, owner: SettingsOwner): Promise<string | undefined> {
    const unchanged = limitFields.filter((field) => !(field in change));
    const given = {
      ...limitsOf(owner.settings(), owner.report().suspended),
      ...limitsOf({ ...owner.settings(), ...change }, unchanged),
    };
    const rule = { retentionDays: given.retentionDays ?? null, historyCapMb: given.historyCapMb ?? null };
    const answer = await host.ask('history.storage', rule);
    if (!answer.ok) return t('retention.confirmUnknown');
    const { hours, gpus } = (answer.value as ResponseOf<'history.storage'>).preview;
    if (hours <= MOST_HOURS) return undefined;
    return t('retention.confirm', { hours: formatter().number(hours), count: gpus });
  }

  return async (change: RequestOf<'settings.set'>, owner: SettingsOwner): Promise<Result<boolean>> => {
    if (!limitFields.some((field) => field in change)) return ok(true);
    if (asking) return err('not-ready', t('retention.confirmOpen'), t('retention.confirmOpenNext'));
    asking = true;
    try {
      const message = await deletes(change, owner);
      return ok(message === undefined || (await agrees(message)));
    } finally {
      asking = false;
    }
  };
}

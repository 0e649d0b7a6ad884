import type { SessionBus, BusObject } from './dbus/session-bus.ts';
import type { Notice, NoticeAction, Notifier } from './notifier.ts';

/** Desktop Notifications Specification 1.2. */
export const NOTIFICATIONS: BusObject = {
  destination: 'org.freedesktop.Notifications',
  path: '/org/freedesktop/Notifications',
  interface: 'org.freedesktop.Notifications',
};

const URGENCY = { info: 0, warn: 1, act: 2 } as const;
/** Names of the freedesktop icon and sound naming specifications. */
const ICONS = { info: 'dialog-information', warn: 'dialog-warning', act: 'dialog-error' } as const;
/** The server decides for how long; critical ones stay. */
const AS_USUAL = -1;
const FIRST = 0;
/** Not every server says when a notification has gone: the buttons of older ones no longer do anything. */
const MOST_ENTRIES = 200;

const escapeMarkup = (body: string): string =>
  body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const actionIds: readonly NoticeAction[] = ['open', 'acknowledge', 'snooze'];
/** A click on the notification itself is called `default`. */
const actionOf = (key: unknown): NoticeAction | undefined =>
  key === 'default' ? 'open' : actionIds.find((id) => id === key);

/** The arguments of Notify. */
export function notifyArguments(notice: Notice, replaces: number, withMarkup: boolean) {
  const { title, body, level, silent, actions } = notice;
  const sound: [string, { signature: string; value: string | boolean }] = silent
    ? ['suppress-sound', { signature: 'b', value: true }]
    : ['sound-name', { signature: 's', value: ICONS[level] }];
  const label = actions.find(({ id }) => id === 'open')?.label;
  return [
    'Slowburn',
    replaces,
    ICONS[level],
    title,
    withMarkup ? escapeMarkup(body) : body,
    [...(label === undefined ? [] : ['default', label]), ...actions.flatMap((action) => [action.id, action.label])],
    [['urgency', { signature: 'y', value: URGENCY[level] }], ['category', { signature: 's', value: 'device' }], sound],
    AS_USUAL,
  ] as const;
}

type Entry = { id: number; gone: boolean; readonly onAction: (action: NoticeAction) => void };

/**
 * Notifications with buttons through the desktop's own server.
 * @returns undefined: there is no server, or it shows no buttons
 */
export async function createBusNotifier(bus: SessionBus): Promise<Notifier | undefined> {
  const answer = await bus.call(NOTIFICATIONS, 'GetCapabilities');
  const offered = answer.ok ? (answer.value[0] as readonly string[]) : [];
  if (!offered.includes('actions')) return undefined;
  const withMarkup = offered.includes('body-markup');
  const entries = new Set<Entry>();

  const listening = await bus.listen(NOTIFICATIONS, (member, [id, what]) => {
    const entry = [...entries].find((one) => one.id === id);
    if (!entry) return; // of another program
    const action = member === 'ActionInvoked' ? actionOf(what) : undefined;
    if (action) entry.onAction(action);
    if (member !== 'NotificationClosed') return;
    entry.gone = true;
    entries.delete(entry);
  });
  if (!listening.ok) return undefined;

  async function notify(entry: Entry, notice: Notice): Promise<void> {
    const shown = await bus.call(NOTIFICATIONS, 'Notify', 'susssasa{sv}i', [
      ...notifyArguments(notice, entry.id, withMarkup),
    ]);
    if (shown.ok) entry.id = Number(shown.value[0]);
  }

  return {
    show(notice, onAction) {
      const entry: Entry = { id: FIRST, gone: false, onAction };
      entries.add(entry);
      const [oldest] = entries;
      if (entries.size > MOST_ENTRIES) entries.delete(oldest!);
      let queue = notify(entry, notice); // what follows needs the number that the server gives
      const then = (task: () => Promise<unknown>): void => void (queue = queue.then(async () => void (await task())));
      return {
        replace: (next) => then(async () => (entry.gone ? undefined : notify(entry, next))),
        close: () =>
          then(async () => {
            entries.delete(entry);
            if (!entry.gone && entry.id !== FIRST) await bus.call(NOTIFICATIONS, 'CloseNotification', 'u', [entry.id]);
          }),
      };
    },
  };
}

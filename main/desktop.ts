import { app } from 'electron';
import { createBusNotifier } from './bus-notifier.ts';
import { hasOwner, openSessionBus, type SessionBus } from './dbus/session-bus.ts';
import { createElectronNotifier } from './electron-notifier.ts';
import type { Notice, Notifier } from './notifier.ts';

/** The desktop that the window runs on. */
export type Desktop = {
  readonly notifier: Notifier;
  /** Whether it shows tray icons now. Some on Linux do not. */
  readonly trayIsVisible: () => Promise<boolean>;
};

/** Windows shows no notification of a program without an identity; it is the one that the package is installed with. */
const WINDOWS_ID = 'app.slowburn.monitor';
const TRAY_WATCHER = 'org.kde.StatusNotifierWatcher';

/** A connection that is opened when it is first needed, and again when it was lost. */
function createConnection() {
  let opening: Promise<SessionBus | undefined> | undefined;
  return async (): Promise<SessionBus | undefined> => {
    const opened = await opening;
    if (opened?.isOpen()) return opened;
    opening = openSessionBus(process.env).then((bus) => (bus.ok ? bus.value : undefined));
    return opening;
  };
}

/** Notifications with buttons where the desktop's server shows them, else those of Electron. */
function linuxNotifier(connect: () => Promise<SessionBus | undefined>): Notifier {
  const plain = createElectronNotifier();
  let known: { readonly bus: SessionBus; readonly notifier: Promise<Notifier | undefined> } | undefined;

  async function choose(): Promise<Notifier> {
    const bus = await connect();
    if (!bus) return plain;
    if (known?.bus !== bus) known = { bus, notifier: createBusNotifier(bus) };
    return (await known.notifier) ?? plain;
  }

  return {
    show(notice, onAction) {
      const shown = choose().then((notifier) => notifier.show(notice, onAction));
      return {
        replace: (next: Notice) => void shown.then((one) => one.replace(next)),
        close: () => void shown.then((one) => one.close()),
      };
    },
  };
}

export function openDesktop(): Desktop {
  if (process.platform === 'win32') app.setAppUserModelId(WINDOWS_ID);
  if (process.platform !== 'linux')
    return { notifier: createElectronNotifier(), trayIsVisible: () => Promise.resolve(true) };
  const connect = createConnection();
  return {
    notifier: linuxNotifier(connect),
    async trayIsVisible() {
      const bus = await connect();
      return bus !== undefined && hasOwner(bus, TRAY_WATCHER);
    },
  };
}

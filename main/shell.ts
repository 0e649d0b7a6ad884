import path from 'node:path';
import { app, shell, type BrowserWindow } from 'electron';
import { channelRow } from '../app/alerts/channels/channels.ts';
import { changesFileOnly } from '../app/alerts/channels/file-only.ts';
import { movedChannels } from '../app/alerts/channels/receivers.ts';
import type { AlertName, StoredAlert } from '../app/alerts/schema.ts';
import type { AlertSettings } from '../app/alerts/settings.ts';
import { createI18n, setLanguage } from '../app/core/i18n.ts';
import type { PushOf } from '../app/contract/channels.ts';
import type { PageId } from '../app/contract/pages.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { openSettings } from '../app/settings/owner.node.ts';
import type { OwnCost } from '../app/core/own-cost.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { createApplicationCost } from './application-cost.ts';
import type { Arguments } from './arguments.ts';
import { createStressTest } from './stress-test.ts';
import { createClosing } from './closing.ts';
import { createDeletionGuard } from './deletion-guard.ts';
import { openDesktop } from './desktop.ts';
import { startCollectorHost } from './collector-host.ts';
import { findRecorder } from './recorder/find.ts';
import { createShownSettings } from './shown-settings.ts';
import { log } from './log.ts';
import { openLoginStart, startedByLogin } from './login-start.ts';
import { recoverPage } from './page-recovery.ts';
import { tellLauncher } from './launcher.ts';
import { pushTo, serveWindow, type MainHandlers } from './ipc.ts';
import { createPresence } from './presence.ts';
import { serveApp } from './protocol.ts';
import { startJob } from './jobs.ts';
import { choosePrices } from './prices.ts';
import { saveReport } from './report.ts';
import { startHidden } from './start-hidden.ts';
import { applyTheme, createWindow, fragmentOf, preloadFile } from './window.ts';

/**
 * The window's side of Slowburn: supervises the collector, owns window, tray and notifications. No telemetry, no SQL.
 * @param out the folder of built files
 */
export function startShell({ source, speed, dataFolder, namesFolder, hidden }: Arguments, out: string): void {
  const owner = openSettings(dataFolder, () => {
    applyTheme(owner.settings().theme);
    host.applySettings(owner.settings(), owner.report().suspended);
    presence.show();
    loginStart.follow(owner.settings().startHidden);
    pushSettings();
  });
  const shown = createShownSettings(owner, () => host.status().recorder);
  const pushSettings = (): void => {
    pushTo(window, 'settings', shown.settings());
    pushTo(window, 'settingsReport', shown.report());
  };
  applyTheme(owner.settings().theme);

  let window: BrowserWindow | undefined;
  let latest: Tick | undefined;
  let firing: readonly StoredAlert[] = [];
  let book: PushOf<'prices'>['book'] = null;
  let quitting = false;

  const locale = app.getLocale() || 'en';
  setLanguage(() => locale);
  const { t } = createI18n(locale);
  const applicationCost = createApplicationCost();
  /** What all of Slowburn uses: a recorder in another process is not among the application's own. */
  const costOf = ({ cpuPct, rssBytes }: OwnCost) => {
    const application = applicationCost();
    if (!host.status().recorder) return application;
    return { cpuPct: application.cpuPct + cpuPct, memoryBytes: application.memoryBytes + rssBytes };
  };
  const desktop = openDesktop();
  const loginStart = openLoginStart(dataFolder);
  const icon = path.join(out, 'renderer', 'icon.png');
  const stressTest = createStressTest(dataFolder, (status) => pushTo(window, 'stressTest', status));
  const host = startCollectorHost(
    {
      script: path.join(out, 'node', 'collector.js'),
      config: { source, speed, dataFolder, settings: owner.settings(), suspended: owner.report().suspended },
      find: (events, exceptPid) => findRecorder({ dataFolder, namesFolder, source, exceptPid }, events),
    },
    {
      onTick(tick) {
        latest = tick;
        stressTest.feed(tick);
        pushTo(window, 'tick', tick);
        presence.tick(tick);
      },
      onAlerts(now, told) {
        firing = now;
        pushTo(window, 'alerts', now);
        presence.alerts(now, told);
      },
      onSessions: () => pushTo(window, 'sessions', undefined),
      onAction: (action) => presence.action(action),
      onCost: (collector) => pushTo(window, 'cost', { collector, application: costOf(collector) }),
      onPrices(now) {
        book = now ?? null;
        pushTo(window, 'prices', { book });
      },
      onJob: (job) => pushTo(window, 'job', job),
      onStatus(status) {
        pushTo(window, 'collector', status);
        if (status.state !== 'running') presence.silent();
      },
      onRecorderSettings(now) {
        shown.follow(now);
        pushSettings();
      },
    },
  );

  const presence = createPresence({
    settings: shown.settings,
    change: shown.change,
    t,
    locale,
    notifier: desktop.notifier,
    ask: host.ask,
    open: showWindow,
    quit: () => app.quit(),
  });
  const { formatter } = presence;

  /** @param alert the one to look at on the page */
  function showWindow(page?: PageId, alert?: AlertName): void {
    if (!window) return openWindow('shown', page, alert);
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
    if (page) pushTo(window, 'show', { page, ...(alert && { alert }) });
  }

  /** Whether a recorder of another program, such as the service, records into this folder. */
  const recordsElsewhere = (): boolean => host.status().state === 'running' && host.status().recorder !== undefined;
  const close = createClosing({ t, owner, trayIsVisible: desktop.trayIsVisible, recordsElsewhere });

  function openWindow(as: 'shown' | 'minimised', page?: PageId, alert?: AlertName): void {
    const opened = createWindow({ preload: preloadFile(out), icon, as, fragment: fragmentOf(page, alert) });
    window = opened;
    recoverPage(opened, t);
    opened.once('ready-to-show', tellLauncher);
    opened.on('close', (event) => {
      if (quitting) return;
      event.preventDefault();
      void close(opened);
    });
    opened.on('closed', () => {
      if (window === opened) window = undefined; // in the tray no page is kept: recording continues without it
    });
  }

  /** Removes the secrets of channels that would send to another receiver. */
  async function forgetSecrets(alerts: AlertSettings): Promise<Result<unknown>> {
    for (const channel of movedChannels(owner.settings().alerts, alerts))
      for (const name of channelRow(channel).secrets) {
        const removed = await host.ask('notify.setSecret', { channel, name, value: null });
        if (!removed.ok) return removed;
      }
    return ok(undefined);
  }

  const mayDelete = createDeletionGuard(host, () => window, t, formatter);
  const changeSettings: MainHandlers['settings.set'] = async (change) => {
    const allowed = shown.mayChange(change);
    if (!allowed.ok) return allowed;
    if (change.alerts && changesFileOnly(owner.settings().alerts, change.alerts))
      return err('forbidden', t('channel.error.fileOnly'), t('channel.error.fileOnlyNext'));
    const agreed = await mayDelete(change, owner);
    if (!agreed.ok) return agreed;
    const forgotten = change.alerts && agreed.value ? await forgetSecrets(change.alerts) : ok(undefined);
    if (!forgotten.ok) return forgotten;
    const saved = agreed.value ? shown.change(change) : ok(undefined);
    return saved.ok ? ok(shown.settings()) : saved;
  };

  const desktopState = async () => ({
    startsAtLogin: loginStart.isOn(),
    showsTray: await desktop.trayIsVisible(),
    serviceRecords: host.status().recorder?.startedBy === 'service',
  });

  const handlers: MainHandlers = {
    'app.info': () =>
      ok({
        version: app.getVersion(),
        electron: process.versions.electron,
        platform: `${process.platform} ${process.arch}`,
        locale: locale,
        dataFolder,
      }),
    'app.reportFault': ({ text }) => {
      log(`The page reports an error: ${text}`);
      return ok(undefined);
    },
    'app.openFolder': async () => {
      await shell.openPath(dataFolder);
      return ok(undefined);
    },
    'desktop.get': async () => ok(await desktopState()),
    'desktop.startAtLogin': async ({ on }) => {
      const done = loginStart.set(on, owner.settings().startHidden);
      return done.ok ? ok(await desktopState()) : done;
    },
    'settings.get': () => ok(shown.settings()),
    'settings.report': () => ok(shown.report()),
    'settings.set': changeSettings,
    'prices.get': () => ok({ book }),
    'prices.import': (request) => choosePrices(host, window, t, { ...request, locale }),
    'collector.status': () => ok(host.status()),
    'alerts.firing': () => ok(firing),
    'live.latest': () => ok(latest ?? null),
    'jobs.start': (request) => startJob(host, window, t, request),
    'stressTest.status': () => ok(stressTest.status()),
    'stressTest.start': (request) =>
      latest?.gpus.some(({ gpu }) => gpu.uuid === request.gpuUuid)
        ? stressTest.start(request)
        : err('not-found', t('main.stressTest.unknownGpu'), t('main.stressTest.unknownGpuNext')),
    'stressTest.stop': () => {
      stressTest.stop();
      return ok(undefined);
    },
    'report.save': (request) => saveReport(host, window, t, { ...request, locale: locale }),
  };

  app.on('child-process-gone', (_event, { type, name, reason, exitCode }) =>
    log(`${name ?? type} ended: ${reason}, code ${exitCode}.`),
  );
  // a login may start Slowburn a second time: that one asks for no window
  app.on('second-instance', (_event, argv) => (argv.includes('--hidden') ? undefined : showWindow()));
  app.on('window-all-closed', () => undefined); // the tray stays; without one the window's close quits
  app.on('before-quit', (event) => {
    if (quitting) return;
    quitting = true;
    event.preventDefault();
    stressTest.stop();
    owner.close();
    void host.stop().then(() => app.quit());
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => app.quit());

  serveApp(path.join(out, 'renderer'), async (query) => {
    const answer = await host.ask('report.preview', {
      gpuUuid: query.get('gpu') ?? '',
      fromMs: Number(query.get('from')),
      toMs: Number(query.get('to')),
      locale,
    });
    return answer.ok ? (answer.value as string) : `<!doctype html><meta charset="utf-8"><p>${t('report.failed')}</p>`;
  });
  serveWindow({ window: () => window, handlers, askCollector: host.ask });
  if (!hidden && !(startedByLogin() && owner.settings().startHidden)) openWindow('shown');
  else
    void startHidden(desktop.trayIsVisible).then((inTray) => {
      if (window) return; // opened meanwhile
      if (inTray) tellLauncher();
      else openWindow('minimised');
    });
}

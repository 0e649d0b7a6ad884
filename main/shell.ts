import path from 'node:path';
import { app, shell, type BrowserWindow } from 'electron';
import { changesFileOnly } from '../app/alerts/channels/file-only.ts';
import { createFormatter } from '../app/metrics/format.ts';
import type { StoredAlert } from '../app/alerts/schema.ts';
import { createI18n, setLanguage } from '../app/core/i18n.ts';
import type { PushOf } from '../app/contract/channels.ts';
import type { PageId } from '../app/contract/pages.ts';
import { err, ok } from '../app/core/result.ts';
import { openSettings } from '../app/settings/owner.node.ts';
import type { OwnCost } from '../app/core/own-cost.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { createApplicationCost } from './application-cost.ts';
import type { Arguments } from './arguments.ts';
import { createStressTest } from './stress-test.ts';
import { createDeletionGuard } from './deletion-guard.ts';
import { startCollectorHost } from './collector-host.ts';
import { findRecorder } from './recorder/find.ts';
import { createShownSettings } from './shown-settings.ts';
import { log } from './log.ts';
import { recoverPage } from './page-recovery.ts';
import { tellLauncher } from './launcher.ts';
import { pushTo, serveWindow, type MainHandlers } from './ipc.ts';
import { notify, notifyAction, notifyFault } from './notifications.ts';
import { serveApp } from './protocol.ts';
import { startJob } from './jobs.ts';
import { choosePrices } from './prices.ts';
import { saveReport } from './report.ts';
import { createTray, trayIsVisible } from './tray.ts';
import { applyTheme, createWindow, preloadFile } from './window.ts';

/**
 * The window's side of Slowburn: supervises the collector, owns window, tray and notifications. No telemetry, no SQL.
 * @param out the folder of built files
 */
export function startShell({ source, speed, dataFolder, namesFolder, hidden }: Arguments, out: string): void {
  const owner = openSettings(dataFolder, () => {
    applyTheme(owner.settings().theme);
    host.applySettings(owner.settings(), owner.report().suspended);
    pushSettings();
  });
  const shown = createShownSettings(owner, () => host.status().recorder);
  const pushSettings = (): void => {
    pushTo(window, 'settings', shown.settings());
    pushTo(window, 'settingsReport', shown.report());
  };
  applyTheme(owner.settings().theme);

  let window: BrowserWindow | undefined;
  let hasTrayHost = false;
  let latest: Tick | undefined;
  let firing: readonly StoredAlert[] = [];
  let book: PushOf<'prices'>['book'] = null;
  let quitting = false;

  const locale = app.getLocale() || 'en';
  setLanguage(() => locale);
  const { t } = createI18n(locale);
  const formatter = () => createFormatter(locale, shown.settings());

  const applicationCost = createApplicationCost();
  /** What all of Slowburn uses: a recorder in another process is not among the application's own. */
  const costOf = ({ cpuPct, rssBytes }: OwnCost) => {
    const application = applicationCost();
    if (!host.status().recorder) return application;
    return { cpuPct: application.cpuPct + cpuPct, memoryBytes: application.memoryBytes + rssBytes };
  };
  const tray = createTray(t, { open: () => showWindow(), quit: () => app.quit() });
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
        const wasPaused = latest?.fault?.code === 'recording-failed';
        latest = tick;
        if (tick.fault?.code === 'recording-failed' && !wasPaused) notifyFault(tick.fault, () => showWindow());
        stressTest.feed(tick);
        pushTo(window, 'tick', tick);
        tray.show(tick, firing, formatter());
      },
      onAlerts(now, told) {
        firing = now;
        pushTo(window, 'alerts', now);
        tray.show(latest, firing, formatter());
        if (owner.settings().notifications)
          for (const alert of told) notify(alert, t, formatter(), () => showWindow('alerts'));
      },
      onSessions: () => pushTo(window, 'sessions', undefined),
      onAction(action) {
        if (owner.settings().notifications) notifyAction(action, t, () => showWindow('workloads'));
      },
      onCost: (collector) => pushTo(window, 'cost', { collector, application: costOf(collector) }),
      onPrices(now) {
        book = now ?? null;
        pushTo(window, 'prices', { book });
      },
      onJob: (job) => pushTo(window, 'job', job),
      onStatus(status) {
        pushTo(window, 'collector', status);
        if (status.state !== 'running') tray.show(undefined, firing, formatter());
      },
      onRecorderSettings(now) {
        shown.follow(now);
        pushSettings();
      },
    },
  );

  function showWindow(page?: PageId): void {
    if (!window) openWindow(true);
    else {
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    }
    if (page) pushTo(window, 'show', { page });
  }

  function openWindow(show: boolean): void {
    const opened = createWindow(preloadFile(out), icon, show);
    window = opened;
    recoverPage(opened, t);
    if (show) opened.once('ready-to-show', tellLauncher);
    opened.on('close', (event) => {
      if (quitting || (owner.settings().closeToTray && hasTrayHost)) return;
      event.preventDefault();
      app.quit(); // without a tray there is no way to open it again
    });
    opened.on('closed', () => {
      if (window === opened) window = undefined; // in the tray no page is kept: recording continues without it
    });
  }

  const mayDelete = createDeletionGuard(host, () => window, t, formatter);
  const changeSettings: MainHandlers['settings.set'] = async (change) => {
    const allowed = shown.mayChange(change);
    if (!allowed.ok) return allowed;
    if (change.alerts && changesFileOnly(owner.settings().alerts, change.alerts))
      return err('forbidden', t('channel.error.fileOnly'), t('channel.error.fileOnlyNext'));
    const agreed = await mayDelete(change, owner);
    if (!agreed.ok) return agreed;
    const saved = agreed.value ? owner.change(change) : ok(undefined);
    return saved.ok ? ok(shown.settings()) : saved;
  };

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
  app.on('second-instance', () => showWindow());
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
  if (!hidden) openWindow(true);
  void trayIsVisible().then((visible) => {
    hasTrayHost = visible;
    if (!visible && !window) openWindow(true);
    else if (hidden) tellLauncher(); // it is in the tray
  });
}

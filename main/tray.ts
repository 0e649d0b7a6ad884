import { execFile } from 'node:child_process';
import { Menu, nativeImage, Tray } from 'electron';
import { printable } from '../app/core/printable.ts';
import type { Formatter } from '../app/metrics/format.ts';
import type { StoredAlert } from '../app/alerts/schema.ts';
import { phaseOf } from '../app/alerts/episode.ts';
import type { Translate } from '../app/core/i18n.ts';
import { valueOf } from '../app/metrics/frame.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { sourceKindOf } from '../app/telemetry/source-kinds.ts';
import { drawTrayIcon, TRAY_ICON_SIZE, type TrayState } from './tray-icon.ts';

export type TrayActions = { readonly open: () => void; readonly quit: () => void };

export type AppTray = {
  /** tick undefined: nothing is known at present */
  readonly show: (tick: Tick | undefined, firing: readonly StoredAlert[], format: Formatter) => void;
  readonly destroy: () => void;
};

const image = (text: string, state: TrayState) =>
  nativeImage.createFromBitmap(Buffer.from(drawTrayIcon(text, state)), {
    width: TRAY_ICON_SIZE,
    height: TRAY_ICON_SIZE,
    scaleFactor: 2,
  });

/** The tray icon: the hottest GPU's temperature, its state by shape and colour, one line per GPU on hover. */
export function createTray(t: Translate, { open, quit }: TrayActions): AppTray {
  const tray = new Tray(image('-', 'unknown'));
  let shown = '';
  tray.setToolTip(t('app.name'));
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: t('tray.open'), click: open },
      { type: 'separator' },
      { label: t('tray.quit'), click: quit },
    ]),
  );
  tray.on('click', open);

  return {
    show(tick, firing, format) {
      const active = firing.filter((alert) => phaseOf(alert, Date.now()) === 'firing');
      const hottest = tick?.gpus
        .map(({ frame }) => valueOf(frame, 'coreTempC'))
        .filter((temp) => temp !== undefined)
        .reduce<number | undefined>((a, b) => Math.max(a ?? b, b), undefined);
      const state: TrayState =
        hottest === undefined
          ? 'unknown'
          : active.some(({ severity }) => severity === 'act')
            ? 'act'
            : active.length > 0
              ? 'warn'
              : 'ok';
      const text = hottest === undefined ? '-' : format.temperature(hottest).text;
      const lines = (tick?.gpus ?? []).map(({ gpu, frame }) => {
        const temp = valueOf(frame, 'coreTempC');
        const quantity = temp === undefined ? undefined : format.temperature(temp);
        return `${gpu.name}: ${quantity ? `${quantity.text} ${quantity.unit}` : t('state.short.absent')}`;
      });
      const origin = tick ? sourceKindOf(tick.source.kind).origin : 'measured';
      const banner = origin === 'measured' ? [] : [t(`banner.${origin}`)];
      const tip = [t('app.name'), ...banner, ...lines].map(printable).join('\n');
      const next = `${text} ${state} ${tip}`;
      if (next === shown) return;
      shown = next;
      tray.setImage(image(text, state));
      tray.setToolTip(tip);
    },
    destroy: () => tray.destroy(),
  };
}

/**
 * Whether the desktop shows tray icons. Some on Linux do not. The only window must not be hidden there: it could not be
 * opened again.
 */
export function trayIsVisible(): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true);
  const args = [
    ...['call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/org/freedesktop/DBus'],
    ...['--method', 'org.freedesktop.DBus.NameHasOwner', 'org.kde.StatusNotifierWatcher'],
  ];
  return new Promise((resolve) => {
    execFile('gdbus', args, { timeout: 2000 }, (error, stdout) => resolve(!error && stdout.includes('true')));
  });
}

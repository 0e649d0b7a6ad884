import { Menu, nativeImage, Tray } from 'electron';
import { phaseOf } from '../app/alerts/episode.ts';
import { printable } from '../app/core/printable.ts';
import { valueOf } from '../app/metrics/frame.ts';
import { drawTrayIcon, TRAY_ICON_SIZE, type TrayState } from './tray-icon.ts';
import {
  cardLine,
  originLines,
  trayMenu,
  type MenuLine,
  type Shown,
  type TrayAction,
  type Words,
} from './tray-menu.ts';

export type AppTray = { readonly show: (shown: Omit<Shown, 'nowMs'>) => void };

/** A menu is rebuilt whole, so values that move are followed at this pace. An alert or a pause is shown at once. */
const VALUES_EVERY_MS = 5_000;

const image = (text: string, state: TrayState) =>
  nativeImage.createFromBitmap(Buffer.from(drawTrayIcon(text, state)), {
    width: TRAY_ICON_SIZE,
    height: TRAY_ICON_SIZE,
    scaleFactor: 2,
  });

/** The temperature of the hottest card, and the worst alert that is neither acknowledged nor snoozed. */
function iconOf({ tick, firing, nowMs }: Shown, { format }: Words): { text: string; state: TrayState } {
  const temperatures = (tick?.gpus ?? []).flatMap(({ frame }) => valueOf(frame, 'coreTempC') ?? []);
  if (temperatures.length === 0) return { text: '-', state: 'unknown' };
  const active = firing.filter((alert) => phaseOf(alert, nowMs) === 'firing');
  const worst = active.some(({ severity }) => severity === 'act') ? 'act' : active.length > 0 ? 'warn' : 'ok';
  return { text: format.temperature(Math.max(...temperatures)).text, state: worst };
}

/** The tray icon: the hottest card's temperature, its state by shape and colour, the cards on hover, and the menu. */
export function createTray(words: () => Words, onAction: (action: TrayAction) => void): AppTray {
  const tray = new Tray(image('-', 'unknown'));
  const drawn = { icon: '', tip: '', menu: '', signs: '' };
  let menuMs = -Infinity;
  tray.on('click', () => onAction({ kind: 'open' }));

  const item = (line: MenuLine): Electron.MenuItemConstructorOptions => {
    if (line === 'separator') return { type: 'separator' };
    const { label, action } = line;
    // an ampersand alone would underline the next letter
    const shown = { label: label.replaceAll('&', '&&') };
    return action ? { ...shown, click: () => onAction(action) } : { ...shown, enabled: false };
  };

  function drawIcon(shown: Shown, words: Words): void {
    const icon = iconOf(shown, words);
    const key = `${icon.text} ${icon.state}`;
    if (key !== drawn.icon) tray.setImage(image(icon.text, icon.state));
    drawn.icon = key;
  }

  function drawMenu(shown: Shown, words: Words): void {
    const lines = trayMenu(shown, words);
    const menu = JSON.stringify(lines);
    // all but the cards: what fires, whether alerts are paused, how many cards there are
    const signs = JSON.stringify([shown.tick?.gpus.length, lines.slice(lines.indexOf('separator'))]);
    const now = performance.now();
    if (menu === drawn.menu || (signs === drawn.signs && now - menuMs < VALUES_EVERY_MS)) return;
    Object.assign(drawn, { menu, signs });
    menuMs = now;
    tray.setContextMenu(Menu.buildFromTemplate(lines.map(item)));
    const cards = shown.tick?.gpus ?? [];
    const tip = [
      words.t('app.name'),
      ...originLines(shown.tick, words.t),
      ...cards.map((card) => cardLine(card, cards, words)),
    ];
    tray.setToolTip(tip.map(printable).join('\n'));
  }

  function show(now: Omit<Shown, 'nowMs'>): void {
    const shown = { ...now, nowMs: Date.now() };
    const current = words();
    drawIcon(shown, current);
    drawMenu(shown, current);
  }

  show({ tick: undefined, firing: [], alerts: { pausedUntilMs: null } });
  return { show };
}

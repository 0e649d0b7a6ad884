// `npm run icons`: draws assets/icon.svg at all sizes that desktops ask for. Run it when the drawing changes.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { root, runCommand } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

const checkout = fileURLToPath(root);
const sizes = [16, 24, 32, 48, 64, 128, 256, 512];
const svg = fs.readFileSync(path.join(checkout, 'assets/icon.svg'), 'utf8');

const program = `
const { app, BrowserWindow } = require('electron');
app.disableHardwareAcceleration();
app.on('window-all-closed', () => undefined);
app.whenReady().then(async () => {
  for (const size of ${JSON.stringify(sizes)}) {
    const window = new BrowserWindow({ width: size, height: size, show: false, frame: false, transparent: true, webPreferences: { offscreen: true } });
    const image = '<img style="display:block" width="' + size + '" src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">';
    await window.loadURL('data:text/html,' + encodeURIComponent('<body style="margin:0;overflow:hidden">' + image));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const picture = await window.webContents.capturePage({ x: 0, y: 0, width: size, height: size });
    require('fs').writeFileSync(${JSON.stringify(checkout)} + '/assets/icons/' + size + 'x' + size + '.png', picture.resize({ width: size, height: size }).toPNG());
    window.destroy();
  }
  app.quit();
});`;
await runCommand(async () => {
  const { electron } = await ensureReady({ window: true });
  const folder = fs.mkdtempSync(path.join(checkout, 'out', '.icons-'));
  fs.writeFileSync(path.join(folder, 'main.cjs'), program);
  fs.writeFileSync(path.join(folder, 'package.json'), '{"name":"icons","version":"1.0.0","main":"main.cjs"}');
  const { status } = spawnSync(electron.executable, [folder, '--log-level=3'], {
    stdio: 'inherit',
    timeout: 60_000,
  });
  fs.rmSync(folder, { recursive: true });
  fs.copyFileSync(path.join(checkout, 'assets/icons/256x256.png'), path.join(checkout, 'assets/page/icon.png'));
  return status ?? 1;
});

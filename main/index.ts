// The window's process. Boots, and leaves the rest to shell.ts.
import path from 'node:path';
import { app, dialog } from 'electron';
import { loadSettings } from '../app/settings/file.node.ts';
import { settingsFile } from '../app/settings/folders.node.ts';
import { parseArguments } from './arguments.ts';
import { keepOffTheGpu } from './drawing.ts';
import { prepareBurn, runBurn } from './burn-page.ts';
import { registerScheme } from './protocol.ts';
import { startShell } from './shell.ts';

const out = path.resolve(import.meta.dirname, '..');

const parsed = parseArguments(process.argv.slice(1));
if (!parsed.ok) {
  process.stderr.write(`${parsed.error.message}\n${parsed.error.next ?? ''}\n`);
  app.exit(2);
}
const args = parsed.ok ? parsed.value : undefined;

/** A setting that takes effect at the next start; settings that cannot be read are the defaults. */
function drawsWithGpu(dataFolder: string): boolean {
  const settings = loadSettings(settingsFile(dataFolder));
  return settings.ok && settings.value.gpuCompositing;
}

if (args?.burn) prepareBurn(args.burn === 'software');
else if (args && !drawsWithGpu(args.dataFolder)) keepOffTheGpu();
registerScheme();
if (args) app.setPath('userData', path.join(args.dataFolder, args.burn ? 'burn' : 'window'));

if (args?.burn) {
  void app.whenReady().then(() => runBurn(out));
} else if (args && !app.requestSingleInstanceLock()) {
  app.quit(); // the first instance shows its window
} else if (args) {
  void app.whenReady().then(() => startShell(args, out));
}

// an unexpected failure is shown once, in words, and ends the process: half a monitor is none
process.on('uncaughtException', (error) => {
  console.error(error);
  dialog.showErrorBox('Slowburn', `An unexpected error occurred and Slowburn must close.\n\n${error.message}`);
  app.exit(1);
});

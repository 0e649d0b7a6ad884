// The window's process. Boots, and leaves the rest to shell.ts.
import fs from 'node:fs';
import path from 'node:path';
import { app, dialog } from 'electron';
import { loadSettings } from '../app/settings/file.node.ts';
import { makeFolder } from '../app/core/folders.node.ts';
import { text } from '../app/core/i18n.ts';
import { err, messageOf, ok, type Err, type Result } from '../app/core/result.ts';
import { parseArguments } from './arguments.ts';
import { logFault, startLog } from './log.ts';
import { keepOffTheGpu } from './drawing.ts';
import { prepareStressTest, runStressTest } from './stress-test-page.ts';
import { registerScheme } from './protocol.ts';
import { hardenSessions, useNoNames } from './security.ts';
import { startShell } from './shell.ts';
import { notes } from './terminal.ts';

const out = path.resolve(import.meta.dirname, '..');

/** Prints why the program cannot start, and ends it. */
function refuse({ error }: Err, code: number): undefined {
  notes.say(error.message, ...(error.next ? [`  ${error.next}`] : []));
  app.exit(code);
}

/** Makes the folder for data: Chromium ends silently where it cannot write its own part of it. */
function prepareFolder(folder: string): Result<void> {
  try {
    makeFolder(folder);
    fs.accessSync(folder, fs.constants.W_OK);
    return ok(undefined);
  } catch (thrown) {
    const why = text('main.folder', { folder, why: messageOf(thrown) });
    return err('write-failed', why, text('main.folderNext'));
  }
}

const parsed = parseArguments(process.argv.slice(1));
const prepared = parsed.ok ? prepareFolder(parsed.value.dataFolder) : parsed;
if (!parsed.ok) refuse(parsed, 2);
else if (!prepared.ok) refuse(prepared, 1);
const args = parsed.ok && prepared.ok ? parsed.value : undefined;

/** A setting that takes effect at the next start. */
const drawsWithGpu = (dataFolder: string): boolean => loadSettings(dataFolder).settings.gpuCompositing;

if (args?.stressTest) prepareStressTest(args.stressTest);
else if (args && !drawsWithGpu(args.dataFolder)) keepOffTheGpu();
registerScheme();
useNoNames();
if (args) app.setPath('userData', path.join(args.dataFolder, args.stressTest ? 'burn' : 'window'));

if (args?.stressTest) {
  void app
    .whenReady()
    .then(hardenSessions)
    .then(() => runStressTest(out));
} else if (args && !app.requestSingleInstanceLock()) {
  app.quit(); // the first instance shows its window
} else if (args) {
  startLog(args.dataFolder); // only now: the instance that has the lock writes the log
  void app
    .whenReady()
    .then(hardenSessions)
    .then(() => startShell(args, out));
}

// an unexpected failure is shown once, in words, and ends the process: half a monitor is none
process.on('uncaughtException', (error) => {
  logFault(error);
  dialog.showErrorBox(text('app.name'), `${text('error.unexpected')}\n\n${error.message}`);
  app.exit(1);
});

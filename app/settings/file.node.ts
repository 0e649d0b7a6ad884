import fs from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { err, messageOf, ok, type Result } from '../result.ts';
import { makeFolder } from './folders.node.ts';
import { defaultSettings, settingsSchema, type Settings } from './settings.ts';

/**
 * Reads the settings. A missing file means defaults; a file that cannot be understood is left untouched and reported,
 * and the program goes on with defaults.
 */
export function loadSettings(file: string): Result<Settings> {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return ok(defaultSettings);
    return err('settings-unreadable', `The settings ${file} cannot be read: ${messageOf(thrown)}`);
  }
  try {
    const parsed = settingsSchema.safeParse(JSON.parse(text));
    if (parsed.success) return ok(parsed.data);
    return err('settings-unreadable', `The settings ${file} hold a wrong value: ${z.prettifyError(parsed.error)}`);
  } catch (thrown) {
    return err('settings-unreadable', `The settings ${file} are not JSON: ${messageOf(thrown)}`);
  }
}

/** Writes the settings so that a crash leaves either the old file or the new one. */
export function saveSettings(file: string, settings: Settings): Result<void> {
  try {
    makeFolder(path.dirname(file));
    const temporary = `${file}.${process.pid}.tmp`;
    fs.writeFileSync(temporary, `${JSON.stringify(settings, null, 2)}\n`);
    fs.renameSync(temporary, file);
    return ok(undefined);
  } catch (thrown) {
    return err('write-failed', `The settings could not be saved: ${messageOf(thrown)}`);
  }
}

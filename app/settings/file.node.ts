import { text } from '../core/i18n.ts';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { writeAtomically } from '../core/atomic-write.node.ts';
import { readOwnFile } from '../core/read-input.node.ts';
import { err, messageOf, ok, type Result } from '../core/result.ts';
import { editSettings, textOf } from './edit-settings.ts';
import { makeFolder, settingsFile } from '../core/folders.node.ts';
import { nothingRead, readSettings, type ReadSettings } from './read-settings.ts';
import { defaultSettings, type Settings } from './settings.ts';

/** Settings as found on the disk. */
export type LoadedSettings = ReadSettings & {
  readonly file: string;
  /** new: this folder never had any; missing: it has a history without settings; refused: not read for its kind or size */
  readonly state: 'new' | 'read' | 'missing' | 'refused';
  /** content of the file */
  readonly text?: string;
  readonly bytes?: Buffer;
};

const MOST_BYTES = 2 ** 20;
/** Copies of unreadable files kept; a tool that writes a broken file every minute must not fill the disk. */
const MOST_COPIES = 20;

/** Whether something was ever recorded into this folder. */
function hasHistory(folder: string): boolean {
  try {
    return fs.readdirSync(folder).some((name) => /^(history.*\.db|ledger)/.test(name));
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ENOENT'; // a folder that cannot be listed may have one
  }
}

/** Text in UTF-8, or in UTF-16 with a byte order mark, as Windows editors write it. The mark is removed. */
function decode(bytes: Buffer): string | undefined {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined; // not text: the caller reports it
  }
}

/**
 * Reads the settings of a data folder. It never fails: what cannot be read is reported, has its default, and suspends
 * deletion where it is a limit. Default limits apply only in a folder that has neither settings nor a history.
 */
export function loadSettings(folder: string): LoadedSettings {
  const file = settingsFile(folder);
  const found = readOwnFile(file, MOST_BYTES);
  if (!found.ok) {
    const { message, next } = found.error;
    return { ...nothingRead({ field: '', line: null, message, ...(next && { next }) }), file, state: 'refused' };
  }
  const bytes = found.value;
  if (bytes) {
    const content = decode(bytes);
    const notText = { field: '', line: null, message: text('settingsFile.notUtf8') };
    const read = content === undefined ? nothingRead(notText) : readSettings(content);
    return { ...read, file, state: 'read', bytes, ...(content !== undefined && { text: content }) };
  }
  const dangling = fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  if (!dangling && !hasHistory(folder))
    return {
      settings: defaultSettings,
      problems: [],
      former: [],
      suspended: [],
      wellFormed: false,
      file,
      state: 'new',
    };
  const message = text('settingsFile.missing');
  const next = text('settingsFile.missingNext');
  return { ...nothingRead({ field: '', line: null, message, next }), file, state: 'missing' };
}

/**
 * Copies a file that cannot be read in full beside it, once for each content.
 * @returns the copy, or undefined where there is nothing to copy
 */
export function copyAside({ file, problems, bytes }: LoadedSettings): Result<string | undefined> {
  if (problems.length === 0 || !bytes) return ok(undefined);
  const prefix = `${path.basename(file)}.unreadable-`;
  const copy = path.join(path.dirname(file), prefix + createHash('sha256').update(bytes).digest('hex').slice(0, 12));
  try {
    if (!fs.existsSync(copy)) writeAtomically(copy, bytes);
    const copies = fs
      .readdirSync(path.dirname(file))
      .filter((name) => name.startsWith(prefix) && !name.endsWith('.tmp'))
      .map((name) => path.join(path.dirname(file), name))
      .sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs);
    for (const old of copies.slice(MOST_COPIES)) if (old !== copy) fs.rmSync(old, { force: true });
    return ok(copy);
  } catch (thrown) {
    const message = text('settingsFile.notCopied', { file, reason: messageOf(thrown) });
    return err('write-failed', message, text('settingsFile.notWrittenNext'));
  }
}

/** The file behind links: settings may be a link into a folder that a tool manages. */
function targetOf(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    return file; // not there yet
  }
}

/**
 * Writes a change into the file that was loaded. Only the fields that change are touched: comments, fields of a later
 * version and values that could not be read stay. A file that is no JSON is replaced, once a copy of it exists, by what is
 * in force; limits that it did not give are left out, so that deletion stays suspended.
 */
export function saveChange(loaded: LoadedSettings, change: Partial<Settings>): Result<void> {
  const { file, state, problems, wellFormed, text: found } = loaded;
  if (state === 'refused') return err('settings-unreadable', problems[0]!.message, problems[0]!.next);
  const copied = copyAside(loaded);
  if (!copied.ok) return copied;
  const before = wellFormed && found !== undefined ? found : textOf(loaded.settings, loaded.suspended);
  try {
    makeFolder(path.dirname(file));
    writeAtomically(targetOf(file), editSettings(before, change));
    return ok(undefined);
  } catch (thrown) {
    const message = text('settingsFile.notSaved', { reason: messageOf(thrown) });
    return err('write-failed', message, text('settingsFile.notWrittenNext'));
  }
}

/**
 * Writes the default settings into a folder that has none and never had a history. From then on, settings that are
 * missing were lost, and no limit that the user did not choose deletes anything.
 */
export function establishSettings(folder: string): void {
  const loaded = loadSettings(folder);
  if (loaded.state === 'new') saveChange(loaded, {}); // where this fails, recording will fail too, and say why
}

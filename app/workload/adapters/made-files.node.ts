import fs from 'node:fs/promises';
import path from 'node:path';
import type { FilesMade } from './adapter.ts';

/** With more files than this, looking for new ones would cost more than it tells. */
const MOST_FILES = 50_000;
const MOST_FOLDERS = 2_000;
/** A folder by date, and one by model or prompt below it. */
const MOST_DEEP = 3;

/** Clocks of file systems are coarse: a folder that changed just now may change again within the same tick. */
const SETTLED_MS = 1_000;

type Folder = {
  readonly changedMs: number;
  /** it can only have changed since if its time has */
  readonly settled: boolean;
  readonly names: ReadonlySet<string>;
  readonly folders: readonly string[];
};

/**
 * Looks for files that a program adds to its folders, subfolders by date included. A folder is listed again only when an
 * entry was added to it or removed, which changes its own time. Links are not followed.
 * @param workingFolder of the program; undefined: unknown, as that of another user's program
 */
export function createFilesMade(workingFolder: string | undefined): FilesMade {
  let known = new Map<string, Folder>();
  let top: readonly string[] = [];
  let without: ReadonlySet<string> = new Set();
  let first = true;

  const absolute = (folders: readonly string[]): string[] =>
    folders.flatMap((folder) => {
      if (path.isAbsolute(folder)) return [path.resolve(folder)];
      return workingFolder === undefined ? [] : [path.resolve(workingFolder, folder)];
    });

  /** Throws if it is not there, or may not be read. */
  async function read(folder: string): Promise<Folder> {
    const changedMs = (await fs.stat(folder)).mtimeMs;
    const before = known.get(folder);
    if (before?.settled && before.changedMs === changedMs) return before;
    const entries = await fs.readdir(folder, { withFileTypes: true });
    return {
      changedMs,
      settled: Date.now() - changedMs > SETTLED_MS,
      names: new Set(entries.flatMap((entry) => (entry.isFile() ? [entry.name] : []))),
      folders: entries.flatMap((entry) => (entry.isDirectory() ? [path.join(folder, entry.name)] : [])),
    };
  }

  /** All folders as they are now. Undefined: there are too many files, or none of the folders can be read. */
  async function look(): Promise<Map<string, Folder> | undefined> {
    const now = new Map<string, Folder>();
    const open = top.map((folder) => ({ folder, deep: 0 }));
    let files = 0;
    let unreadable = 0;
    for (let next = open.pop(); next; next = open.pop()) {
      const { folder, deep } = next;
      if (without.has(folder) || now.has(folder)) continue;
      try {
        const found = await read(folder);
        now.set(folder, found);
        files += found.names.size;
        if (deep < MOST_DEEP) open.push(...found.folders.map((one) => ({ folder: one, deep: deep + 1 })));
      } catch (thrown) {
        // a folder that is not there yet holds no files
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') unreadable++;
      }
      if (files > MOST_FILES || now.size > MOST_FOLDERS) return undefined;
    }
    return unreadable > 0 ? undefined : now;
  }

  return async (where) => {
    if (where) {
      const wanted = absolute(where.folders);
      const key = (list: readonly string[]): string => list.join('\0');
      if (key(wanted) !== key(top)) {
        top = wanted;
        known = new Map();
        first = true;
      }
      without = new Set(absolute(where.without));
    }
    if (top.length === 0) return undefined;
    const now = await look();
    if (!now) return undefined;
    const added = first
      ? []
      : [...now].flatMap(([folder, { names }]) => {
          const before = known.get(folder)?.names;
          return before === names
            ? []
            : [...names].filter((name) => !before?.has(name)).map((name) => path.join(folder, name));
        });
    known = now;
    first = false;
    return added;
  };
}

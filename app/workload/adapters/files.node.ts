import fs from 'node:fs';
import path from 'node:path';
import type { LinearPattern } from '../../core/linear-pattern.ts';
import { MARKS_KEPT, type Marks } from './outputs.ts';
import type { Glob } from './glob.ts';

/** A larger folder tree is not the output of a run. The rest of it is not read. */
const MOST_ENTRIES = 50_000;
const MOST_FOLDERS_DEEP = 12;
/** A file that grows keeps its last bytes where they are; one that is overwritten does not. */
const TAIL = 4096;
/** The same bytes with a later time: within this, a file that is still being filled; beyond it, the same output again. */
const FILLING_MS = 1000;

type Found = { readonly file: string; readonly id: string; readonly size: number; readonly changedMs: number };
type Mark = { tsMs: number; readonly count: number };
type Known = Found & { readonly tail: Buffer | undefined; readonly mark: Mark | undefined };

/** Matching files below a folder that hold something. Links are not followed. */
function* filesBelow(folder: string, pattern: LinearPattern): Generator<Found> {
  let remaining = MOST_ENTRIES;
  const open: { readonly below: string; readonly depth: number }[] = [{ below: '', depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(path.join(folder, next.below), { withFileTypes: true });
    } catch {
      continue; // it does not exist yet, or was deleted
    }
    for (const entry of entries) {
      if (remaining-- <= 0) return;
      const below = next.below ? `${next.below}/${entry.name}` : entry.name;
      if (entry.isDirectory() && next.depth < MOST_FOLDERS_DEEP) open.push({ below, depth: next.depth + 1 });
      else if (entry.isFile() && pattern.test(below)) {
        const stat = fs.statSync(path.join(folder, below), { throwIfNoEntry: false, bigint: true });
        if (!stat || stat.size === 0n) continue; // a name that was reserved, or a file that is about to be written
        const changedMs = Number(stat.mtimeNs) / 1e6;
        yield { file: below, id: `${stat.dev}:${stat.ino}`, size: Number(stat.size), changedMs };
      }
    }
  }
}

/** The last bytes of the first `size` bytes of a file. Undefined: it cannot be read. */
function tailOf(file: string, size: number): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, 'r');
    const tail = Buffer.alloc(Math.min(TAIL, size));
    const length = fs.readSync(descriptor, tail, 0, tail.length, size - tail.length);
    return tail.subarray(0, length);
  } catch {
    return undefined; // deleted since it was listed, or not ours to read
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

const sameVersion = (a: Found, b: Found): boolean => a.size === b.size && a.changedMs === b.changedMs;

/**
 * Counts what a person would count as files made: each new file, and each time one is overwritten. A file that is
 * renamed or moved stays the same file, and so does one that grows. Files that existed before are not counted.
 */
export function countFiles({ folder: base, pattern }: Glob, folder = process.cwd()) {
  const top = path.resolve(folder, base);
  const marks: Mark[] = [];
  let total = 0;

  /** Counts a file as a new output. */
  function count(found: Found): Known {
    total++;
    const mark = { tsMs: found.changedMs, count: 1 };
    if (marks.length < MARKS_KEPT) marks.push(mark);
    return { ...found, tail: tailOf(path.join(top, found.file), found.size), mark };
  }

  /** Whether a changed file still holds what it held, so that it is the same output. */
  function continues(before: Known, now: Found): boolean {
    if (!before.tail || now.size < before.size) return false;
    if (now.size === before.size && now.changedMs - before.changedMs > FILLING_MS) return false;
    return tailOf(path.join(top, now.file), before.size)?.equals(before.tail) ?? false;
  }

  function judge(before: Known | undefined, now: Found): Known {
    if (!before) return count(now);
    if (sameVersion(before, now)) return { ...before, ...now };
    if (!continues(before, now)) return count(now);
    if (before.mark) before.mark.tsMs = now.changedMs; // it is complete later than it seemed
    return { ...now, tail: tailOf(path.join(top, now.file), now.size), mark: before.mark };
  }

  let known = new Map(
    [...filesBelow(top, pattern)].map((found): [string, Known] => [
      found.file,
      { ...found, tail: undefined, mark: undefined },
    ]),
  );

  return {
    /** Looks for files that were made or overwritten since the last look. */
    look(): void {
      const found = [...filesBelow(top, pattern)].sort((a, b) => a.changedMs - b.changedMs);
      const ids = new Map(found.map(({ file, id }) => [file, id]));
      // files that are no longer where they were; moved to another disk, a file gets a new id and keeps its time
      const left = [...known.values()].filter(({ file, id }) => ids.get(file) !== id);
      known = new Map(
        found.map((now) => {
          const here = known.get(now.file);
          if (here?.id === now.id) return [now.file, judge(here, now)];
          const at = left.findIndex((one) => one.id === now.id || sameVersion(one, now));
          const [moved] = at < 0 ? [] : left.splice(at, 1);
          return [now.file, judge(moved, now)];
        }),
      );
    },
    count: () => total,
    /** the folder that was looked into, and whether it is there */
    top: (): { readonly folder: string; readonly exists: boolean } => ({ folder: top, exists: fs.existsSync(top) }),
    marks: (): Marks => [...marks].sort((a, b) => a.tsMs - b.tsMs),
  };
}

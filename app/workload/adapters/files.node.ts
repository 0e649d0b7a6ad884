import fs from 'node:fs';
import path from 'node:path';
import type { LinearPattern } from '../../core/linear-pattern.ts';
import { MARKS_KEPT, type Marks } from './outputs.ts';
import type { Glob } from './glob.ts';

/** A folder tree larger than this is not one that a run writes into; the rest is not looked at. */
const MOST_ENTRIES = 50_000;
const MOST_FOLDERS_DEEP = 12;

/** Files below a folder that match, with their last change. Links are not followed. */
function* filesBelow(
  folder: string,
  pattern: LinearPattern,
): Generator<{ readonly file: string; readonly changedMs: number }> {
  let left = MOST_ENTRIES;
  const open: { readonly below: string; readonly depth: number }[] = [{ below: '', depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(path.join(folder, next.below), { withFileTypes: true });
    } catch {
      continue; // not there yet, or gone again
    }
    for (const entry of entries) {
      if (left-- <= 0) return;
      const below = next.below ? `${next.below}/${entry.name}` : entry.name;
      if (entry.isDirectory() && next.depth < MOST_FOLDERS_DEEP) open.push({ below, depth: next.depth + 1 });
      else if (entry.isFile() && pattern.test(below)) {
        const stat = fs.statSync(path.join(folder, below), { throwIfNoEntry: false });
        if (stat) yield { file: below, changedMs: stat.mtimeMs };
      }
    }
  }
}

/** Counts files that appear or are written anew under a glob. What was there before is not counted. */
export function countFiles({ folder: base, pattern }: Glob, folder = process.cwd()) {
  const top = path.resolve(folder, base);
  const seen = new Map([...filesBelow(top, pattern)].map(({ file, changedMs }) => [file, changedMs]));
  const counted = new Set<string>();
  const marks: { tsMs: number; count: number }[] = [];
  return {
    /** Looks again. A file counts once, at its last change when first seen. */
    look(): void {
      const fresh: number[] = [];
      for (const { file, changedMs } of filesBelow(top, pattern)) {
        if (counted.has(file) || seen.get(file) === changedMs) continue;
        counted.add(file);
        fresh.push(changedMs);
      }
      for (const tsMs of fresh.sort((a, b) => a - b)) if (marks.length < MARKS_KEPT) marks.push({ tsMs, count: 1 });
    },
    count: () => counted.size,
    marks: (): Marks => marks,
  };
}

import fs from 'node:fs';
import path from 'node:path';
import type { LinearPattern } from '../../core/linear-pattern.ts';
import { MARKS_KEPT, type Marks } from './outputs.ts';
import type { Glob } from './glob.ts';

/** A larger folder tree is not the output of a run. The rest of it is not read. */
const MOST_ENTRIES = 50_000;
const MOST_FOLDERS_DEEP = 12;

/** Matching files below a folder, with the time of their last change. Links are not followed. */
function* filesBelow(
  folder: string,
  pattern: LinearPattern,
): Generator<{ readonly file: string; readonly changedMs: number }> {
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
        const stat = fs.statSync(path.join(folder, below), { throwIfNoEntry: false });
        if (stat) yield { file: below, changedMs: stat.mtimeMs };
      }
    }
  }
}

/** Counts files that are created or overwritten under a glob. Files that existed before are not counted. */
export function countFiles({ folder: base, pattern }: Glob, folder = process.cwd()) {
  const top = path.resolve(folder, base);
  const seen = new Map([...filesBelow(top, pattern)].map(({ file, changedMs }) => [file, changedMs]));
  const counted = new Set<string>();
  const marks: { tsMs: number; count: number }[] = [];
  return {
    /** Looks for new files. Each counts once, at the time of its last change when it is first seen. */
    look(): void {
      const changes: number[] = [];
      for (const { file, changedMs } of filesBelow(top, pattern)) {
        if (counted.has(file) || seen.get(file) === changedMs) continue;
        counted.add(file);
        changes.push(changedMs);
      }
      for (const tsMs of changes.sort((a, b) => a - b)) if (marks.length < MARKS_KEPT) marks.push({ tsMs, count: 1 });
    },
    count: () => counted.size,
    marks: (): Marks => marks,
  };
}

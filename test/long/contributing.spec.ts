import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'vitest';
import { contributingTasks, follow } from '../support/contributing.ts';
import { temporaryFolder } from '../support/folders.ts';

/** A copy of what git knows and of what is new, as a repository, with the dependencies and the built programs linked. */
function scratchCopy(): string {
  const copy = temporaryFolder();
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const name of files.toString().split('\0').filter(Boolean)) {
    if (!fs.existsSync(name)) continue; // deleted, and not committed yet
    fs.mkdirSync(path.dirname(path.join(copy, name)), { recursive: true });
    fs.copyFileSync(name, path.join(copy, name));
  }
  for (const name of ['node_modules', 'out'])
    if (fs.existsSync(name)) fs.symlinkSync(path.resolve(name), path.join(copy, name));
  execFileSync('git', ['init', '-q'], { cwd: copy });
  return copy;
}

describe('the steps of CONTRIBUTING.md', () => {
  it.each(contributingTasks())(
    '$name: followed literally, they lead to code that compiles and passes its tests',
    ({ steps }) => {
      const copy = scratchCopy();
      for (const step of steps) follow(step, copy);
    },
  );
});

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { follow, tasksOf } from '../support/contributing.ts';
import { temporaryFolder } from '../support/folders.ts';

const root = path.resolve(import.meta.dirname, '../..');
const tasks = tasksOf(fs.readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8'));

/** A copy of what git knows and of what is new, with the dependencies and the built programs linked. */
function scratchCopy(): string {
  const copy = temporaryFolder();
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const name of files.toString().split('\0').filter(Boolean)) {
    const from = path.join(root, name);
    if (!fs.existsSync(from)) continue; // deleted, and not committed yet
    fs.mkdirSync(path.dirname(path.join(copy, name)), { recursive: true });
    fs.copyFileSync(from, path.join(copy, name));
  }
  for (const name of ['node_modules', 'out']) {
    if (fs.existsSync(path.join(root, name))) fs.symlinkSync(path.join(root, name), path.join(copy, name));
  }
  return copy;
}

describe('the steps of CONTRIBUTING.md', () => {
  it('are there for everything that is added often', () => {
    expect(tasks.map(({ name }) => name)).toEqual(
      [
        'a metric',
        'an alert rule',
        'an adapter',
        'a program',
        'a source',
        'a page',
        'a command',
        'a language',
        'a migration',
      ].map((what) => `Add ${what}`),
    );
  });

  it.each(tasks)('$name: followed literally, they lead to code that compiles and passes its tests', ({ steps }) => {
    const copy = scratchCopy();
    expect(steps.at(-1)?.kind).toBe('run');
    for (const step of steps) follow(step, copy);
  });
});

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrations } from '../../app/history/migrations/migrations.ts';
import { metrics } from '../../app/metrics/metrics.ts';
import { contributingTasks, follow, type Task } from '../support/contributing.ts';
import { temporaryFolder } from '../support/folders.ts';

// `npm run test:long -- tasks` also runs the commands of each task.

const tasks = contributingTasks();
const textsOf = (name: string): string =>
  tasks
    .find((task) => task.name === name)!
    .steps.flatMap((step) => ('text' in step ? [step.text] : []))
    .join('\n');

/** A folder with the files that a task changes. */
function copyFor({ steps }: Task): string {
  const copy = temporaryFolder();
  for (const step of steps) {
    if (step.kind === 'run' || step.kind === 'create') continue;
    fs.mkdirSync(path.dirname(path.join(copy, step.file)), { recursive: true });
    fs.copyFileSync(step.file, path.join(copy, step.file));
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

  it.each(tasks)('$name: each step fits the file that it changes', (task) => {
    const copy = copyFor(task);
    for (const step of task.steps) {
      if (step.kind === 'create') expect(fs.existsSync(step.file), step.file).toBe(false);
      if (step.kind !== 'run') follow(step, copy);
    }
    expect(task.steps.at(-1)?.kind).toBe('run');
  });

  it('use the next free number of a metric and of a migration', () => {
    const id = Number(/id: (\d+)/.exec(textsOf('Add a metric'))![1]);
    expect(id).toBe(1 + Math.max(...metrics.map((metric) => metric.id)));
    const number = Number(/'(\d{4})-example'/.exec(textsOf('Add a migration'))![1]);
    expect(number).toBe(1 + Object.keys(migrations).length);
    expect(textsOf('Add a migration')).toContain(`Schema ${number}`);
  });
});

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** One step of CONTRIBUTING.md that changes or runs something. */
export type Step =
  | { readonly kind: 'create'; readonly file: string; readonly text: string }
  | {
      readonly kind: 'insert';
      readonly file: string;
      readonly where: 'before' | 'after';
      readonly line: string;
      readonly text: string;
    }
  | { readonly kind: 'replace'; readonly file: string; readonly from: string; readonly to: string }
  | { readonly kind: 'run'; readonly commands: readonly string[] };
export type Task = { readonly name: string; readonly steps: readonly Step[] };

const INDENT = '   ';

/** The text of a fenced block, without the indentation of its list item. */
function blockOf(item: string): string | undefined {
  const found = /^ {3}```\w+\n([\s\S]*?)^ {3}```$/m.exec(item);
  return found?.[1]!
    .split('\n')
    .map((line) => (line.startsWith(INDENT) ? line.slice(INDENT.length) : line))
    .join('\n');
}

function stepOf(item: string): Step {
  const said = item.split('```')[0]!.replaceAll(/\s+/g, ' ');
  const text = blockOf(item);
  const replaced = /^In `([^`]+)`, replace `([^`]+)` with `([^`]+)`/.exec(said);
  if (replaced) return { kind: 'replace', file: replaced[1]!, from: replaced[2]!, to: replaced[3]! };
  if (text === undefined) throw new Error(`This step says nothing that can be followed: ${said}`);
  if (item.includes('```sh')) return { kind: 'run', commands: text.trim().split('\n') };
  const created = /^Create `([^`]+)`/.exec(said);
  if (created) return { kind: 'create', file: created[1]!, text };
  const inserted = /^In `([^`]+)`, (before|after) the line with `([^`]+)`/.exec(said);
  if (!inserted) throw new Error(`This step says nothing that can be followed: ${said}`);
  const [, file, where, line] = inserted as unknown as [string, string, 'before' | 'after', string];
  return { kind: 'insert', file, where, line, text };
}

/** The sections "Add …" of CONTRIBUTING.md, with their numbered steps. */
const tasksOf = (markdown: string): Task[] =>
  markdown
    .split(/^## /m)
    .filter((section) => section.startsWith('Add '))
    .map((section) => ({
      name: section.split('\n')[0]!,
      steps: section
        .split(/^\d+\. /m)
        .slice(1)
        .map(stepOf),
    }));

/** The tasks of this checkout. */
export const contributingTasks = (): Task[] => tasksOf(fs.readFileSync('CONTRIBUTING.md', 'utf8'));

function edit(file: string, change: (text: string) => string): void {
  fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')));
}

/** Follows one step in a checkout. Throws with what does not fit: the step is out of date. */
export function follow(step: Step, checkout: string): void {
  if (step.kind === 'run') {
    for (const command of step.commands) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: checkout, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
    }
    return;
  }
  const file = path.join(checkout, step.file);
  if (step.kind === 'create') {
    if (fs.existsSync(file)) throw new Error(`${step.file} exists already.`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, step.text);
    return;
  }
  if (!fs.existsSync(file)) throw new Error(`${step.file} does not exist.`);
  edit(file, (text) => {
    if (step.kind === 'replace') {
      if (!text.includes(step.from)) throw new Error(`${step.file} does not contain: ${step.from}`);
      return text.replace(step.from, () => step.to);
    }
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes(step.line));
    if (at < 0) throw new Error(`${step.file} has no line with: ${step.line}`);
    lines.splice(step.where === 'before' ? at : at + 1, 0, step.text.replace(/\n$/, ''));
    return lines.join('\n');
  });
}

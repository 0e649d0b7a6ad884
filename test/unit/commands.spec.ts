import { Option, type Command as Parser } from 'commander';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Command } from '../../cli/command.ts';
import { createProgram } from '../../cli/program.ts';
import { alwaysOn } from '../../cli/always-on.ts';
import { commands, groups } from '../../cli/commands.ts';

const leaves = (parser: Parser, name = ''): [string, Parser][] =>
  parser.commands.length === 0
    ? [[name.trim(), parser]]
    : parser.commands.flatMap((inner) => leaves(inner, `${name} ${inner.name()}`));

const all = leaves(createProgram(() => undefined, { commands, groups }));

describe('the command line', () => {
  it('has every command of the registry, in its order', () => {
    const ids = Object.keys(commands);
    const first = (id: string): string => id.split(' ')[0]!;
    // commands of a group follow its first one
    const sorted = [...new Set(ids.map(first))].flatMap((group) => ids.filter((id) => first(id) === group));
    expect(all.map(([id]) => id)).toEqual(sorted);
  });

  it.each(all)('%s describes itself and each of its options', (_, parser) => {
    expect(parser.description()).toMatch(/^[a-z]/);
    for (const { flags, description } of parser.options) expect(description, flags).toMatch(/\w/);
    expect(parser.description()).not.toContain('cli.');
  });

  it.each(all)('%s gives no option twice, and shows all of them in its help', (_, parser) => {
    const names = parser.options.map(({ long }) => long);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(parser.helpInformation()).toContain(name);
  });
});

describe('a command that runs for months', () => {
  it.each(['record', 'monitor'] as const)('%s is the one of the registry, loaded alone', async (name) => {
    expect(await alwaysOn(name)).toEqual({ commands: { [name]: commands[name] } });
  });

  it('is none of the others, and no property that objects have', async () => {
    for (const name of ['status', 'db', 'toString', undefined]) expect(await alwaysOn(name)).toBeUndefined();
  });
});

describe('a renamed option', () => {
  const given: unknown[] = [];
  const command = {
    description: () => 'does nothing',
    options: () => [
      new Option('-l, --power-limit <watts>', 'limit').argParser(Number),
      new Option('--quiet', 'says nothing'),
    ],
    renamed: { '--power-cap': '--power-limit', '--silent': '--quiet' },
    run: (options: object) => given.push(options),
  } satisfies Command;
  /** Parses in a process of our own streams: what it prints is collected. */
  async function run(...args: readonly string[]): Promise<{ options: unknown; said: string }> {
    let said = '';
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((said += String(text))));
    onTestFinished(() => write.mockRestore());
    await createProgram(() => undefined, { commands: { test: command } }).parseAsync(['test', ...args], {
      from: 'user',
    });
    return { options: given.pop(), said };
  }

  it('works as under its name of today, and prints a hint', async () => {
    const { options, said } = await run('--power-cap', '250', '--silent');
    expect(options).toMatchObject({ powerLimit: 250, quiet: true });
    expect(said).toContain('--power-cap is now called --power-limit.');
    expect(said).toContain('--silent is now called --quiet.');
  });

  it('prints nothing under its name of today', async () => {
    expect(await run('--power-limit', '250', '--quiet')).toMatchObject({
      options: { powerLimit: 250, quiet: true },
      said: '',
    });
  });

  it('is not in the help', () => {
    const help = leaves(createProgram(() => undefined, { commands: { test: command } }))[0]![1].helpInformation();
    expect(help).toContain('--power-limit');
    expect(help).not.toContain('--power-cap');
  });

  it('must have a name of today', () => {
    const wrong = { ...command, renamed: { '--old': '--none' } } satisfies Command;
    expect(() => createProgram(() => undefined, { commands: { test: wrong } })).toThrow(
      '--none, which is no option of test',
    );
  });
});

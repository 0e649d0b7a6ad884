import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/program.ts';
import { commands } from '../../cli/commands.ts';

const leaves = (parser: Command, name = ''): [string, Command][] =>
  parser.commands.length === 0
    ? [[name.trim(), parser]]
    : parser.commands.flatMap((inner) => leaves(inner, `${name} ${inner.name()}`));

const all = leaves(createProgram(() => undefined));

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

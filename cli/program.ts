import { Option, Command as Parser } from 'commander';
import { text } from '../app/core/i18n.ts';
import type { Command } from './command.ts';
import { notes } from './terminal.ts';

/** Lets a former name of an option work like the option itself. The help does not show it. */
function addFormer(parser: Parser, former: string, now: string): void {
  const option = parser.options.find(({ long }) => long === now);
  if (!option) throw new Error(`${former} is renamed to ${now}, which is no option of ${parser.name()}.`);
  const hidden = new Option(option.flags.replace(/^.*?--[\w-]+/, former), text('cli.renamed', { former, now }));
  if (option.parseArg) hidden.argParser(option.parseArg);
  parser.addOption(hidden.hideHelp());
  parser.on(`option:${hidden.name()}`, () => {
    notes.say(text('cli.renamed', { former, now }));
    parser.setOptionValueWithSource(option.attributeName(), parser.getOptionValue(hidden.attributeName()), 'cli');
  });
}

/** Adds one command of the registry to the parser of its group. */
function add(parent: Parser, name: string, command: Command, finish: (code: number) => void): void {
  const parser = parent.command(name).description(command.description());
  for (const option of command.options()) parser.addOption(option);
  for (const [former, now] of Object.entries(command.renamed ?? {})) addFormer(parser, former, now);
  for (const argument of command.arguments?.() ?? []) parser.addArgument(argument);
  if (command.passThrough) parser.passThroughOptions();
  // commander passes one value per argument, the options, and the parser itself
  parser.action(async (...given: readonly unknown[]) => finish(await command.run(...(given.slice(0, -1) as never[]))));
}

/** Commands by their names, and what is said about commands that only have sub-commands. */
export type Registry = {
  readonly commands: Readonly<Record<string, Command>>;
  readonly groups?: Readonly<Record<string, () => string>>;
};

/**
 * The parser of commands and options. Its `commands`, `options` and `registeredArguments` describe the command line for
 * generated docs.
 * @param finish gets the exit code of the command that ran
 */
export function createProgram(finish: (code: number) => void, { commands, groups = {} }: Registry): Parser {
  const program = new Parser('slowburn').description(text('cli.about')).enablePositionalOptions();
  const parents = new Map<string, Parser>();
  for (const [id, command] of Object.entries(commands)) {
    const [first, second] = id.split(' ') as [string, string?];
    if (second === undefined) {
      add(program, first, command, finish);
      continue;
    }
    const parent = parents.get(first) ?? program.command(first).description(groups[first]?.() ?? '');
    parents.set(first, parent);
    add(parent, second, command, finish);
  }
  return program;
}

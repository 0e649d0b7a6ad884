import readline from 'node:readline/promises';
import { Argument, Option } from 'commander';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { err } from '../../app/core/result.ts';
import { channelArgument, channelsOf, type AlertChannelId, type ChannelOptions } from '../channels.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../options.ts';
import { dataDirOption } from '../shared-options.ts';
import { notes, out, printError } from '../terminal.ts';

/** One line of standard input. A terminal does not show it: there is no output to echo to. */
async function readSecret(): Promise<string> {
  if (process.stdin.isTTY) notes.say(text('cli.alerts.typeSecret'));
  const lines = readline.createInterface({ input: process.stdin, terminal: process.stdin.isTTY });
  for await (const line of lines) {
    lines.close();
    return line.trim();
  }
  return '';
}

/** `slowburn alerts secret CHANNEL NAME`: from standard input, because arguments are seen by every user of a computer. */
export const alertsSecret = {
  description: () => text('cli.alerts.secretDescription'),
  arguments: () => [channelArgument(), new Argument('<name>', text('cli.alerts.secretName'))],
  options: () => [dataDirOption(), new Option('--remove', text('cli.alerts.remove'))],
  async run(
    channel: AlertChannelId,
    name: string,
    options: ChannelOptions & { readonly remove?: true },
  ): Promise<number> {
    const { dataDir, remove } = options;
    const value = remove ? null : await readSecret();
    const saved =
      value === ''
        ? err('invalid-argument', text('cli.alerts.emptySecret'), text('cli.alerts.emptySecretNext'))
        : channelsOf(dataFolder(dataDir)).setSecret(channel, name, value);
    if (saved.ok) out.say(text(remove ? 'cli.alerts.removed' : 'cli.alerts.saved'));
    else printError(saved.error);
    return saved.ok ? EXIT.ok : EXIT.failed;
  },
} satisfies Command;

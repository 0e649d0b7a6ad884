import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { channelArgument, channelsOf, type AlertChannelId, type ChannelOptions } from '../channels.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../options.ts';
import { dataDirOption } from '../shared-options.ts';
import { out, printError } from '../terminal.ts';

/** `slowburn alerts test CHANNEL`: sends a test message, as the button in the window does. */
export const alertsTest = {
  description: () => text('cli.alerts.testDescription'),
  arguments: () => [channelArgument()],
  options: () => [dataDirOption()],
  async run(channel: AlertChannelId, { dataDir }: ChannelOptions): Promise<number> {
    const deliveries = channelsOf(dataFolder(dataDir));
    const answer = await deliveries.test(channel);
    await deliveries.close();
    if (answer.ok) out.say(answer.value);
    else printError(answer.error);
    return answer.ok ? EXIT.ok : EXIT.failed;
  },
} satisfies Command;

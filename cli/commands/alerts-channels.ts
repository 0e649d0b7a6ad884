import { channelSentence } from '../../app/alerts/channels/channel-text.ts';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { channelStates, type ChannelOptions } from '../channels.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, settingsOf } from '../options.ts';
import { dataDirOption, jsonOption } from '../shared-options.ts';
import { out } from '../terminal.ts';

/** `slowburn alerts channels`: which channels are on, what they lack, what waits and why. Never a secret. */
export const alertsChannels = {
  description: () => text('cli.alerts.channelsDescription'),
  options: () => [dataDirOption(), jsonOption()],
  run({ dataDir, json }: ChannelOptions & { readonly json?: true }): number {
    const folder = dataFolder(dataDir);
    const settings = settingsOf(folder);
    const { channels } = settings.alerts;
    const states = channelStates(folder).map((state) => ({ ...state, on: channels[state.id].on }));
    if (json) {
      out.json(states, 2);
      return EXIT.ok;
    }
    const format = formatterOf(settings);
    for (const { on, ...state } of states) {
      const { id } = state;
      const sentence = channelSentence(text, format, state, on);
      out.say(text('cli.alerts.line', { name: text(`channel.name.${id}`), id, state: sentence }));
    }
    return EXIT.ok;
  },
} satisfies Command;

import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { recorderStatus } from '../../app/recorder/recorder-status.node.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, settingsOf } from '../options.ts';
import { dataDirOption, jsonOption } from '../shared-options.ts';
import { statusLines } from '../status-lines.ts';
import { out } from '../terminal.ts';

type StatusOptions = { readonly dataDir?: string; readonly json?: true };

/** `slowburn status`: whether something records, in five lines. Exits with 0 while samples are stored, else with 3. */
export const status = {
  description: () => text('cli.recorderStatus.description'),
  options: () => [dataDirOption(), jsonOption()],
  run({ dataDir, json }: StatusOptions): number {
    const found = recorderStatus(dataFolder(dataDir), Date.now());
    if (json) {
      const { folder, state, recorder = null, historyBytes = null, firing } = found;
      const alerts = firing.ok ? { firing: firing.value } : { firing: null, error: firing.error };
      out.json({ folder, state, recorder, historyBytes, ...alerts }, 2);
    } else {
      out.say(...statusLines(found, formatterOf(settingsOf(found.folder))));
    }
    return found.state === 'recording' ? EXIT.ok : EXIT.notRecording;
  },
} satisfies Command;

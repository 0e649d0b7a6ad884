import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import type { Result } from '../../app/core/result.ts';
import { recorderStatus, type RecorderStatus } from '../../app/recorder/recorder-status.node.ts';
import { systemStatus } from '../../app/recorder/system-status.node.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, settingsOf } from '../options.ts';
import { dataDirOption, jsonOption } from '../shared-options.ts';
import { statusLines, systemLines } from '../status-lines.ts';
import { out } from '../terminal.ts';

type StatusOptions = { readonly dataDir?: string; readonly json?: true };

const asJson = ({ folder, state, recorder, historyBytes, firing }: RecorderStatus) => ({
  folder,
  state,
  recorder: recorder ?? null,
  historyBytes: historyBytes ?? null,
  ...(firing.ok ? { firing: firing.value } : { firing: null, error: firing.error }),
});

/** The machine's recorder, unless it is the one of this folder, or there is none. */
function beside(own: RecorderStatus, system: Result<RecorderStatus>): Result<RecorderStatus> | undefined {
  if (system.ok) return system.value.recorder?.pid === own.recorder?.pid ? undefined : system;
  return system.error.code === 'not-found' ? undefined : system;
}

/**
 * `slowburn status`: what records into the folder, in five lines; then the same of the machine's recorder, if there is
 * one. Exits with 0 while one of them stores samples, else with 3.
 */
export const status = {
  description: () => text('cli.recorderStatus.description'),
  options: () => [dataDirOption(), jsonOption()],
  async run({ dataDir, json }: StatusOptions): Promise<number> {
    const own = recorderStatus(dataFolder(dataDir), Date.now());
    const system = beside(own, await systemStatus());
    if (json) {
      const machine = system && (system.ok ? asJson(system.value) : { error: system.error });
      out.json({ ...asJson(own), system: machine ?? null }, 2);
    } else {
      const format = formatterOf(settingsOf(own.folder));
      out.say(...statusLines(own, format), ...(system ? ['', ...systemLines(system, format)] : []));
    }
    const recording = own.state === 'recording' || (system?.ok === true && system.value.state === 'recording');
    return recording ? EXIT.ok : EXIT.notRecording;
  },
} satisfies Command;

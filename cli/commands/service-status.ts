import fs from 'node:fs';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { ok } from '../../app/core/result.ts';
import { recorderStatus } from '../../app/recorder/recorder-status.node.ts';
import { systemStatus } from '../../app/recorder/system-status.node.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, settingsOf } from '../options.ts';
import { systemOption } from '../service/options.ts';
import { installedUnit, managerOf, scopeOf, systemctl, unitFile, type ScopeOptions } from '../service/systemd.ts';
import { dataFolderIn, UNIT, type ServiceScope } from '../service/systemd-unit.ts';
import { statusLines } from '../status-lines.ts';
import { out, printError } from '../terminal.ts';

function readableFolder(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.R_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What systemd knows of the unit, by property. */
function unitState(scope: ServiceScope) {
  const manager = managerOf(scope);
  if (!manager.ok) return manager;
  const unit = installedUnit(scope);
  if (!unit.ok) return unit;
  const shown = systemctl(scope, 'show', UNIT, '--property=ActiveState,SubState,UnitFileState,StatusText');
  if (!shown.ok) return shown;
  const property = (name: string): string => new RegExp(`^${name}=(.+)$`, 'm').exec(shown.value)?.[1] ?? '–';
  return ok({ property, folder: dataFolderIn(unit.value) ?? dataFolder() });
}

/** `slowburn service status`: the unit's state, then the lines of `slowburn status`. Exits as that does. */
export const serviceStatus = {
  description: () => text('cli.service.statusDescription'),
  options: () => [systemOption()],
  async run(options: ScopeOptions): Promise<number> {
    const scope = scopeOf(options);
    const shown = unitState(scope);
    if (!shown.ok) {
      printError(shown.error);
      return EXIT.failed;
    }
    const { property: of, folder } = shown.value;
    const active = of('ActiveState');
    out.say(
      text('cli.service.state', { active, sub: of('SubState'), enabled: of('UnitFileState'), file: unitFile(scope) }),
    );
    if (scope === 'system') out.say(text('cli.service.cannot'));
    if (scope === 'system' && !readableFolder(folder)) {
      const asked = await systemStatus();
      if (asked.ok) out.say(...statusLines(asked.value, formatterOf(settingsOf(dataFolder()))));
      else out.say(of('StatusText'), text('cli.service.unreadable', { folder }));
      return active === 'active' ? EXIT.ok : EXIT.notRecording;
    }
    const status = recorderStatus(folder, Date.now());
    out.say(...statusLines(status, formatterOf(settingsOf(folder))));
    return active === 'active' && status.state === 'recording' ? EXIT.ok : EXIT.notRecording;
  },
} satisfies Command;

import fs from 'node:fs';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { err, messageOf, ok, type Result } from '../../app/core/result.ts';
import type { Command } from '../command.ts';
import { concluded } from '../job.ts';
import { systemOption } from '../service/options.ts';
import {
  installedUnit,
  managerOf,
  mayChange,
  scopeOf,
  systemctl,
  unitFile,
  type ScopeOptions,
} from '../service/systemd.ts';
import { dataFolderIn, UNIT, type ServiceScope } from '../service/systemd-unit.ts';

function removeService(scope: ServiceScope): Result<string> {
  const file = unitFile(scope);
  const unit = installedUnit(scope);
  const steps: readonly (() => Result<unknown>)[] = [
    () => managerOf(scope),
    () => mayChange(scope),
    () => unit,
    () => systemctl(scope, 'disable', '--now', UNIT),
    () => {
      try {
        return ok(fs.rmSync(file));
      } catch (thrown) {
        return err('write-failed', text('cli.service.failed', { command: file, why: messageOf(thrown) }));
      }
    },
    () => systemctl(scope, 'daemon-reload'),
  ];
  for (const step of steps) {
    const done = step();
    if (!done.ok) return done;
  }
  return ok((unit.ok && dataFolderIn(unit.value)) || dataFolder());
}

/** `slowburn service remove`: stops the service and deletes its unit. */
export const serviceRemove = {
  description: () => text('cli.service.removeDescription'),
  options: () => [systemOption()],
  run: (options: ScopeOptions): number =>
    concluded(removeService(scopeOf(options)), (folder) => [text('cli.service.removed', { folder })]),
} satisfies Command;

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writeAtomically } from '../../app/core/atomic-write.node.ts';
import { text } from '../../app/core/i18n.ts';
import { readRecorder } from '../../app/core/recorder-note.node.ts';
import { err, messageOf, ok, type Result } from '../../app/core/result.ts';
import type { ServiceProgram } from './program.ts';
import { ask, managerOf, mayChange, systemctl, unitFile } from './systemd.ts';
import { READERS_GROUP, systemdUnit, UNIT, type ServiceScope } from './systemd-unit.ts';

const READABLE_BY_ALL = 0o644;

/** Nothing below a home folder can be read by the system service (ProtectHome=). */
function reachable({ command }: ServiceProgram): Result<undefined> {
  const hidden = command.find((word) => /^\/(home|root|run\/user)\//.test(word));
  return hidden === undefined
    ? ok(undefined)
    : err('forbidden', text('cli.service.atHome', { file: hidden }), text('cli.service.atHomeNext'));
}

/** The service would end at once beside another recorder, except a window's, which hands the folder over. */
function free(folder: string): Result<undefined> {
  const running = readRecorder(folder);
  if (!running || running.startedBy === 'service') return ok(undefined);
  if (running.startedBy === 'window' && running.socket !== undefined) return ok(undefined);
  const by = text(`cli.recorderStatus.startedBy.${running.startedBy ?? 'monitor'}`);
  return err('busy', text('cli.service.busy', { pid: running.pid, by, folder }), text('cli.service.busyNext'));
}

function writeUnit(scope: ServiceScope, program: ServiceProgram): Result<undefined> {
  const file = unitFile(scope);
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    writeAtomically(file, systemdUnit(scope, program), READABLE_BY_ALL);
    return ok(undefined);
  } catch (thrown) {
    return err('write-failed', text('cli.service.failed', { command: file, why: messageOf(thrown) }));
  }
}

/** The group whose members may watch the system service (groupadd(8)). */
const makeGroup = (): Result<unknown> => ask('groupadd', '--system', '--force', READERS_GROUP);

/** Lets a user's services run without a login. @returns a sentence on what happens at logout */
function linger(): string {
  const user = os.userInfo().username;
  const lingers = (): boolean => {
    const shown = ask('loginctl', 'show-user', user, '--property=Linger', '--value');
    return shown.ok && shown.value === 'yes';
  };
  if (lingers() || (ask('loginctl', 'enable-linger', user).ok && lingers())) return text('cli.service.lingers');
  return text('cli.service.endsAtLogout', { user });
}

/**
 * Installs and starts the service, again after an update.
 * @returns what to print
 */
export function installService(scope: ServiceScope, program: ServiceProgram): Result<readonly string[]> {
  const steps: readonly (() => Result<unknown>)[] = [
    () => managerOf(scope),
    () => mayChange(scope),
    () => (scope === 'system' ? reachable(program) : ok(undefined)),
    () => free(program.environment.SLOWBURN_DATA_DIR),
    () => (scope === 'system' ? makeGroup() : ok(undefined)),
    () => writeUnit(scope, program),
    () => systemctl(scope, 'daemon-reload'),
    () => systemctl(scope, 'enable', UNIT),
    () => systemctl(scope, 'restart', UNIT),
  ];
  for (const step of steps) {
    const done = step();
    if (!done.ok) return done;
  }
  const installed = text('cli.service.installed', { file: unitFile(scope) });
  if (scope === 'user') return ok([installed, linger()]);
  return ok([installed, text('cli.service.cannot'), text('cli.service.readers', { group: READERS_GROUP })]);
}

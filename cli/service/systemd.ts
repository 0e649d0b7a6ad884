import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from '../../app/core/i18n.ts';
import { err, ok, type Result } from '../../app/core/result.ts';
import { LAUNCHD_LABEL } from './launchd-agent.ts';
import { UNIT, type ServiceScope } from './systemd-unit.ts';

export type ScopeOptions = { readonly system?: true };
export const scopeOf = ({ system }: ScopeOptions): ServiceScope => (system ? 'system' : 'user');

/** Runs a program of systemd. @returns what it printed, or why it failed */
export function ask(program: string, ...args: readonly string[]): Result<string> {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (!error && status === 0) return ok(stdout.trim());
  const why = (error?.message ?? stderr.trim()) || stdout?.trim() || text('cli.service.noReason');
  const command = [path.basename(program), ...args].join(' ');
  return err('internal', text('cli.service.failed', { command, why }), text('cli.service.failedNext'));
}

const scoped = (scope: ServiceScope): readonly string[] => (scope === 'user' ? ['--user'] : []);

/** @returns what systemctl printed */
export const systemctl = (scope: ServiceScope, ...args: readonly string[]): Result<string> =>
  ask('systemctl', ...scoped(scope), ...args);

/** Where the unit file belongs: for a user, below XDG_CONFIG_HOME (systemd.unit(5)). */
export function unitFile(scope: ServiceScope): string {
  if (scope === 'system') return path.join('/etc/systemd/system', UNIT);
  return path.join(process.env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config'), 'systemd', 'user', UNIT);
}

/** The unit file that is installed. */
export function installedUnit(scope: ServiceScope): Result<string> {
  const file = unitFile(scope);
  try {
    return ok(fs.readFileSync(file, 'utf8'));
  } catch {
    return err('not-found', text('cli.service.notInstalled', { file }), text('cli.service.notInstalledNext'));
  }
}

function otherSystemNext(): string {
  if (process.platform === 'darwin') return text('cli.service.otherSystemDarwin', { label: LAUNCHD_LABEL });
  if (process.platform === 'win32') return text('cli.service.otherSystemWin32');
  return text('cli.service.otherSystemNext');
}

/** Whether systemd answers for this scope. `degraded` counts: some other unit has failed. */
export function managerOf(scope: ServiceScope): Result<undefined> {
  if (process.platform !== 'linux') return err('not-found', text('cli.service.otherSystem'), otherSystemNext());
  const { stdout, stderr, error } = spawnSync('systemctl', [...scoped(scope), 'is-system-running'], {
    encoding: 'utf8',
  });
  const state = error ? '' : stdout.trim();
  if (/^(initializing|starting|running|degraded|maintenance)$/.test(state)) return ok(undefined);
  const why = error?.message || stderr.trim() || state || text('cli.service.noReason');
  return err('not-found', text('cli.service.noManager', { why }), text('cli.service.noManagerNext'));
}

/** Whether this process may change a service of this scope. */
export const mayChange = (scope: ServiceScope): Result<undefined> =>
  scope === 'system' && process.getuid?.() !== 0
    ? err('forbidden', text('cli.service.notRoot'), text('cli.service.notRootNext'))
    : ok(undefined);

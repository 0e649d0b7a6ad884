import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemdUnit, type ServiceScope } from '../../cli/service/systemd-unit.ts';
import { temporaryFolder } from '../support/folders.ts';

// systemd checks units without running them. Where it is not installed, these checks are not available.
const analyze = (...args: string[]) =>
  spawnSync('systemd-analyze', args, { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: os.tmpdir() } });
const available = analyze('--version').status === 0;

/** A unit in a separate folder, for an executable and arguments that need every kind of quoting. */
function unitFile(scope: ServiceScope): string {
  const folder = temporaryFolder();
  const program = path.join(folder, 'a b $HOME %h é');
  fs.writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const file = path.join(folder, 'slowburn.service');
  const environment = { SLOWBURN_DATA_DIR: path.join(folder, 'data %n') };
  fs.writeFileSync(file, systemdUnit(scope, { command: [program, '$HOME', '"q" \\ %h', 'record'], environment }));
  return file;
}

describe.skipIf(!available)('the unit files (not available without systemd-analyze)', () => {
  it.each(['user', 'system'] as const)('of the %s service are accepted by systemd, without a warning', (scope) => {
    const { status, stderr } = analyze('verify', ...(scope === 'user' ? ['--user'] : []), unitFile(scope));
    const ours = stderr.split('\n').filter((line) => line.includes('slowburn'));
    expect([status, ours]).toEqual([0, []]);
  });

  it('of the system service leave an exposure of 2.0 at most', () => {
    const { status, stdout, stderr } = analyze(
      ...['security', '--offline=true', '--threshold=20', '--no-pager'],
      unitFile('system'),
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/Overall exposure level for slowburn\.service: \d\.\d/);
    expect(status, stdout).toBe(0); // above the threshold it is 1
  });
});

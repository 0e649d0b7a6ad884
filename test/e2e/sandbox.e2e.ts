import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { appArmorProfile, ensureSandbox, isConfigured, remedy } from '../../scripts/setup/sandbox.mjs';
import { inChroot } from '../support/chroot.ts';
import { expect, test } from './app.ts';

const checkout = path.resolve(import.meta.dirname, '../..');
const electron = createRequire(import.meta.url)('electron') as string;

const ask = `import('./scripts/setup/sandbox.mjs').then(
  ({ ensureSandbox }) => console.log(ensureSandbox(process.argv[1])),
).catch(({ name, message }) => console.log(name + ': ' + message))`;

test('a system that allows user namespaces is found to have a sandbox', () => {
  expect(ensureSandbox(electron)).toBe('namespace');
});

test('where the kernel refuses user namespaces, one sentence says what to run instead of a crash', () => {
  const helper = path.join(fs.realpathSync(path.dirname(electron)), 'chrome-sandbox');
  const { stdout } = inChroot(process.execPath, '-e', ask, electron);
  expect(stdout).toBe(
    `SetupError: Chromium's sandbox cannot start: this system does not let ${fs.realpathSync(electron)} use a user namespace (EPERM).\n` +
      `  Run once: sudo chown root:root ${helper} && sudo chmod 4755 ${helper}\n` +
      '  Without root, monitor in the terminal: npm run slowburn -- monitor\n',
  );
  // Electron itself agrees: this is what the sentence explains
  const { status, signal, stderr } = inChroot(electron, checkout, '--data-dir', '/nonexistent');
  expect(stderr).toMatch(/sandbox/i);
  expect(status === 0 && signal === null).toBe(false);
});

test('the SUID helper counts when it is root’s, set-user-ID and for everybody to run', () => {
  expect(isConfigured('/usr/bin/su')).toBe(true); // of this kind on every Linux
  expect(isConfigured('/usr/bin/env')).toBe(false);
  expect(isConfigured('/usr/bin')).toBe(false);
  expect(isConfigured('/nonexistent')).toBe(false);
  const own = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-helper-')), 'chrome-sandbox');
  fs.writeFileSync(own, '', { mode: 0o4755 });
  fs.chmodSync(own, 0o4755);
  expect(isConfigured(own)).toBe(process.getuid!() === 0);
  fs.rmSync(path.dirname(own), { recursive: true });
});

test('where AppArmor restricts user namespaces, the remedy is a profile for this very executable', () => {
  const executable = '/opt/my programs/electron';
  expect(appArmorProfile(executable)).toContain(`profile slowburn "${executable}" flags=(unconfined) {\n  userns,\n}`);
  expect(
    remedy({ executable, helper: electron, restrictedByAppArmor: true, profileFile: "/home/o'neil/slowburn.apparmor" }),
  ).toBe(
    "sudo install -m 644 '/home/o'\\''neil/slowburn.apparmor' /etc/apparmor.d/slowburn && " +
      'sudo apparmor_parser -r /etc/apparmor.d/slowburn',
  );
});

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder, threads } from '../support/folders.ts';
import { compileMock } from '../support/mock-nvml.ts';
import { until, watched } from '../support/processes.ts';

describe('slowburn monitor that governs', () => {
  const parties = ['the collector', 'its helper', 'its watchdog'] as const;
  it.each([
    { killed: parties.slice(0, 1), by: 'the helper’s watchdog' },
    { killed: parties.slice(0, 2), by: 'the watchdog' },
    { killed: parties, by: 'the next start' },
  ])('continues a paused program after $killed were killed: $by does', async ({ killed, by }) => {
    const folder = temporaryFolder();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], {
      stdio: 'ignore',
      argv0: '/x/ComfyUI/main.py',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const program = watched(child.pid!);
    const control = path.join(folder, 'control');
    fs.writeFileSync(control, `set 0 process_pid ${child.pid}\nset * gpu_util 0\nset * process_sm 0\n`);
    const governor = { enabled: true, mayHold: true, pricePerKwh: 0.1 };
    fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ pricePerKwh: 0.4, governor }));
    const slowburn = fileURLToPath(new URL('slowburn.js', threads));
    const args = ['monitor', '--source', `nvml:${compileMock()}`, '--interval', '0.2', '--data-dir', folder];
    const start = () => {
      const monitor = spawn(process.execPath, [slowburn, ...args], {
        stdio: 'ignore',
        env: { ...process.env, MOCK_NVML_CONTROL: control },
      });
      onTestFinished(() => void monitor.kill('SIGKILL'));
      return { monitor, ended: new Promise((resolve) => monitor.on('exit', resolve)) };
    };
    const first = start();
    expect(await until(program.stopped)).toBe(true);
    const journal = path.join(folder, 'governor.journal');
    const [, helper, , watchdog] = /^helper \S+ (\d+) (\d+) (\d+) /.exec(fs.readFileSync(journal, 'utf8'))!;
    const pids = [first.monitor.pid!, Number(helper), Number(watchdog)].slice(0, killed.length);
    for (const pid of pids.reverse()) process.kill(pid, 'SIGKILL'); // the watchdog first: it has no time to act
    await first.ended;
    if (by === 'the next start') {
      expect(program.stopped()).toBe(true); // none was left to continue it: the next start does, whatever its limits
      fs.writeFileSync(path.join(folder, 'settings.json'), '{}');
      const next = start();
      expect(await until(() => !program.stopped())).toBe(true);
      next.monitor.kill('SIGTERM');
      await next.ended;
    } else expect(await until(() => !program.stopped())).toBe(true);
    expect(await until(() => !fs.existsSync(journal))).toBe(true);
  });
});

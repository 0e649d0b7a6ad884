import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, threads } from '../support/folders.ts';
import { compileMock } from '../support/mock-nvml.ts';
import { until } from '../support/processes.ts';
import { stubSmi } from '../support/stub-smi.ts';

const UUID = 'GPU-00000000-0000-0000-0000-000000000000';

/** An nvidia-smi that sets the stand-in driver's power limit, as the real one sets the real driver's. */
function stubDriver(folder: string, control: string): void {
  fs.writeFileSync(control, 'set * power_limit_mw 350000\nset -1 count 1\n');
  const set = `printf 'set -1 count 1\\nset * power_limit_mw %s\\nset * power_mw %s\\n' "\${watts}000" "\${watts}000" > ${control}.new
    mv ${control}.new ${control}; echo "$watts" >> ${folder}/caps`;
  stubSmi(folder, set);
  fs.renameSync(path.join(folder, 'cards/GPU-0'), path.join(folder, 'cards', UUID));
}

describe('slowburn sweep', () => {
  it('runs the command at each cap, prints the curve, and restores the cap', () => {
    const folder = temporaryFolder();
    const control = path.join(folder, 'control');
    stubDriver(folder, control);
    const program = fileURLToPath(new URL('slowburn.js', threads));
    const args = ['sweep', '--power', '200:300:50', '--source', `nvml:${compileMock()}`, '--interval', '0.2'];
    const ran = spawnSync(
      process.execPath,
      [
        program,
        ...args,
        '--data-dir',
        path.join(folder, 'data'),
        '--lines',
        '^done',
        '--',
        'sh',
        '-c',
        'sleep 0.5; echo done',
      ],
      {
        encoding: 'utf8',
        env: { ...process.env, MOCK_NVML_CONTROL: control, PATH: `${folder}:${process.env['PATH']}` },
      },
    );
    expect(ran.status, ran.stderr).toBe(0);
    expect(fs.readFileSync(path.join(folder, 'caps'), 'utf8').split('\n')).toEqual(['200', '250', '300', '350', '']);
    expect(fs.readFileSync(control, 'utf8')).toContain('power_limit_mw 350000');
    const rows = ran.stderr.split('\n').filter((line) => /^ *(200|250|300) /.test(line));
    expect(rows).toHaveLength(3);
    expect(ran.stdout).toBe('done\ndone\ndone\n');
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('restores the cap when it is ended by %s', async (signal) => {
    const folder = temporaryFolder();
    const control = path.join(folder, 'control');
    stubDriver(folder, control);
    const program = fileURLToPath(new URL('slowburn.js', threads));
    const args = ['sweep', '--power', '200:300:50', '--source', `nvml:${compileMock()}`, '--interval', '0.2'];
    // the second run takes an interrupt for an end without fault
    const command = `echo begun; [ -e ${folder}/first ] || { touch ${folder}/first; exit 0; }; trap "exit 0" INT; while :; do sleep 0.05; done`;
    const child = spawn(process.execPath, [program, ...args, '--data-dir', folder, '--', 'sh', '-c', command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, MOCK_NVML_CONTROL: control, PATH: `${folder}:${process.env['PATH']}` },
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (text) => (said.out += String(text)));
    child.stderr.on('data', (text) => (said.err += String(text)));
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    while (said.out !== 'begun\nbegun\n') await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(-child.pid!, signal); // as a terminal does
    const code = await ended;
    const caps = (): string[] => fs.readFileSync(path.join(folder, 'caps'), 'utf8').split('\n');
    // its watchdog outlives the sweep
    expect(await until(() => caps().length === 4 && !fs.existsSync(path.join(folder, 'governor.journal')))).toBe(true);
    expect(caps()).toEqual(['200', '250', '350', '']);
    expect(fs.readFileSync(control, 'utf8')).toContain('power_limit_mw 350000');
    if (signal === 'SIGKILL') return;
    expect(code).toBe(130);
    expect(said.err).toMatch(/^ *200 /m); // what was measured is reported
  });

  it('refuses a power limit outside those of the card, and runs nothing', () => {
    const folder = temporaryFolder();
    const control = path.join(folder, 'control');
    stubDriver(folder, control);
    const program = fileURLToPath(new URL('slowburn.js', threads));
    const args = ['sweep', '--power', '500:600:50', '--source', `nvml:${compileMock()}`, '--data-dir', folder];
    const ran = spawnSync(process.execPath, [program, ...args, '--', 'echo', 'ran'], {
      encoding: 'utf8',
      env: { ...process.env, MOCK_NVML_CONTROL: control, PATH: `${folder}:${process.env['PATH']}` },
    });
    expect([ran.status, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('This GPU accepts power limits from 100 to 400 W.');
  });

  it('takes no text for a GPU that could be more than an identifier', () => {
    const program = fileURLToPath(new URL('slowburn.js', threads));
    const args = ['sweep', '--power', '200:300:50', '--gpu', 'GPU-0\nlimit', '--', 'echo', 'ran'];
    const ran = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    expect([ran.status === 0, ran.stdout]).toEqual([false, '']);
    expect(ran.stderr).toContain('Give the index or UUID of a GPU.');
  });

  it('says why when the cap cannot be set, and runs nothing', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'nvidia-smi'), '#!/bin/sh\nexit 4\n', { mode: 0o755 });
    const source = `nvml:${compileMock()}`;
    const program = fileURLToPath(new URL('slowburn.js', threads));
    const ran = spawnSync(
      process.execPath,
      [program, 'sweep', '--power', '200:300:50', '--source', source, '--gpu', '0', '--data-dir', folder, '--', 'echo'],
      { encoding: 'utf8', env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } },
    );
    expect(ran.status).toBe(1);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('The driver lists no GPU with this UUID.');
  });

  it('refuses simulated GPUs without asking the driver, and runs nothing', () => {
    const folder = temporaryFolder();
    stubSmi(folder, `echo asked >> ${folder}/asked`);
    const program = fileURLToPath(new URL('slowburn.js', threads));
    const args = ['sweep', '--power', '200:300:50', '--source', 'simulator', '--data-dir', path.join(folder, 'data')];
    const ran = spawnSync(process.execPath, [program, ...args, '--', 'echo', 'ran'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    });
    expect([ran.status, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('Slowburn records simulated GPUs here. They have no power limit to set.');
    expect(ran.stderr).not.toMatch(/nvidia-smi|UUID/);
    expect(fs.existsSync(path.join(folder, 'asked'))).toBe(false);
  });
});

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { openMachine, recording } from '../support/machine.ts';

function historyOf(folder: string) {
  const db = openForReading(path.join(folder, 'history.db'));
  if (!db.ok) throw new Error(db.error.message);
  const store = createStore(db.value);
  const [gpu] = store.gpus.list();
  const samples = gpu ? [...store.samplesBetween(gpu.uuid, 0, 1e15)] : [];
  const found = { samples: samples.length, lastMs: samples.at(-1)?.tsMs ?? 0, sessions: store.sessions.newest(10) };
  store.close();
  return found;
}

const logOf = (folder: string): string => fs.readFileSync(path.join(folder, 'log', 'recorder.log'), 'utf8');

describe('one recorder of a machine reads the driver', () => {
  it('a second one is refused in words, until the first has ended, however it ended', async () => {
    const machine = openMachine();
    const [one, other] = [machine.dataFolder(), machine.dataFolder()];
    const first = machine.start(['record', '--data-dir', one]);
    await recording(one);
    const refused = machine.ask(['record', '--data-dir', other]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(
      `Another recorder on this machine reads the driver: service, process ${first.child.pid}`,
    );
    expect(refused.stderr).toContain('slowburn service install --system');
    await first.end('SIGKILL');
    machine.start(['record', '--data-dir', other]);
    await recording(other);
  });

  it('simulated cards, and a library that is named, need no lock', async () => {
    const machine = openMachine();
    const [one, two, three] = [machine.dataFolder(), machine.dataFolder(), machine.dataFolder()];
    machine.start(['record', '--data-dir', one]);
    machine.start(['record', '--data-dir', two, '--source', 'simulator']);
    const library = path.join(machine.env['LD_LIBRARY_PATH']!, 'libnvidia-ml.so.1');
    machine.start(['record', '--data-dir', three, '--source', `nvml:${library}`]);
    await Promise.all([one, two, three].map((folder) => recording(folder)));
  });
});

describe('monitor in a folder that is recorded already', () => {
  it('shows what is recorded, through a restart, and ends without it', async () => {
    const machine = openMachine();
    const folder = machine.dataFolder();
    const args = ['record', '--source', 'simulator:2', '--data-dir', folder];
    const first = machine.start(args);
    await recording(folder);
    const monitor = machine.start(['monitor', '--data-dir', folder, '--quiet']);
    await expect.poll(monitor.printed, { timeout: 20_000 }).toContain(`(service, process ${first.child.pid})`);
    await first.end('SIGTERM');
    await expect.poll(monitor.printed, { timeout: 20_000 }).toContain('The recorder has ended.');
    const second = machine.start(args);
    await expect.poll(monitor.printed, { timeout: 20_000 }).toContain('Over: The recorder has ended.');
    expect(await monitor.end('SIGINT')).toBe(0);
    await recording(folder, second.child.pid);
    expect(second.child.exitCode).toBe(null);
  });

  it('never shows others’ numbers under the name of a source that was asked for', async () => {
    const machine = openMachine();
    const folder = machine.dataFolder();
    machine.start(['record', '--source', 'simulator', '--data-dir', folder]);
    await recording(folder);
    const refused = machine.ask(['monitor', '--source', 'nvml', '--data-dir', folder, '--for', '1']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('records other cards');
    expect(refused.stdout).not.toContain('°C');
  });
});

describe('the recorder of the machine', () => {
  it('is what status, monitor and sessions show, and ends with none of them', async () => {
    const machine = openMachine();
    const data = machine.dataFolder();
    const system = machine.startSystem(data);
    await recording(data);
    expect(fs.readdirSync(machine.system).sort()).toEqual(['control.sock', 'read.sock']);

    const status = machine.ask(['status']);
    expect(status.status).toBe(0);
    expect(status.stdout).toContain('nothing records into this folder');
    expect(status.stdout).toContain(`The recorder of the machine:`);
    expect(status.stdout).toMatch(new RegExp(`NVML .*process ${system.child.pid}`));
    expect(status.stdout).toContain('A system service cannot stop programs');
    const json = JSON.parse(machine.ask(['status', '--json']).stdout) as { state: string; system: unknown };
    expect(json).toMatchObject({
      state: 'stopped',
      system: { state: 'recording', recorder: { pid: system.child.pid } },
    });

    const monitor = machine.start(['monitor']);
    await expect.poll(monitor.printed, { timeout: 20_000 }).toContain('Ctrl-C ends this view, not the recorder.');
    await expect.poll(monitor.printed, { timeout: 20_000 }).toMatch(/°C/);
    expect(await monitor.end('SIGINT')).toBe(0);
    expect(monitor.printed()).toContain('Lowest and highest');

    const sessions = machine.ask(['sessions']);
    expect([sessions.status, sessions.stdout]).toEqual([0, expect.stringContaining('No sessions in this period')]);
    expect(sessions.stderr).toContain('These are the sessions that the recorder of the machine has.');
    expect(system.child.exitCode).toBe(null);
    expect(await system.end('SIGTERM')).toBe(0);
    expect(fs.readdirSync(machine.system)).toEqual([]);
  });

  it('gives a command its samples: the command does not touch the driver', async () => {
    const machine = openMachine();
    const [data, own] = [machine.dataFolder(), machine.dataFolder()];
    machine.startSystem(data);
    await recording(data);
    const calls = path.join(own, 'calls');
    const ran = machine.ask(['run', '--data-dir', own, '--', 'sleep', '2'], { env: { MOCK_NVML_LOG: calls } });
    expect(ran.status, ran.stderr).toBe(0);
    expect(fs.existsSync(calls)).toBe(false);
    const { sessions, samples } = historyOf(own);
    expect(samples).toBeGreaterThan(2);
    const [session] = sessions;
    const tookMs = session!.endedMs! - session!.startedMs;
    expect(session!.summary!.gpus).toMatchObject([{ observedMs: tookMs }, { observedMs: tookMs }]);
  });

  it('takes the driver from a user’s recorder, which continues with its samples, and gets it back after', async () => {
    const machine = openMachine();
    const [data, own] = [machine.dataFolder(), machine.dataFolder()];
    const user = machine.start(['record', '--data-dir', own]);
    await recording(own);
    const system = machine.startSystem(data);
    await recording(data);
    await expect
      .poll(() => logOf(own), { timeout: 20_000 })
      .toContain('Samples come from the machine’s recorder again.');
    const before = historyOf(own).lastMs;
    await expect.poll(() => historyOf(own).lastMs, { timeout: 20_000 }).toBeGreaterThan(before);
    await system.end('SIGKILL');
    await expect.poll(() => logOf(own), { timeout: 30_000 }).toContain('Samples come from the driver again.');
    const later = historyOf(own).lastMs;
    await expect.poll(() => historyOf(own).lastMs, { timeout: 20_000 }).toBeGreaterThan(later);
    expect(user.child.exitCode).toBe(null);
    expect(historyOf(data).samples).toBeGreaterThan(0);
  });
});

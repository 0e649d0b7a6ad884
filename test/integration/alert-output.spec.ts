import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { settingsFile } from '../../app/core/folders.node.ts';
import { readRecorder } from '../../app/core/recorder-note.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';

// What `slowburn monitor --quiet` prints, as a separate process on the stand-in driver. Hold times are shortened.
const program = path.join(threads.pathname, 'slowburn.js');
const rules = {
  'gpu-lost': { holdS: 1 },
  'gpu-stalled': { holdS: 4 },
  'driver-silent': { holdS: 2 },
  'xid-critical': { holdS: 1 },
};

/** Starts the recorder; answers what it has printed so far. */
function monitor(): {
  readonly folder: string;
  readonly said: () => string;
  readonly stop: () => Promise<number | null>;
} {
  const folder = temporaryFolder();
  fs.writeFileSync(settingsFile(folder), JSON.stringify({ alerts: { rules } }));
  const args = [
    program,
    'monitor',
    '--quiet',
    '--source',
    `nvml:${compileMock()}`,
    '--interval',
    '0.2',
    '--data-dir',
    folder,
  ];
  const child = spawn(process.execPath, args, { env: { ...process.env, NO_COLOR: '1' } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    folder,
    said: () => said,
    stop() {
      child.kill('SIGINT');
      return ended;
    },
  };
}

async function until(condition: () => boolean, said: () => string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it never came to that:\n${said()}`);
}
const alertsOf = (said: string): string[] => said.split('\n').filter((line) => line.startsWith('! '));
/** The line after each alert: what to do. */
const remediesOf = (said: string): string[] =>
  said.split('\n').flatMap((line, i, lines) => (line.startsWith('! ') ? [lines[i + 1]!.trim()] : []));

it('eight GPUs with four problems print four alerts, each understandable on its own, with its remedy', async () => {
  const eight = ['set -1 count 8', 'profile * a100'];
  const problems = ['set 5 ecc_1_0 2', 'event 6 XID 48', 'code 1 * 15', 'hang 3 nvmlDeviceGetTemperature'] as const;
  const control = controlMock(...eight);
  const { said, stop } = monitor();
  for (let count = 1; count <= problems.length; count++) {
    control.set(...eight, ...problems.slice(0, count));
    await until(() => alertsOf(said()).length === count, said);
  }
  const card = 'NVIDIA A100-SXM4-40GB';
  expect(alertsOf(said()).sort()).toEqual([
    `! ${card} (GPU 1): GPU lost`,
    `! ${card} (GPU 3): The driver does not respond about this GPU`,
    `! ${card} (GPU 5): Uncorrectable memory errors: 2`,
    `! ${card} (GPU 6): Critical driver error Xid 48: Double-bit ECC error`,
  ]);
  for (const remedy of remediesOf(said())) expect(remedy).toMatch(/^[A-Z].{20,}\.$/);
  // the fault of the hanging card is printed once, not once a second, and names the card among equal ones
  expect(said().match(/has not answered for/g)).toHaveLength(1);
  expect(said()).toContain(`${card} (GPU 3) has not answered for`);
  control.set(...eight);
  await until(() => said().includes('Over: '), said);
  expect(await stop()).toBe(0);
  expect(alertsOf(said())).toHaveLength(4);
});

it('two of four GPUs gone print two alerts, and a driver that hangs one for the computer', async () => {
  const four = 'set -1 count 4';
  const control = controlMock(four);
  const { said, stop, folder } = monitor();
  await until(() => readRecorder(folder)?.cards?.length === 4, said); // all have been read
  control.set(four, 'code 1 * 15', 'code 3 * 15');
  await until(() => alertsOf(said()).length === 2, said);
  expect(alertsOf(said()).sort()).toEqual(['! Mock GPU 1 (GPU 1): GPU lost', '! Mock GPU 3 (GPU 3): GPU lost']);
  control.set(four, 'hang * *');
  await until(() => alertsOf(said()).length > 2, said);
  expect(alertsOf(said()).at(-1)).toBe('! This computer: The NVIDIA driver does not respond');
  control.set(four);
  expect(await stop()).toBe(0);
});

it('no simulated card is lost because another start simulates fewer', () => {
  const folder = temporaryFolder();
  fs.writeFileSync(settingsFile(folder), JSON.stringify({ alerts: { rules } }));
  const printed = (cards: number, seconds: number): string => {
    const args = ['monitor', '--quiet', '--source', `simulator:${cards}`, '--data-dir', folder, '--for', `${seconds}`];
    return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' }).stdout;
  };
  printed(3, 2);
  expect(alertsOf(printed(2, 5))).toEqual([]);
});

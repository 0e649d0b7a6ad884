// What is measured side by side: Slowburn's recorder, other programs that read the same driver, and a Node process that does nothing.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { NODE_FLAGS } from '../../scripts/slowburn.mjs';
import { fetchPackages } from '../../scripts/foreign/packages.mjs';
import { compileMock } from '../../test/support/mock-nvml.ts';

/** A program to start. `screen`: it needs a terminal, and gets one of 120 × 40. */
export type Program = {
  readonly command: readonly [string, ...string[]];
  readonly env?: NodeJS.ProcessEnv;
  readonly screen?: true;
};
export type Peer = Program | { readonly notAvailable: string };

const checkout = process.cwd();

/** The recorder as `./slowburn` and the service start it. */
export const slowburn = (data: string, command: string, ...options: readonly string[]): Program => ({
  command: [
    process.execPath,
    ...NODE_FLAGS,
    path.join(checkout, 'out/node/slowburn.js'),
    command,
    '--source',
    `nvml:${compileMock()}`,
    '--data-dir',
    data,
    ...options,
  ],
});

/** What a recorder in Node cannot do without: both native modules, and two threads. */
const EMPTY = `
const { Worker } = require('node:worker_threads');
require('koffi');
new (require('better-sqlite3'))(':memory:').close();
for (let i = 0; i < 2; i++) new Worker('setInterval(() => undefined, 1 << 30)', { eval: true });
setInterval(() => undefined, 1 << 30);
`;
export const emptyNode: Program = { command: [process.execPath, ...NODE_FLAGS, '-e', EMPTY] };

/** A loop over the snapshot that nvitop documents for scripts: what it knows of each card, and the processes on them. */
const API_LOOP = `
import time
from nvitop import Device, take_snapshots
devices = Device.all()
while True:
    take_snapshots(devices)
    time.sleep(1)
`;

/** The packages of other programs, unpacked below a scratch folder. What cannot be had says why. */
export function otherPrograms(scratch: string): Readonly<Record<string, Peer>> {
  const python = '/usr/bin/python3'; // the distribution's own: its compiled modules fit no other
  const libraries = path.join(scratch, 'lib');
  fs.mkdirSync(libraries);
  fs.symlinkSync(compileMock(), path.join(libraries, 'libnvidia-ml.so.1'));
  const basic = { LD_LIBRARY_PATH: libraries, HOME: scratch, TERM: 'xterm-256color' };

  function native(name: string, ...args: readonly string[]): Peer {
    const fetched = fetchPackages(scratch, [name]);
    if ('notAvailable' in fetched) return fetched;
    return { command: [path.join(fetched.root, 'usr/bin', name), ...args], env: basic, screen: true };
  }
  function inPython(sets: readonly ReturnType<typeof fetchPackages>[], args: readonly string[], screen: boolean): Peer {
    if (spawnSync(python, ['--version'], { stdio: 'ignore' }).error) return { notAvailable: `no ${python}` };
    const roots: string[] = [];
    for (const set of sets) {
      if ('notAvailable' in set) return set;
      roots.push(path.join(set.root, 'usr/lib/python3/dist-packages'));
    }
    const env = { ...basic, PYTHONPATH: roots.join(path.delimiter) };
    return { command: [python, ...args], env, ...(screen && { screen: true }) };
  }

  const psutil = fetchPackages(scratch, ['python3-psutil']);
  // a separate folder: in one folder, the index of another release would replace the one before
  const newer = path.join(scratch, 'newer');
  fs.mkdirSync(newer);
  const nvitop = [fetchPackages(newer, ['nvitop', 'python3-pynvml'], ['sid']), psutil];
  const gpustat = [
    fetchPackages(scratch, ['gpustat']),
    fetchPackages(scratch, ['python3-pynvml', 'python3-blessed', 'python3-wcwidth', 'python3-six']),
    psutil,
  ];
  return {
    nvtop: native('nvtop', '-d', '10'),
    gpustat: inPython(gpustat, ['-m', 'gpustat', '-a', '--interval', '1'], true),
    nvitop: inPython(nvitop, ['-m', 'nvitop', '--interval', '1'], true),
    nvitopApi: inPython(nvitop, ['-c', API_LOOP], false),
  };
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Starts a program; one with a screen is a child of `script`, which gives it a terminal. */
export function start({ command, env, screen }: Program, gpus: number): ChildProcess {
  const options = {
    // an open standard input: `script` ends when its input ends
    stdio: ['pipe', 'ignore', 'ignore'] as ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, MOCK_NVML_COUNT: String(gpus), ...env },
  };
  const [file, ...args] = command;
  if (!screen) return spawn(file, args, options);
  return spawn(
    'script',
    ['-qfec', `stty cols 120 rows 40; exec ${command.map(quoted).join(' ')}`, '/dev/null'],
    options,
  );
}

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { fetchPackages } from '../../scripts/foreign/packages.mjs';
import { compileMock } from '../support/mock-nvml.ts';

// Programs that other people wrote, on the stand-in driver: they must see the same card as Slowburn. And NVIDIA's own library,
// which must fail here in the way that Slowburn explains. What cannot be fetched is counted as "not available".

type Fetched = ReturnType<typeof fetchPackages>;

const program = path.resolve('out/node/slowburn.js');
let scratch: string;
let libraries: string;

const fetched = (...names: string[]): Fetched => fetchPackages(scratch, names);
/** From the development suite: not every program is in every release. */
const fetchedNew = (...names: string[]): Fetched => fetchPackages(scratch, names, ['sid']);

function rootOf(context: TestContext, packages: Fetched): string {
  if ('notAvailable' in packages) context.skip(`not available: ${packages.notAvailable}`);
  return packages.root;
}

function needs(context: TestContext, command: string): void {
  if (spawnSync(command, ['--version'], { stdio: 'ignore' }).error) context.skip(`not available: ${command}`);
}

const fileBelow = (root: string, name: RegExp): string => {
  const found = fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .find((entry) => entry.isFile() && name.test(entry.name));
  expect(found, `${name.source} in the package`).toBeDefined();
  return path.join(found!.parentPath, found!.name);
};

/** Three real processes on the stand-in driver's first card: a busy one, an idle one, and one that works a little. */
function threeProcesses(): { readonly pids: readonly number[]; readonly control: string } {
  const pids = [0, 1, 2].map(() => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child.pid!;
  });
  const control = path.join(scratch, 'control');
  const lines = [
    `process_pid ${pids[0]}`,
    ...[1, 2].map((i) => `process_pid_${i} ${pids[i]}`),
    'process_count 3',
    'process_sm 81',
    'process_sm_2 7',
  ];
  fs.writeFileSync(control, lines.map((line) => `set 0 ${line}\n`).join(''));
  return { pids, control };
}

/** Runs a Python program of a package, with the modules that its packages contain. */
function python(args: readonly string[], roots: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const modules = roots.map((root) => path.join(root, 'usr/lib/python3/dist-packages')).join(path.delimiter);
  // the distribution's own Python: compiled modules fit no other
  return spawnSync('/usr/bin/python3', args, {
    encoding: 'utf8',
    env: { ...process.env, LD_LIBRARY_PATH: libraries, PYTHONPATH: modules, COLUMNS: '120', HOME: scratch, ...env },
  });
}

/** Every reading of the stand-in driver's first card, as `slowburn read` prints it. */
function ownReadings(): Record<string, { value?: number }> {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [program, 'read', '--json', '--source', `nvml:${compileMock()}`],
    { encoding: 'utf8' },
  );
  const read = JSON.parse(stdout || '{}') as { gpus?: { readings: Record<string, { value?: number }> }[] };
  expect(read.gpus?.length, stderr).toBeGreaterThan(0);
  return read.gpus![0]!.readings;
}

beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-foreign-'));
  libraries = path.join(scratch, 'lib');
  fs.mkdirSync(libraries);
  fs.symlinkSync(compileMock(), path.join(libraries, 'libnvidia-ml.so.1'));
});
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

describe('other programs on the stand-in driver', () => {
  it('nvtop shows the same temperature and power', (context) => {
    needs(context, 'script'); // gives it a terminal
    const root = rootOf(context, fetched('nvtop'));
    const nvtop = fileBelow(root, /^nvtop$/);
    const { stdout } = spawnSync(
      'timeout',
      ['4', 'script', '-qfec', `stty cols 120 rows 40; ${nvtop} -C`, '/dev/null'],
      {
        encoding: 'utf8',
        env: { ...process.env, LD_LIBRARY_PATH: libraries, TERM: 'xterm', HOME: scratch },
      },
    );
    if (/error while loading shared libraries: (\S+)/.test(stdout)) context.skip(`not available: ${stdout.trim()}`);
    const shown = stdout.replaceAll(/\u001b(?:\[[\d;?]*[a-zA-Z]|\([0B])/g, '');
    const own = ownReadings();
    expect(shown).toMatch(/Device 0 \[Mock GPU 0\]/);
    expect(Number(/TEMP\s+(\d+)/.exec(shown)?.[1])).toBe(own['coreTempC']?.value);
    expect(Number(/POW\s+(\d+) \//.exec(shown)?.[1])).toBe(Math.round(own['powerW']!.value!));
  });

  it('gpustat lists the same temperature, power and processes', (context) => {
    needs(context, '/usr/bin/python3');
    const roots = [
      fetched('gpustat'),
      fetched('python3-pynvml', 'python3-psutil', 'python3-blessed', 'python3-wcwidth', 'python3-six'),
    ].map((packages) => rootOf(context, packages));
    const { pids, control } = threeProcesses();
    const { stdout, stderr } = python(['-m', 'gpustat', '--json', '-a'], roots, { MOCK_NVML_CONTROL: control });
    expect(stderr).toBe('');
    const shown = JSON.parse(stdout) as { gpus: Record<string, unknown>[] };
    const own = ownReadings();
    expect(shown.gpus[0]).toMatchObject({
      'temperature.gpu': own['coreTempC']!.value,
      'power.draw': Math.round(own['powerW']!.value!),
      'fan.speed': own['fanPct']!.value,
      processes: pids.map((pid) => ({ pid, command: 'sleep' })),
    });
  });

  it('nvitop shows the same temperature and power, the CUDA version, and each process with its load', (context) => {
    needs(context, '/usr/bin/python3');
    const roots = [fetchedNew('nvitop', 'python3-pynvml'), fetched('python3-psutil')].map((packages) =>
      rootOf(context, packages),
    );
    const { pids, control } = threeProcesses();
    const args = ['-m', 'nvitop', '--once', '--no-unicode'];
    const { stdout, stderr } = python(args, roots, { MOCK_NVML_CONTROL: control });
    expect(stderr).toBe(''); // it names every call that the driver lacks
    const own = ownReadings();
    const shown = stdout.replaceAll(/\u001b\[[\d;]*m/g, '');
    expect(shown).toContain('CUDA Driver Version: 12.9');
    expect(shown).toContain(`${own['coreTempC']!.value}C`);
    expect(shown).toContain(`${Math.round(own['powerW']!.value!)}W / 350W`);
    const loads = pids.map((pid) => new RegExp(`\\b${pid} C +\\S+ +\\d+MiB +(\\d+) `).exec(shown)?.[1]);
    expect(loads).toEqual(['81', '0', '7']);
  });

  it('NVIDIA’s Python binding reads the same temperature, power and memory', (context) => {
    needs(context, 'python3');
    const root = rootOf(context, fetched('python3-pynvml'));
    const script = [
      'import json, pynvml as n',
      'n.nvmlInit(); h = n.nvmlDeviceGetHandleByIndex(0)',
      'print(json.dumps([n.nvmlDeviceGetTemperature(h, 0), n.nvmlDeviceGetPowerUsage(h), n.nvmlDeviceGetMemoryInfo(h).total]))',
    ].join('\n');
    const { stdout, stderr } = spawnSync('python3', ['-c', script], {
      encoding: 'utf8',
      env: {
        ...process.env,
        LD_LIBRARY_PATH: libraries,
        PYTHONPATH: path.dirname(fileBelow(root, /^pynvml\.py$/)),
      },
    });
    expect(stderr).toBe('');
    const own = ownReadings();
    const [tempC, milliwatts, totalBytes] = JSON.parse(stdout) as [number, number, number];
    expect(tempC).toBe(own['coreTempC']?.value);
    expect(milliwatts / 1000).toBeCloseTo(own['powerW']!.value!, 6);
    expect(totalBytes).toBe(own['vramTotalBytes']?.value);
  });
});

describe('NVIDIA’s own library without a card', () => {
  it('says that no driver is loaded, and `slowburn doctor` says what to do', (context) => {
    if (fs.existsSync('/dev/nvidiactl') && fs.existsSync('/proc/driver/nvidia/version'))
      context.skip('not available: this machine has a driver');
    const root = rootOf(context, fetched('libnvidia-ml1'));
    const library = fileBelow(root, /^libnvidia-ml\.so\.\d/);
    const doctor = spawnSync(
      process.execPath,
      [program, 'doctor', '--source', `nvml:${library}`, '--data-dir', path.join(scratch, 'data')],
      { encoding: 'utf8' },
    );
    expect(doctor.status).toBe(1);
    expect(`${doctor.stdout}${doctor.stderr}`).toMatch(/driver is not (running|loaded)/i); // NVML_ERROR_DRIVER_NOT_LOADED
    expect(`${doctor.stdout}${doctor.stderr}`).toMatch(/modprobe nvidia/);
  });
});

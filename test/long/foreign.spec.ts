import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { fetchPackages } from '../../scripts/foreign/packages.mjs';
import { compileMock } from '../support/mock-nvml.ts';

// Programs that other people wrote, on the stand-in driver: they must see the same card as Slowburn. And NVIDIA's own library,
// which must fail here in the way that Slowburn explains. What cannot be fetched is counted as "not available".

type Fetched = ReturnType<typeof fetchPackages>;

const program = path.resolve('out/node/slowburn.js');
let scratch: string;
let libraries: string;

const fetched = (...names: string[]): Fetched => fetchPackages(scratch, names);

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

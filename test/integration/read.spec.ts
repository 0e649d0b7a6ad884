import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLog } from '../../app/core/log.node.ts';
import { metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { readingStates } from '../../app/core/reading.ts';
import type { SourcedReading } from '../../app/telemetry/provenance.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { compileMock } from '../support/mock-nvml.ts';

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

const slowburn = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const program = new URL('slowburn.js', threads).pathname;
    const child = execFile(
      process.execPath,
      [program, ...args],
      { env: { ...process.env, ...env } },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

type Told = {
  readonly source: { readonly kind: string };
  readonly gpus: readonly {
    readonly uuid: string;
    readonly readings: Readonly<Record<MetricKey, SourcedReading>>;
    readonly processes: unknown;
  }[];
};
const readJson = async (source: string, env?: NodeJS.ProcessEnv): Promise<Told> => {
  const { code, stdout, stderr } = await slowburn(['read', '--source', source, '--json'], env);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Told;
};

const fixture = (name: string): string => path.resolve(import.meta.dirname, '../fixtures/nvidia-smi', name);

describe('slowburn read', () => {
  it('prints every reading of a document with its state, value, unit and source', async () => {
    const { gpus } = await readJson(`nvidia-smi-xml:${fixture('two-cards.xml')}`);
    expect(gpus).toHaveLength(2);
    for (const { readings } of gpus) {
      expect(Object.keys(readings)).toEqual(metrics.map(({ key }) => key));
      for (const { key, unit, xml } of metrics) {
        const told = readings[key];
        expect(readingStates).toContain(told.state);
        expect(told.unit).toBe(unit);
        expect(told.source).toContain('two-cards.xml');
        expect('value' in told, key).toBe(told.state === 'value');
        if (told.state === 'value' && !told.derived) expect(xml.some((name) => told.source.endsWith(name))).toBe(true);
      }
    }
  });

  it.each(['utf16le', 'utf16be'])('reads what PowerShell saved as %s', async (encoding) => {
    const text = `\ufeff${fs.readFileSync(fixture('two-cards.xml'), 'utf8')}`;
    const bytes = Buffer.from(text, 'utf16le');
    const file = path.join(temporaryFolder(), 'saved.xml');
    fs.writeFileSync(file, encoding === 'utf16le' ? bytes : bytes.swap16());
    const plain = await readJson(`nvidia-smi-xml:${fixture('two-cards.xml')}`);
    const values = ({ gpus }: Told) => gpus.map(({ readings }) => metrics.map(({ key }) => readings[key].value));
    expect(values(await readJson(`nvidia-smi-xml:${file}`))).toEqual(values(plain));
  });

  it.each([
    ['', 'saved.txt is empty.'],
    ['  \n', 'saved.txt is empty.'],
    ['<nvidia_smi_log></nvidia_smi_log>', 'There is no GPU in saved.txt.'],
    ['<html><body>404</body></html>', 'is not a recording that Slowburn can play'],
    ['Thu Mar  5 10:00:00 2026\n+-----+\n', 'is not a recording that Slowburn can play'],
    ['timestamp, speed\n', 'names no field of nvidia-smi'],
    ["NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", 'said: NVIDIA-SMI has failed'],
    ['Failed to initialize NVML: Driver/library version mismatch\n', 'said: Failed to initialize NVML'],
  ])('says in one sentence why %j is nothing to read', async (text, sentence) => {
    const file = path.join(temporaryFolder(), 'saved.txt');
    fs.writeFileSync(file, text);
    const { code, stdout, stderr } = await slowburn(['read', '--source', `nvidia-smi-xml:${file}`, '--json']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(sentence);
  });

  it('says when there is no such file', async () => {
    const { code, stderr } = await slowburn(['read', '--source', 'replay:/nonexistent/x.xml']);
    expect([code, stderr]).toEqual([1, 'There is no file /nonexistent/x.xml.\n  Name a file that can be read.\n']);
  });

  it('names the driver’s own call for each reading, and its own word for each that is missing', async () => {
    const { gpus, source } = await readJson(`nvml:${compileMock()}`, { MOCK_NVML_COUNT: '1' });
    expect(source.kind).toBe('nvml');
    const { readings } = gpus[0]!;
    expect(readings.vramUsedBytes.source).toMatch(/nvmlDeviceGetMemoryInfo_v2$/);
    expect(readings.coreTempC).toMatchObject({ state: 'value', unit: '°C' });
    expect(readings.memTempC).toMatchObject({ state: 'unsupported', reason: 'NOT_SUPPORTED' });
    expect(readings.memTempC).not.toHaveProperty('value');
  });

  it.each([
    ['nvidia-smi-xml:/nonexistent.xml', 1, 'There is no file /nonexistent.xml.'],
    ['nvidia-smi-xml:', 2, 'something must follow'],
    ['nvml:/nonexistent.so', 1, 'No NVIDIA driver library'],
  ])('of %s ends with code %i and a sentence', async (source, code, sentence) => {
    const ended = await slowburn(['read', '--source', source, '--json']);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});

type Report = readonly { readonly name: string; readonly findings: readonly { level: string; text: string }[] }[];

describe('slowburn doctor', () => {
  const doctor = async (args: readonly string[], env?: NodeJS.ProcessEnv) => {
    const ended = await slowburn(['doctor', '--json', '--data-dir', temporaryFolder(), ...args], env);
    const report = JSON.parse(ended.stdout) as Report;
    return { code: ended.code, of: (name: string) => report.find((check) => check.name === name)!.findings };
  };

  it('finds a driver, its cards and what they offer', async () => {
    const { of } = await doctor(['--source', `nvml:${compileMock()}`], { MOCK_NVML_COUNT: '2' });
    const texts = of('driver').map(({ text }) => text);
    expect(of('driver').every(({ level }) => level === 'ok')).toBe(true);
    expect(texts[0]).toContain('575.57.08');
    expect(texts.filter((text) => text.startsWith('Mock GPU'))).toHaveLength(2);
  });

  it('says what is missing, and ends with code 1', async () => {
    const { code, of } = await doctor(['--source', 'nvml:/nonexistent.so']);
    expect(code).toBe(1);
    expect(of('driver')).toMatchObject([{ level: 'problem', text: expect.stringContaining('No NVIDIA driver') }]);
    expect(of('database')).toMatchObject([{ level: 'note' }]);
    expect(of('recorder')).toMatchObject([{ level: 'note' }]);
  });

  it('lists the logs of the window and of the recorder', async () => {
    const folder = temporaryFolder();
    for (const name of ['window', 'recorder']) openLog(folder, name).write('a fault');
    const { stdout } = await slowburn(['doctor', '--json', '--data-dir', folder]);
    const logs = (JSON.parse(stdout) as Report).find(({ name }) => name === 'log')!.findings.map(({ text }) => text);
    expect(logs).toHaveLength(2);
    for (const name of ['window', 'recorder']) expect(logs.join()).toContain(path.join(folder, 'log', `${name}.log`));
  });

  it('says of a running recorder what it costs', async () => {
    const folder = temporaryFolder();
    const program = new URL('slowburn.js', threads).pathname;
    const args = ['monitor', '--source', `nvml:${compileMock()}`, '--data-dir', folder];
    const recorder = execFile(process.execPath, [program, ...args]);
    await expect
      .poll(async () => (await slowburn(['doctor', '--json', '--data-dir', folder])).stdout, { timeout: 15_000 })
      .toContain(`process ${recorder.pid} is recording from NVML`);
    recorder.kill('SIGTERM');
    await new Promise((resolve) => recorder.on('exit', resolve));
  });
});

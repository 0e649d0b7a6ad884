import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sessionColumns } from '../../app/exchange/session-columns.ts';
import { createJobs } from '../../app/jobs/jobs.node.ts';
import type { JobState } from '../../app/jobs/schema.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';
import { writeWorkloadHistory } from '../support/workload-history.ts';

const program = new URL('slowburn.js', threads).pathname;
const NOW = Date.UTC(2026, 2, 8, 12);

async function slowburn(...args: readonly string[]) {
  const options = { encoding: 'buffer' as const, env: { ...process.env, LANG: 'en_US.UTF-8', TZ: 'UTC' } };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, 'sessions', ...args], options);
    return { code: 0, stdout, stderr: stderr.toString() };
  } catch (thrown) {
    const { code, stdout, stderr } = thrown as { code: number; stdout: Buffer; stderr: Buffer };
    return { code, stdout, stderr: stderr.toString() };
  }
}

/** A folder with sessions of a workbench, a price, and two sessions whose energy was all shared. */
function recorded(): string {
  const folder = temporaryFolder();
  const file = path.join(folder, 'history.db');
  writeWorkloadHistory(file, NOW);
  fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ pricePerKwh: 0.3, currency: 'USD' }));
  const { store } = openStore(file);
  const startedMs = NOW + 60_000;
  const ids = ['=cmd()', 'vLLM'].map((name) => store.sessions.begin(name, 'x', startedMs, 1));
  for (let i = 0; i < 60; i++) {
    const frame = frameWith({ powerW: 300, energyMj: 1e12 + i * 300_000, gpuUtilPct: 95, coreTempC: 70 });
    store.append(tickWith(startedMs + i * 1000, i === 0 ? undefined : 1000, [frame]));
  }
  const gpuId = store.idOf('GPU-test-0')!;
  const span = { fromMs: startedMs - 1000, toMs: startedMs + 61_000, share: undefined };
  store.shares.note(ids.map((sessionId) => ({ sessionId, gpuId, span })));
  for (const id of ids)
    store.finishSession({ id, startedMs }, startedMs + 60_000, 0, new Set(), {
      gpuUuids: ['GPU-test-0'],
      workload: { kind: 'llm', found: 'detected', outputs: { unit: 'token', count: 500, countedBy: 'vllm' } },
    });
  store.close();
  return folder;
}

/** Cells of a CSV line whose quoted cells hold no line ends. */
const cells = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
  );

describe('slowburn sessions', () => {
  it('prints the same sessions in every format, with the state of each figure', async () => {
    const folder = recorded();
    const [csv, json, parquet] = await Promise.all(
      ['--csv', '--json', '--parquet'].map((format) => slowburn('--data-dir', folder, format)),
    );
    for (const { code, stderr } of [csv!, json!, parquet!]) expect([code, stderr]).toEqual([0, '']);
    const { sessions } = JSON.parse(json!.stdout.toString()) as { sessions: Record<string, string | number>[] };
    expect(sessions).toHaveLength(11);

    const [header, ...lines] = csv!.stdout.toString().trimEnd().split('\r\n');
    const names = sessionColumns.map(({ name }) => name);
    expect(cells(header!)).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
    const fromCsv = lines.map((line) =>
      Object.fromEntries(cells(line).flatMap((cell, i) => (cell === '' ? [] : [[names[i]!, cell]]))),
    );
    const asText = (row: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(row).flatMap(([name, value]) => (value === '' ? [] : [[name, String(value)]])));
    const unguarded = fromCsv.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell.replace(/^'/, '')])),
    );
    expect(unguarded).toEqual(sessions.map(asText));
    expect(fromCsv.at(-2)!['name']).toBe("'=cmd()"); // no formula for a spreadsheet

    const file = parquet!.stdout.buffer.slice(
      parquet!.stdout.byteOffset,
      parquet!.stdout.byteOffset + parquet!.stdout.byteLength,
    ) as ArrayBuffer;
    const rows = (await parquetReadObjects({ file })) as Record<string, unknown>[];
    const fromParquet = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).flatMap(([name, value]) =>
          value === null || value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : value]],
        ),
      ),
    );
    expect(fromParquet).toEqual(sessions);
  });

  it('gives energy, cost and outputs, per output and per million tokens', async () => {
    const { stdout } = await slowburn('--data-dir', recorded(), '--json');
    const { sessions } = JSON.parse(stdout.toString()) as { sessions: Record<string, string | number>[] };
    const llama = sessions.find(({ name }) => name === 'llama.cpp')!;
    expect(llama).toMatchObject({
      program: 'llama.cpp',
      model: 'qwen2.5-7b-q4.gguf',
      outputUnit: 'token',
      outputs: 98_400,
      outputsState: 'known',
      promptTokens: 12_000,
      energyJState: 'known',
      jPerOutputState: 'known',
      costState: 'known',
      currency: 'USD',
      stressHState: 'modelled',
      throttledPowerSState: 'known',
    });
    const joules = llama['energyJ'] as number;
    expect(llama['jPerOutput']).toBeCloseTo(joules / 98_400);
    expect(llama['jPerMillionTokens']).toBeCloseTo((joules / 98_400) * 1e6);
    expect(llama['cost']).toBeCloseTo((joules / 3.6e6) * 0.3);
    expect(llama['costPerMillionTokens']).toBeCloseTo(((joules / 3.6e6) * 0.3 * 1e6) / 98_400);
    expect(llama['activeS']).toBeGreaterThan(0);
    const image = sessions.find(({ name }) => name === 'ComfyUI')!;
    expect(image).not.toHaveProperty('jPerMillionTokens');
    expect(sessions.find(({ name }) => name === 'Ollama')).toMatchObject({
      outputsState: 'not-counted',
      jPerOutputState: 'not-counted',
    });
  });

  it('shows no energy where all of it was shared, and says with whom', async () => {
    const folder = recorded();
    const { stdout } = await slowburn('--data-dir', folder, '--json');
    const { sessions } = JSON.parse(stdout.toString()) as { sessions: Record<string, string | number>[] };
    const shared = sessions.at(-1)!;
    expect(shared).toMatchObject({
      name: 'vLLM',
      energyJState: 'all-shared',
      jPerOutputState: 'all-shared',
      costState: 'all-shared',
      sharedWith: '=cmd()',
      sharedJ: 59 * 300,
    });
    for (const figure of ['energyJ', 'jPerOutput', 'jPerMillionTokens', 'cost', 'costPerOutput'])
      expect(shared).not.toHaveProperty(figure);
    const list = (await slowburn('--data-dir', folder)).stdout.toString();
    expect(list).toContain('No energy is shown: all of it was shared with vLLM');
    expect(list).not.toMatch(/\b0 J\b/);
    expect(list).toMatch(/J \/ token \(whole session\)/);
  });

  it('without a price says so', async () => {
    const folder = recorded();
    fs.rmSync(path.join(folder, 'settings.json'));
    const { stdout } = await slowburn('--data-dir', folder, '--json');
    const { sessions } = JSON.parse(stdout.toString()) as { sessions: Record<string, string | number>[] };
    expect(sessions[0]).toMatchObject({ costState: 'no-price', costPerOutputState: 'no-price' });
    expect(sessions[0]).not.toHaveProperty('currency');
  });

  it('writes a file, and only sessions of the period', async () => {
    const folder = recorded();
    const target = path.join(folder, 'out.csv');
    const period = [
      '--from',
      new Date(NOW - 3 * 3_600_000 - 60_000).toISOString(),
      '--to',
      new Date(NOW).toISOString(),
    ];
    const { code, stderr } = await slowburn('--data-dir', folder, '--csv', '--out', target, ...period);
    expect([code, stderr]).toEqual([0, `2 sessions written to ${target}\n`]);
    expect(fs.readFileSync(target, 'utf8').trimEnd().split('\r\n')).toHaveLength(3);
  });

  it.each([
    ['a history', ['--csv', '--out', 'history.db'], 1, /belongs to the history itself/],
    ['a folder that is not there', ['--csv', '--out', 'none/out.csv'], 1, /There is no folder/],
    ['a file without a format', ['--out', 'out.csv'], 2, /--out needs a format.*\n.*--json, --csv or --parquet/],
    ['two formats', ['--csv', '--json'], 2, /cannot be used with/],
  ])('refuses %s', async (_what, args, code, message) => {
    const folder = recorded();
    const given = args.map((arg) => (/\.(db|csv)$/.test(arg) ? path.join(folder, arg) : arg));
    const result = await slowburn('--data-dir', folder, ...given);
    expect([result.code, result.stderr]).toEqual([code, expect.stringMatching(message)]);
  });

  it('says what an idle model cost, and how to unload it', async () => {
    const folder = temporaryFolder();
    const { store } = openStore(path.join(folder, 'history.db'));
    const pid = 4321;
    const minutes = 90;
    let energyMj = 0;
    for (let i = 0; i < minutes * 12; i++) {
      const minute = i / 12;
      // 12 minutes without it; then it works for 6 minutes and stays loaded for 72
      const powerW = minute < 12 ? 10 : minute < 18 ? 300 : 28;
      energyMj += powerW * 5000;
      const frame = frameWith({ powerW, energyMj, gpuUtilPct: powerW === 300 ? 97 : 0 });
      const tick = tickWith(NOW + i * 5000, i === 0 ? undefined : 5000, [frame]);
      const processes = minute < 12 ? [] : [{ pid, name: '/usr/local/bin/ollama' }];
      store.append({ ...tick, gpus: tick.gpus.map((gpu) => ({ ...gpu, processes })) });
    }
    const startedMs = NOW + 12 * 60_000;
    const id = store.sessions.begin('Ollama', 'ollama', startedMs, 1);
    store.finishSession({ id, startedMs }, NOW + 18 * 60_000, null, new Set([pid, 99]), {
      workload: { kind: 'llm', found: 'detected', program: 'Ollama', model: 'qwen3:32b', adapter: 'ollama' },
    });
    expect(store.sessions.byId(id)!.summary!.pids).toEqual([pid]);
    store.close();
    const { idleModels } = JSON.parse((await slowburn('--data-dir', folder, '--json')).stdout.toString()) as {
      idleModels: Record<string, number | string>[];
    };
    expect(idleModels).toMatchObject([
      { program: 'Ollama', model: 'qwen3:32b', state: 'estimated', unload: 'ollama stop qwen3:32b' },
    ]);
    const { idleMs, energyJ, aboveJ } = idleModels[0] as Record<string, number>;
    expect(idleMs! / 60_000).toBeGreaterThanOrEqual(69);
    expect(idleMs! / 60_000).toBeLessThanOrEqual(72);
    expect(energyJ! / (idleMs! / 1000)).toBeCloseTo(28, 1);
    expect(aboveJ! / (idleMs! / 1000)).toBeCloseTo(18, 1);
    const list = (await slowburn('--data-dir', folder)).stdout.toString();
    expect(list).toMatch(/qwen3:32b \(Ollama\) stayed loaded without work for 1 h 1\d min: [\d.]+ Wh\./);
    expect(list).toContain('Unload it with: ollama stop qwen3:32b');
  });
});

it('the window exports sessions as a job', async () => {
  const folder = recorded();
  const states: JobState[] = [];
  const jobs = createJobs(threads, path.join(folder, 'history.db'), (state) => states.push(state));
  onTestFinished(() => jobs.cancelAll());
  const target = path.join(folder, 'sessions.json');
  const market = { marketSurchargePerKwh: 0, marketTaxPct: 0 };
  const prices = { pricePerKwh: 0.3, tariff: [], ...market, co2GramsPerKwh: null, currency: 'USD' };
  const begun = jobs.begin({ kind: 'sessions', format: 'json', target, prices });
  expect(begun.ok).toBe(true);
  await expect.poll(() => states.at(-1)?.state, { timeout: 30_000 }).toBe('done');
  const { stdout } = await slowburn('--data-dir', folder, '--json');
  expect(fs.readFileSync(target, 'utf8')).toBe(stdout.toString());
});
